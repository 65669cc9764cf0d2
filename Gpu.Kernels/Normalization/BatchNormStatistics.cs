using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// For a chunk of rows, each channel's mean and sum of squared deviations from it. Two sweeps over the chunk, the second from the cache: the sum of
/// squares would lose the variance of data far from zero. The second sweep also corrects the rounding of the first (T. F. Chan, G. H. Golub, R. J. LeVeque,
/// "Algorithms for computing the sample variance", 1983: the corrected two-pass algorithm). For items see <see cref="BatchNormLayout"/>.
/// </summary>
internal struct BatchNormStatistics<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Rows by channels; and [chunk, 2, channels], means then sums of squared deviations.</summary>
    public TBackend Input, Partials;

    /// <summary>Sizes.</summary>
    public BatchNormLayout Layout;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var walk = Layout.GetBlock<TBackend, TVector>(item);
        // GPUs get vectors that fit (IOperation.Granularity), and no second copy of the code.
        if (TBackend.IsGpu || walk.Lanes == TBackend.Width) Sweep<WholeVector>(walk);
        else Sweep<PartialVector>(walk);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Sweep<TAccess>(BatchNormBlock walk)
        where TAccess : struct, IVectorAccess
    {
        // Copies, so that the compiler keeps them in registers.
        var (lanes, vectors, turns, step) = (walk.Lanes, walk.Vectors, walk.Iterations, walk.Step);
        var (rest, channels) = (walk.RemainingRows, Layout.Channels);
        var input = Input;
        var (o1, o2, o3) = (walk.Offset1, walk.Offset2, walk.Offset3);
        TVector s0 = TBackend.Zero, s1 = s0, s2 = s0, s3 = s0;
        var at = walk.Start;
        for (var turn = 0; turn < turns; turn++)
        {
            s0 = TBackend.Add(s0, TAccess.Load<TBackend, TVector>(input, at, lanes));
            s1 = TBackend.Add(s1, TAccess.Load<TBackend, TVector>(input, at + o1, lanes));
            s2 = TBackend.Add(s2, TAccess.Load<TBackend, TVector>(input, at + o2, lanes));
            s3 = TBackend.Add(s3, TAccess.Load<TBackend, TVector>(input, at + o3, lanes));
            at += step;
        }

        for (var row = 0; row < rest; row++)
        {
            s0 = TBackend.Add(s0, TAccess.Load<TBackend, TVector>(input, at, lanes));
            if (vectors == 2) s1 = TBackend.Add(s1, TBackend.Load(input, at + TBackend.Width));
            at += channels;
        }

        BatchNormVectors<TBackend, TVector>.Fold(vectors, ref s0, ref s1, s2, s3);
        var count = TBackend.Splat(walk.Rows);
        TVector m0 = TBackend.Divide(s0, count), m1 = m0, m2 = m0, m3 = m0;
        if (vectors > 1) m3 = m1 = TBackend.Divide(s1, count);
        if (vectors > 2)
        {
            m2 = TBackend.Divide(s2, count);
            m3 = TBackend.Divide(s3, count);
        }

        TVector q0 = TBackend.Zero, q1 = q0, q2 = q0, q3 = q0;
        s0 = s1 = s2 = s3 = q0;
        at = walk.Start;
        for (var turn = 0; turn < turns; turn++)
        {
            Add(TAccess.Load<TBackend, TVector>(input, at, lanes), m0, ref s0, ref q0);
            Add(TAccess.Load<TBackend, TVector>(input, at + o1, lanes), m1, ref s1, ref q1);
            Add(TAccess.Load<TBackend, TVector>(input, at + o2, lanes), m2, ref s2, ref q2);
            Add(TAccess.Load<TBackend, TVector>(input, at + o3, lanes), m3, ref s3, ref q3);
            at += step;
        }

        for (var row = 0; row < rest; row++)
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
        var partials = walk.Chunk * Layout.PartialStride + walk.Channel;
        BatchNormVectors<TBackend, TVector>.Store(Partials, partials, walk, m0, m1, m2, m3);
        BatchNormVectors<TBackend, TVector>.Store(Partials, partials + Layout.PartialRow, walk, q0, q1, q2, q3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(TVector x, TVector mean, ref TVector sum, ref TVector squares)
    {
        var difference = TBackend.Subtract(x, mean);
        sum = TBackend.Add(sum, difference);
        squares = TBackend.MultiplyAdd(difference, difference, squares);
    }

    // What is left of the differences is the rounding of the mean: it goes into the mean, and out of the squares.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Correct(TVector sum, TVector count, ref TVector mean, ref TVector squares)
    {
        var rounding = TBackend.Divide(sum, count);
        mean = TBackend.Add(mean, rounding);
        squares = TBackend.Subtract(squares, TBackend.Multiply(sum, rounding));
        squares = TBackend.Max(TBackend.Zero, squares);
    }
}
