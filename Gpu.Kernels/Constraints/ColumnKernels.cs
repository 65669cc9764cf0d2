using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Constraints;

/// <summary>Scales the columns of a matrix [rows, columns] whose L2 norm is above a limit down to it. An item is a vector of columns.</summary>
internal struct MaxNormKernel<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The matrix, changed in place.</summary>
    public TBackend Weights;

    /// <summary>The size of the matrix.</summary>
    public int Rows, Columns;

    /// <summary>The largest norm.</summary>
    public float Limit;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var column = item * TBackend.Width;
        var left = Columns - column;
        if (left >= TBackend.Width) Scale<WholeVector>(column, left);
        else Scale<PartialVector>(column, left);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Scale<TAccess>(int column, int count)
        where TAccess : struct, IVectorAccess
    {
        var squares = MatrixColumns<TBackend, TVector, TAccess>.SumSquares(Weights, Rows, Columns, column, count);
        var (norm, limit) = (TBackend.Sqrt(squares), TBackend.Splat(Limit));
        var factor = TBackend.SelectGreater(norm, limit, TBackend.Divide(limit, norm), TBackend.Splat(1f));
        var end = column + Rows * Columns;
        for (var i = column; i < end; i += Columns)
        {
            var weights = TAccess.Load<TBackend, TVector>(Weights, i, count);
            TAccess.Store(Weights, i, TBackend.Multiply(weights, factor), count);
        }
    }
}

/// <summary>Output[column] = sum over the rows of Weights[row, column] * Vector[row]. An item is a vector of columns.</summary>
internal struct MatrixColumnDot<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The matrix [rows, columns], [rows] and [columns].</summary>
    public TBackend Weights, Vector, Output;

    /// <summary>The size of the matrix.</summary>
    public int Rows, Columns;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var column = item * TBackend.Width;
        var left = Columns - column;
        if (left >= TBackend.Width) Sum<WholeVector>(column, left);
        else Sum<PartialVector>(column, left);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Sum<TAccess>(int column, int count)
        where TAccess : struct, IVectorAccess =>
        TAccess.Store(Output, column, MatrixColumns<TBackend, TVector, TAccess>.Dot(Weights, Vector, Rows, Columns, column, count), count);
}

/// <summary>Output[row] = sum over the columns of Weights[row, column] * Vector[column]. An item is a row.</summary>
internal struct MatrixRowDot<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The matrix [rows, columns], [columns] and [rows].</summary>
    public TBackend Weights, Vector, Output;

    /// <summary>Columns of the matrix.</summary>
    public int Columns;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var row = item * Columns;
        var sum = TBackend.Zero;
        var c = 0;
        for (; c + TBackend.Width <= Columns; c += TBackend.Width)
            sum = TBackend.MultiplyAdd(TBackend.Load(Weights, row + c), TBackend.Load(Vector, c), sum);
        if (c < Columns)
            sum = TBackend.MultiplyAdd(TBackend.LoadPartial(Weights, row + c, Columns - c), TBackend.LoadPartial(Vector, c, Columns - c), sum);
        TBackend.StoreScalar(Output, item, TBackend.Sum(sum));
    }
}

/// <summary>Sums over the rows of a vector of columns, in two levels for accuracy with many rows.</summary>
internal static class MatrixColumns<TBackend, TVector, TAccess>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TAccess : struct, IVectorAccess
{
    private const int BlockRows = 64;

    /// <summary>The sum of squares of each column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector SumSquares(TBackend weights, int rows, int columns, int column, int count)
    {
        var total = TBackend.Zero;
        for (var from = 0; from < rows; from += BlockRows)
        {
            var to = Math.Min(rows, from + BlockRows);
            var sum = TBackend.Zero;
            for (var row = from; row < to; row++)
            {
                var x = TAccess.Load<TBackend, TVector>(weights, row * columns + column, count);
                sum = TBackend.MultiplyAdd(x, x, sum);
            }

            total = TBackend.Add(total, sum);
        }

        return total;
    }

    /// <summary>The sum of weights[row, column] * vector[row] of each column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Dot(TBackend weights, TBackend vector, int rows, int columns, int column, int count)
    {
        var total = TBackend.Zero;
        for (var from = 0; from < rows; from += BlockRows)
        {
            var to = Math.Min(rows, from + BlockRows);
            var sum = TBackend.Zero;
            for (var row = from; row < to; row++)
            {
                var x = TAccess.Load<TBackend, TVector>(weights, row * columns + column, count);
                sum = TBackend.MultiplyAdd(x, TBackend.Broadcast(vector, row), sum);
            }

            total = TBackend.Add(total, sum);
        }

        return total;
    }
}
