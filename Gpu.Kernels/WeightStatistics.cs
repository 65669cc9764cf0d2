using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;
using Gpu.Kernels.Statistics;

namespace Gpu.Kernels;

/// <summary>Moments of the weights of a segment.</summary>
/// <param name="Squares">the sum of w^2</param>
/// <param name="GradientSquares">the sum of gradient^2</param>
/// <param name="ChangeSquares">the sum of (w - before)^2</param>
/// <param name="Absolutes">the sum of |w|</param>
/// <param name="Largest">the largest |w|</param>
/// <param name="Zeros">the number of weights that are exactly 0</param>
public readonly record struct SegmentMoments(
    double Squares, double GradientSquares, double ChangeSquares, double Absolutes, float Largest, long Zeros)
{
    /// <summary>The sum of gradient * w, the derivative of the loss by a common factor of the weights.</summary>
    public double GradientProducts { get; init; }
}

/// <summary>
/// Statistics of the segments of an arena: norms of weights, gradients and changes, zeros, and a histogram. Each operation writes one set of words per block of
/// the <see cref="SegmentTable"/>, with every value in a fixed order, so the results are deterministic. The host adds up the blocks of a segment in double
/// precision, in the order of the arena.
/// </summary>
/// <example><code>
/// WeightStatistics.Copy(device, weights, before);
/// // forward, backward; then the optimizer after the gradients have been copied
/// WeightStatistics.Moments(device, table, weights, before, gradients, moments);
/// var segments = WeightStatistics.ReadMoments(device, arena, moments);
/// device.Upload&lt;float&gt;([.. segments.Select(segment =&gt; segment.Largest)], largest);
/// WeightStatistics.Counts(device, table, weights, largest, counts);
/// </code></example>
public static class WeightStatistics
{
    /// <summary>
    /// Words per block of <see cref="Moments"/>: sums of w^2, gradient^2 and (w - before)^2, the largest |w|, the count of w != 0, the sum of |w|, the
    /// sum of gradient * w; 1 unused.
    /// </summary>
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

    /// <summary>Reads the moments of each segment. Waits until the device has finished.</summary>
    /// <param name="device">the device</param>
    /// <param name="arena">the segments of the table</param>
    /// <param name="moments">the words that <see cref="Moments"/> wrote</param>
    /// <returns>the moments, in the order of the segments</returns>
    /// <exception cref="ArgumentException">the view has the wrong length</exception>
    public static SegmentMoments[] ReadMoments(ComputeDevice device, ParameterArena arena, DeviceView moments)
    {
        var words = Download(device, arena, moments, MomentWords, nameof(moments));
        var all = new SegmentMoments[arena.Segments.Count];
        var at = 0;
        for (var s = 0; s < all.Length; s++)
        {
            var (sum, used, largest) = (default(SegmentMoments), 0L, 0f);
            for (var block = 0; block < arena.Segments[s].Length; block += SegmentTable.BlockLength, at += MomentWords)
            {
                sum = sum with
                {
                    Squares = sum.Squares + words[at],
                    GradientSquares = sum.GradientSquares + words[at + 1],
                    ChangeSquares = sum.ChangeSquares + words[at + 2],
                    Absolutes = sum.Absolutes + words[at + 5],
                    GradientProducts = sum.GradientProducts + words[at + 6],
                };
                largest = Math.Max(largest, words[at + 3]);
                used += (long)words[at + 4];
            }

            all[s] = sum with { Largest = largest, Zeros = arena.Segments[s].Length - used };
        }

        return all;
    }

    /// <summary>Reads the counts of each segment. Waits until the device has finished.</summary>
    /// <param name="device">the device</param>
    /// <param name="arena">the segments of the table</param>
    /// <param name="counts">the words that <see cref="Counts"/> wrote</param>
    /// <returns><see cref="Bins"/> counts per segment, in the order of the segments</returns>
    /// <exception cref="ArgumentException">the view has the wrong length</exception>
    public static long[][] ReadCounts(ComputeDevice device, ParameterArena arena, DeviceView counts)
    {
        var words = Download(device, arena, counts, Bins, nameof(counts));
        var all = new long[arena.Segments.Count][];
        var at = 0;
        for (var s = 0; s < all.Length; s++)
        {
            all[s] = new long[Bins];
            for (var block = 0; block < arena.Segments[s].Length; block += SegmentTable.BlockLength)
                for (var k = 0; k < Bins; k++) all[s][k] += (long)words[at++];
        }

        return all;
    }

    /// <summary>Words of the moments of an arena.</summary>
    /// <param name="arena">the segments</param>
    public static int MomentLength(ParameterArena arena) => ShapeLimits.Length("the moments", SegmentTable.CountBlocks(arena), MomentWords);

    /// <summary>Words of the counts of an arena.</summary>
    /// <param name="arena">the segments</param>
    public static int CountLength(ParameterArena arena) => ShapeLimits.Length("the counts", SegmentTable.CountBlocks(arena), Bins);

    private static float[] Download(ComputeDevice device, ParameterArena arena, DeviceView view, int words, string name)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(arena);
        view.Require(ShapeLimits.Length(name, SegmentTable.CountBlocks(arena), words), name);
        var values = new float[view.Length];
        device.Download<float>(view, values);
        return values;
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
            launcher.Launch(kernel, kernel.Blocks.Items(table), 11 * SegmentTable.BlockLength / TBackend.Width);
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
