using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Layers;

namespace Gpu.Training.Planning;

/// <summary>
/// The weights of convolutions and dense layers in the layouts that their forward passes read (<see cref="PlanSettings.PackWeights"/>). They are packed when
/// the first plan that needs them is recorded. Plans of other batch sizes use the same ones, unless another algorithm pays.
/// </summary>
internal sealed class PackedWeights(ComputeDevice device) : IDisposable
{
    private readonly Dictionary<(string Operation, PackedConv2dLayout Layout), DeviceBuffer> _buffers = [];

    /// <summary>Words of the packed weights of plans of a graph.</summary>
    /// <param name="graph">the graph of an evaluation plan</param>
    /// <param name="device">the device</param>
    /// <param name="batches">the batch sizes of the plans</param>
    public static long WordsFor(PlanGraph graph, ComputeDevice device, IEnumerable<int> batches) =>
        batches.SelectMany(batch => graph.Operations.OfType<WeightedOperation>(), (batch, operation) => (operation.Name, Shape: operation.PackableShape(batch)))
            .Where(operation => operation.Shape is not null)
            .Select(operation => (operation.Name, Layout: PackedConv2d.Layout(device, operation.Shape!.Value)))
            .Distinct().Sum(operation => ArenaLayout.Align(operation.Layout.Words));

    /// <summary>The packed weights of an operation; empty if the device reads them as they are.</summary>
    /// <param name="operation">the name of the operation</param>
    /// <param name="shape">its shape</param>
    /// <param name="weight">its weights</param>
    /// <exception cref="OutOfDeviceMemoryException">the packed weights do not fit the memory of the device</exception>
    public DeviceView Of(string operation, Conv2dShape shape, DeviceView weight)
    {
        var layout = PackedConv2d.Layout(device, shape);
        if (layout.Words == 0) return default;
        if (!_buffers.TryGetValue((operation, layout), out var buffer))
        {
            buffer = _buffers[(operation, layout)] = device.Allocate(layout.Words);
            PackedConv2d.Pack(device, shape, weight, buffer.View);
        }

        return buffer.View;
    }

    public void Dispose()
    {
        foreach (var buffer in _buffers.Values) buffer.Dispose();
        _buffers.Clear();
    }
}
