using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// First stage of the batch statistics: for each channel, the mean of a chunk of rows and the sum of squared deviations from it. An item is a block of
/// <see cref="BatchNormLayout"/>.
/// </summary>
/// <remarks>
/// Uses the corrected two-pass algorithm (T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance", 1983), as a plain sum of
/// squares loses the variance of data far from zero. The second pass over the chunk reads it from the cache, and also corrects the rounding of the mean.
/// </remarks>
internal struct BatchNormStatistics<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Input [row, channel]; partial results [chunk, 2, channel], means followed by sums of squared deviations.</summary>
    public TBackend Input, Partials;

    /// <summary>Sizes.</summary>
    public BatchNormLayout Layout;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var block = Layout.GetBlock<TBackend, TVector>(item);
        // On GPUs, the channels are a multiple of the vector width (IOperation.Granularity), so the kernel does not contain the second variant.
        if (TBackend.IsGpu || block.Lanes == TBackend.Width) Sweep<WholeVector>(block);
        else Sweep<PartialVector>(block);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Sweep<TAccess>(BatchNormBlock block)
        where TAccess : struct, IVectorAccess
    {
        // Local copies, which the JIT keeps in registers.
        var (lanes, vectors, iterations, step) = (block.Lanes, block.Vectors, block.Iterations, block.Step);
        var (remainingRows, channels) = (block.RemainingRows, Layout.Channels);
        var input = Input;
        var (o1, o2, o3) = (block.Offset1, block.Offset2, block.Offset3);
        TVector s0 = TBackend.Zero, s1 = s0, s2 = s0, s3 = s0;
        var at = block.Start;
        for (var i = 0; i < iterations; i++)
        {
            s0 = TBackend.Add(s0, TAccess.Load<TBackend, TVector>(input, at, lanes));
            s1 = TBackend.Add(s1, TAccess.Load<TBackend, TVector>(input, at + o1, lanes));
            s2 = TBackend.Add(s2, TAccess.Load<TBackend, TVector>(input, at + o2, lanes));
            s3 = TBackend.Add(s3, TAccess.Load<TBackend, TVector>(input, at + o3, lanes));
            at += step;
        }

        for (var row = 0; row < remainingRows; row++)
        {
            s0 = TBackend.Add(s0, TAccess.Load<TBackend, TVector>(input, at, lanes));
            if (vectors == 2) s1 = TBackend.Add(s1, TBackend.Load(input, at + TBackend.Width));
            at += channels;
        }

        BatchNormVectors<TBackend, TVector>.Fold(vectors, ref s0, ref s1, s2, s3);
        var count = TBackend.Splat(block.Rows);
        TVector m0 = TBackend.Divide(s0, count), m1 = m0, m2 = m0, m3 = m0;
        if (vectors > 1) m3 = m1 = TBackend.Divide(s1, count);
        if (vectors > 2)
        {
            m2 = TBackend.Divide(s2, count);
            m3 = TBackend.Divide(s3, count);
        }

        TVector q0 = TBackend.Zero, q1 = q0, q2 = q0, q3 = q0;
        s0 = s1 = s2 = s3 = q0;
        at = block.Start;
        for (var i = 0; i < iterations; i++)
        {
            Add(TAccess.Load<TBackend, TVector>(input, at, lanes), m0, ref s0, ref q0);
            Add(TAccess.Load<TBackend, TVector>(input, at + o1, lanes), m1, ref s1, ref q1);
            Add(TAccess.Load<TBackend, TVector>(input, at + o2, lanes), m2, ref s2, ref q2);
            Add(TAccess.Load<TBackend, TVector>(input, at + o3, lanes), m3, ref s3, ref q3);
            at += step;
        }

        for (var row = 0; row < remainingRows; row++)
        {
            Add(TAccess.Load<TBackend, TVector>(input, at, lanes), m0, ref s0, ref q0);
            if (vectors == 2) Add(TBackend.Load(input, at + TBackend.Width), m1, ref s1, ref q1);
            at += channels;
        }

        BatchNormVectors<TBackend, TVector>.Fold(vectors, ref s0, ref s1, s2, s3);
        BatchNormVectors<TBackend, TVector>.Fold(vectors, ref q0, ref q1, q2, q3);
        Correct(s0, count, ref m0, ref q0);
        Correct(s1, count, ref m1, ref q1);
        Correct(s2, count, ref m2, ref q2);
        Correct(s3, count, ref m3, ref q3);
        var partials = block.Chunk * Layout.PartialStride + block.Channel;
        BatchNormVectors<TBackend, TVector>.Store(Partials, partials, block, m0, m1, m2, m3);
        BatchNormVectors<TBackend, TVector>.Store(Partials, partials + Layout.PartialRow, block, q0, q1, q2, q3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(TVector x, TVector mean, ref TVector sum, ref TVector squares)
    {
        var difference = TBackend.Subtract(x, mean);
        sum = TBackend.Add(sum, difference);
        squares = TBackend.MultiplyAdd(difference, difference, squares);
    }

    // The differences from an exact mean would sum to zero. Their sum is the rounding error of the mean, times the count; it corrects the mean and the squares.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Correct(TVector sum, TVector count, ref TVector mean, ref TVector squares)
    {
        var rounding = TBackend.Divide(sum, count);
        mean = TBackend.Add(mean, rounding);
        squares = TBackend.Subtract(squares, TBackend.Multiply(sum, rounding));
        squares = TBackend.Max(TBackend.Zero, squares);
    }
}
