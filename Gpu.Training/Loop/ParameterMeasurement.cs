using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>
/// Measures the parameters on the device: sums for the penalty, and with <c>hasStatistics</c> the statistics of one step, which is measured before and after
/// the optimizer. It changes neither parameters nor gradients.
/// </summary>
internal sealed class ParameterMeasurement : IDisposable
{
    private readonly ComputeDevice _device;
    private readonly ParameterArena _arena;
    private readonly ParameterMemory _memory;
    private readonly ParameterRule[] _rules;
    private readonly bool[] _isNormalized;
    private readonly DeviceBuffer _moments;
    private readonly DeviceBuffer? _before;
    private readonly DeviceBuffer? _momentsBefore;
    private readonly DeviceBuffer? _counts;
    private readonly DeviceBuffer? _largest;
    private readonly CommandList _measure;
    private readonly CommandList? _measureBefore;
    private readonly CommandList? _measureAfter;
    private readonly CommandList? _count;

    public ParameterMeasurement(Network network, SegmentTable table, ParameterArena arena, ParameterRule[] rules, bool hasStatistics)
    {
        (_device, _arena, _memory, _rules) = (network.Device, arena, network.Memory, rules);
        var (values, gradients) = (_memory.Values, _memory.Gradients);
        _moments = _device.Allocate(WeightStatistics.MomentLength(arena));
        _measure = new CommandList(_device);
        WeightStatistics.Moments(_measure, table, values, values, gradients, _moments.View);
        var normalized = NormalizedWeights(network.Model);
        _isNormalized = [.. arena.Segments.Select(segment => normalized.Contains(segment.Name))];
        if (!hasStatistics) return;
        _before = _device.Allocate(arena.Length);
        _momentsBefore = _device.Allocate(WeightStatistics.MomentLength(arena));
        _counts = _device.Allocate(WeightStatistics.CountLength(arena));
        _largest = _device.Allocate(arena.Segments.Count);
        (_measureBefore, _measureAfter, _count) = (new CommandList(_device), new CommandList(_device), new CommandList(_device));
        WeightStatistics.Copy(_measureBefore, values, _before.View);
        WeightStatistics.Moments(_measureBefore, table, values, values, gradients, _momentsBefore.View);
        WeightStatistics.Moments(_measureAfter, table, values, _before.View, gradients, _moments.View);
        WeightStatistics.Counts(_count, table, values, _largest.View, _counts.View);
    }

    /// <summary>Words of device memory.</summary>
    public static long WordsFor(ParameterArena arena, bool hasStatistics) => hasStatistics
        ? 2L * WeightStatistics.MomentLength(arena) + WeightStatistics.CountLength(arena) + arena.Length + arena.Segments.Count
        : WeightStatistics.MomentLength(arena);

    /// <summary>The moments of the current parameters and gradients. Waits until the device has finished.</summary>
    public SegmentMoments[] Measure()
    {
        _measure.Run();
        return WeightStatistics.ReadMoments(_device, _arena, _moments.View);
    }

    /// <summary>Measures the gradients of a step and keeps the weights. To be called after the backward pass, before the optimizer.</summary>
    public void BeforeUpdate() => _measureBefore!.Run();

    /// <summary>Measures the step. To be called after the optimizer. Waits until the device has finished.</summary>
    /// <param name="gradientScale">What the gradients were multiplied by, against those of the mean loss.</param>
    /// <param name="learningRate">The learning rate of the step.</param>
    public LayerStatistics[] AfterUpdate(double gradientScale, double learningRate)
    {
        _measureAfter!.Run();
        var before = WeightStatistics.ReadMoments(_device, _arena, _momentsBefore!.View);
        var after = WeightStatistics.ReadMoments(_device, _arena, _moments.View);
        _device.Upload<float>([.. after.Select(segment => segment.Largest)], _largest!.View);
        _count!.Run();
        var counts = WeightStatistics.ReadCounts(_device, _arena, _counts!.View);
        var all = new LayerStatistics[after.Length];
        for (var s = 0; s < all.Length; s++)
        {
            var (segment, now) = (_arena.Segments[s], after[s]);
            all[s] = new LayerStatistics
            {
                Name = segment.Name,
                Length = segment.Length,
                IsWeight = _rules[s].IsWeight,
                WeightNorm = Math.Sqrt(now.Squares),
                GradientNorm = Math.Sqrt(before[s].GradientSquares) / gradientScale,
                UpdateRatio = before[s].Squares > 0 ? Math.Sqrt(now.ChangeSquares / before[s].Squares) : 0,
                SmallShare = (double)counts[s][0] / segment.Length,
                ZeroShare = (double)now.Zeros / segment.Length,
                Largest = now.Largest,
                Histogram = Histogram(counts[s], segment.Length),
                EffectiveLearningRate = _isNormalized[s] && now.Squares > 0 ? learningRate * _rules[s].Factors.LearningRate / now.Squares : null,
            };
        }

        return all;
    }

    public void Dispose()
    {
        _moments.Dispose();
        _before?.Dispose();
        _momentsBefore?.Dispose();
        _counts?.Dispose();
        _largest?.Dispose();
    }

    /// <summary>The names of the weights of layers without activation that are followed by batch normalization.</summary>
    internal static HashSet<string> NormalizedWeights(Model model)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        Add(model.Nodes);
        return names;

        void Add(IReadOnlyList<LayerNode> nodes)
        {
            foreach (var (node, next) in nodes.Zip(nodes.Skip(1)))
                if (next.Layer is BatchNormLayer && node.FindParameter("weight") is { } weight) names.Add(weight.Name);
            foreach (var node in nodes) Add(node.Children);
        }
    }

    // Count k is that of the weights below the edge k - 32 of 32; count 0 is another one.
    private static long[] Histogram(long[] counts, int length)
    {
        var bins = new long[counts.Length];
        for (var i = 0; i < bins.Length; i++) bins[i] = (i + 1 < bins.Length ? counts[i + 1] : length) - (i > 0 ? counts[i] : 0);
        return bins;
    }
}
