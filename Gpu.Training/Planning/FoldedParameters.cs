using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Layers;
using Gpu.Training.Weights;

namespace Gpu.Training.Planning;

/// <summary>
/// The weights and biases of the operations of a graph into which batch normalizations are folded (<see cref="PlanSettings.FoldBatchNorm"/>), in a buffer of
/// their own. They are computed once, from the parameters at the time of the call. Operations are known by their names, so that graphs of one model share them.
/// </summary>
internal sealed class FoldedParameters : IDisposable
{
    private readonly DeviceBuffer _values;
    private readonly Dictionary<string, (ParameterSegment Weight, ParameterSegment Bias)> _segments;

    private FoldedParameters(DeviceBuffer values, Dictionary<string, (ParameterSegment Weight, ParameterSegment Bias)> segments) =>
        (_values, _segments) = (values, segments);

    /// <summary>Words that the folded parameters of a graph need; 0 if nothing is folded.</summary>
    public static long WordsFor(PlanGraph graph) => Layout(graph).Arena.Length;

    /// <summary>Folds the batch normalizations of a graph; null if there are none to fold.</summary>
    /// <param name="graph">the graph of an evaluation plan</param>
    /// <param name="parameters">the parameters of its model</param>
    /// <param name="device">the device</param>
    /// <exception cref="OutOfDeviceMemoryException">the folded parameters do not fit the memory of the device</exception>
    public static FoldedParameters? Of(PlanGraph graph, ParameterMemory parameters, ComputeDevice device)
    {
        var (arena, segments) = Layout(graph);
        if (segments.Count == 0) return null;
        var values = device.Allocate(arena.Length);
        foreach (var operation in FoldedOperations(graph))
        {
            var (weightSegment, biasSegment) = segments[operation.Name];
            var (weight, bias) = BatchNormFolding.WeightsOf(operation.Node, operation.Norm, name => parameters.Download(parameters.View(name)));
            device.Upload<float>(weight, weightSegment.In(values.View));
            device.Upload<float>(bias, biasSegment.In(values.View));
        }

        return new FoldedParameters(values, segments);
    }

    /// <summary>The weights and the bias of an operation.</summary>
    public (DeviceView Weight, DeviceView Bias) Of(WeightedOperation operation)
    {
        var (weight, bias) = _segments[operation.Name];
        return (weight.In(_values.View), bias.In(_values.View));
    }

    public void Dispose() => _values.Dispose();

    private static (ParameterArena Arena, Dictionary<string, (ParameterSegment Weight, ParameterSegment Bias)> Segments) Layout(PlanGraph graph)
    {
        var arena = new ParameterArena();
        var segments = new Dictionary<string, (ParameterSegment Weight, ParameterSegment Bias)>();
        foreach (var operation in FoldedOperations(graph))
        {
            var weight = arena.Add($"{operation.Name}.weight", operation.Node.Parameter("weight").Length);
            segments.Add(operation.Name, (weight, arena.Add($"{operation.Name}.bias", operation.Node.Output.Channels)));
        }

        return (arena, segments);
    }

    private static IEnumerable<WeightedOperation> FoldedOperations(PlanGraph graph) =>
        graph.Operations.OfType<WeightedOperation>().Where(operation => operation.Norm is not null);
}
