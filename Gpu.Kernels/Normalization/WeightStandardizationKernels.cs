using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// Standardizes the columns of a matrix: output = (w - mean) / sqrt(variance + epsilon). An item is a vector of columns. The variance is computed from the
/// differences to the mean, not from the sum of squares, which would lose digits.
/// </summary>
internal struct StandardizeColumns<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The matrix, the result, and a matrix that is set to zero; the last one may be empty.</summary>
    public TBackend Weights, Output, Cleared;

    /// <summary>The size of the matrices.</summary>
    public int Rows, Columns;

    /// <summary>Whether there is a matrix to set to zero.</summary>
    public Flag Clears;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var column = item * TBackend.Width;
        var left = Columns - column;
        if (left >= TBackend.Width) Standardize<WholeVector>(column, left);
        else Standardize<PartialVector>(column, left);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Standardize<TAccess>(int column, int count)
        where TAccess : struct, IVectorAccess
    {
        ColumnMoments<TBackend, TVector, TAccess>.Get(Weights, Rows, Columns, column, count, out var mean, out var inverse);
        var end = column + Rows * Columns;
        for (var i = column; i < end; i += Columns)
        {
            var weight = TAccess.Load<TBackend, TVector>(Weights, i, count);
            TAccess.Store(Output, i, TBackend.Multiply(TBackend.Subtract(weight, mean), inverse), count);
            if (Clears) TAccess.Store(Cleared, i, TBackend.Zero, count);
        }
    }
}

/// <summary>
/// The gradient of <see cref="StandardizeColumns{TBackend, TVector}"/>: with the standardized weights s and their gradient d, the gradient of w grows by
/// (d - mean(d) - s mean(d s)) / sqrt(variance + epsilon), with means over the rows. An item is a vector of columns.
/// </summary>
internal struct StandardizeColumnsGradient<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The matrix, the gradient of its standardized form, and its own gradient, which is added to.</summary>
    public TBackend Weights, OutputGradient, Gradient;

    /// <summary>The size of the matrices.</summary>
    public int Rows, Columns;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var column = item * TBackend.Width;
        var left = Columns - column;
        if (left >= TBackend.Width) Add<WholeVector>(column, left);
        else Add<PartialVector>(column, left);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Add<TAccess>(int column, int count)
        where TAccess : struct, IVectorAccess
    {
        ColumnMoments<TBackend, TVector, TAccess>.Get(Weights, Rows, Columns, column, count, out var mean, out var inverse);
        var end = column + Rows * Columns;
        var (sums, products) = (TBackend.Zero, TBackend.Zero);
        for (var i = column; i < end; i += Columns)
        {
            var gradient = TAccess.Load<TBackend, TVector>(OutputGradient, i, count);
            var standard = TBackend.Multiply(TBackend.Subtract(TAccess.Load<TBackend, TVector>(Weights, i, count), mean), inverse);
            sums = TBackend.Add(sums, gradient);
            products = TBackend.MultiplyAdd(gradient, standard, products);
        }

        var part = TBackend.Splat(1f / Rows);
        (sums, products) = (TBackend.Multiply(sums, part), TBackend.Multiply(products, part));
        for (var i = column; i < end; i += Columns)
        {
            var standard = TBackend.Multiply(TBackend.Subtract(TAccess.Load<TBackend, TVector>(Weights, i, count), mean), inverse);
            var change = TBackend.Subtract(TAccess.Load<TBackend, TVector>(OutputGradient, i, count), sums);
            change = TBackend.Subtract(change, TBackend.Multiply(standard, products));
            TAccess.Store(Gradient, i, TBackend.MultiplyAdd(change, inverse, TAccess.Load<TBackend, TVector>(Gradient, i, count)), count);
        }
    }
}

/// <summary>The mean of a vector of columns, and 1 / sqrt(variance + epsilon).</summary>
internal static class ColumnMoments<TBackend, TVector, TAccess>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TAccess : struct, IVectorAccess
{
    private const int BlockRows = 64;

    /// <summary>Computes both, the sums in two levels for accuracy with many rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Get(TBackend weights, int rows, int columns, int column, int count, out TVector mean, out TVector inverse)
    {
        var part = TBackend.Splat(1f / rows);
        var total = TBackend.Zero;
        for (var from = 0; from < rows; from += BlockRows)
        {
            var to = Math.Min(rows, from + BlockRows);
            var sum = TBackend.Zero;
            for (var row = from; row < to; row++) sum = TBackend.Add(sum, TAccess.Load<TBackend, TVector>(weights, row * columns + column, count));
            total = TBackend.Add(total, sum);
        }

        mean = TBackend.Multiply(total, part);
        total = TBackend.Zero;
        for (var from = 0; from < rows; from += BlockRows)
        {
            var to = Math.Min(rows, from + BlockRows);
            var sum = TBackend.Zero;
            for (var row = from; row < to; row++)
            {
                var difference = TBackend.Subtract(TAccess.Load<TBackend, TVector>(weights, row * columns + column, count), mean);
                sum = TBackend.MultiplyAdd(difference, difference, sum);
            }

            total = TBackend.Add(total, sum);
        }

        inverse = TBackend.Divide(TBackend.Splat(1f), TBackend.Sqrt(TBackend.MultiplyAdd(total, part, TBackend.Splat(WeightStandardization.Epsilon))));
    }
}
