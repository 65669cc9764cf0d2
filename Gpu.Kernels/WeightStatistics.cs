using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;
using Gpu.Kernels.Statistics;

namespace Gpu.Kernels;

/// <summary>
/// Statistics of the segments of an arena: norms of weights, gradients and changes, zeros, and a histogram. Each operation writes one set of words per block of
/// the <see cref="SegmentTable"/>, with every value in a fixed order, so the results are deterministic. The caller adds up the blocks of a segment.
/// </summary>
/// <example><code>
/// WeightStatistics.Copy(device, weights, before);
/// // forward, backward; then the optimizer after the gradients have been copied
/// WeightStatistics.Moments(device, table, weights, before, gradients, moments);
/// WeightStatistics.Counts(device, table, weights, largest, counts);
/// </code></example>
public static class WeightStatistics
{
    /// <summary>Words per block of <see cref="Moments"/>: sums of w^2, gradient^2 and (w - before)^2, the largest |w|, the count of w != 0; 3 unused.</summary>
    public const int MomentWords = 8;

    /// <summary>
    /// Words per block of <see cref="Counts"/>. Word 0 counts |w| &lt; <see cref="SmallShare"/> * largest; word k counts w &lt; largest * (k - 32) / 32.
    /// </summary>
    public const int Bins = 64;

    /// <summary>The part of the largest |w| below which a weight counts as small.</summary>
    public const float SmallShare = 1e-3f;

    /// <summary>Copies a view, to compare with it later.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="source">the words to copy</param>
    /// <param name="target">receives them; of the same length, not overlapping</param>
    /// <exception cref="ArgumentException">the views have different lengths</exception>
    public static void Copy(IExecutor executor, DeviceView source, DeviceView target)
    {
        target.Require(source.Length, nameof(target));
        Operands.Check(executor, [new(target, nameof(target))], [new(source, nameof(source))]);
        if (source.IsEmpty) return;
        executor.Execute(new CopyOperation(source, target));
    }

    /// <summary>Computes the moments of every block.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="table">the segments</param>
    /// <param name="weights">the arena of the weights</param>
    /// <param name="before">the weights before a step; of the same length</param>
    /// <param name="gradients">the gradients; of the same length</param>
    /// <param name="moments">receives <see cref="MomentWords"/> floats per block</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    public static void Moments(
        IExecutor executor, SegmentTable table, DeviceView weights, DeviceView before, DeviceView gradients, DeviceView moments)
    {
        ArgumentNullException.ThrowIfNull(table);
        weights.Require(table.ArenaLength, nameof(weights));
        before.Require(table.ArenaLength, nameof(before));
        gradients.Require(table.ArenaLength, nameof(gradients));
        moments.Require(ShapeLimits.Length("the moments", table.BlockCount, MomentWords), nameof(moments));
        Operands.Check(
            executor, [new(moments, nameof(moments))],
            [new(weights, nameof(weights)), new(before, nameof(before)), new(gradients, nameof(gradients)),
             new(table.Blocks, "table"), new(table.Segments, "table")]);
        executor.Execute(new MomentsOperation(table, weights, before, gradients, moments));
    }

    /// <summary>Counts the weights of every block that are small, and those below each edge of a histogram.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="table">the segments</param>
    /// <param name="weights">the arena of the weights</param>
    /// <param name="largest">the largest |w| of each segment, one float per segment</param>
    /// <param name="counts">receives <see cref="Bins"/> floats per block</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    public static void Counts(IExecutor executor, SegmentTable table, DeviceView weights, DeviceView largest, DeviceView counts)
    {
        ArgumentNullException.ThrowIfNull(table);
        weights.Require(table.ArenaLength, nameof(weights));
        largest.Require(table.SegmentCount, nameof(largest));
        counts.Require(ShapeLimits.Length("the counts", table.BlockCount, Bins), nameof(counts));
        Operands.Check(
            executor, [new(counts, nameof(counts))],
            [new(weights, nameof(weights)), new(largest, nameof(largest)), new(table.Blocks, "table"), new(table.Segments, "table")]);
        executor.Execute(new CountsOperation(table, weights, largest, counts));
    }

    private readonly struct CopyOperation(DeviceView source, DeviceView target) : IOperation
    {
        public int Granularity => source.Length;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged => launcher.Launch(
                new WeightCopyKernel<TBackend, TVector> { Source = launcher.Bind(source), Target = launcher.Bind(target), Count = source.Length },
                IntMath.DivRoundUp(source.Length, TBackend.Width), 2);
    }

    private readonly struct MomentsOperation(SegmentTable table, DeviceView weights, DeviceView before, DeviceView gradients, DeviceView moments) : IOperation
    {
        // As for the optimizer: segments start at multiples of 16 words.
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new WeightMomentsKernel<TBackend, TVector>
            {
                Weights = launcher.Bind(weights),
                Before = launcher.Bind(before),
                Gradients = launcher.Bind(gradients),
                Blocks = SegmentBlocks<TBackend, TVector>.Of(launcher, table, divides: false),
                Moments = launcher.Bind(moments),
            };
            launcher.Launch(kernel, kernel.Blocks.Items(table), 10 * SegmentTable.BlockLength / TBackend.Width);
        }
    }

    private readonly struct CountsOperation(SegmentTable table, DeviceView weights, DeviceView largest, DeviceView counts) : IOperation
    {
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new WeightCountsKernel<TBackend, TVector>
            {
                Weights = launcher.Bind(weights),
                Blocks = SegmentBlocks<TBackend, TVector>.Of(launcher, table, divides: false),
                Largest = launcher.Bind(largest),
                Counts = launcher.Bind(counts),
            };
            launcher.Launch(kernel, checked(kernel.Blocks.Items(table) * Bins), 8 * SegmentTable.BlockLength / TBackend.Width);
        }
    }
}
