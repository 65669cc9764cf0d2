using Gpu.Kernels.Devices;

namespace Gpu.Training.Planning;

/// <summary>
/// The device memory of a plan while it is recorded: maps the blocks of a layout to views. Divergence is that of each sample of a variational autoencoder, and
/// DivergenceScale its factor in the loss of a sample; empty and 0 for other models.
/// </summary>
internal sealed record PlanMemory(
    IExecutor Executor, PlanGraph Graph, PlanLayout Layout, ParameterMemory Parameters, DeviceView Arena, DeviceView Workspace, DeviceView StepState,
    DeviceView Input, DeviceView Divergence, float DivergenceScale)
{
    /// <summary>Weights with folded batch normalizations; null if there are none.</summary>
    public FoldedParameters? Folded { get; init; }

    /// <summary>Packs weights; null if operations do that in each pass.</summary>
    public PackedWeights? Packed { get; init; }

    public int Batch => Layout.Batch;

    public bool Training => Graph.Training;

    public DeviceView Value(PlanValue value) => value == Graph.Input ? Input : View(Layout.Value(value), value);

    public DeviceView Gradient(PlanValue value) => View(Layout.Gradient(value), value);

    public DeviceView Saved(PlanOperation operation) => Layout.Saved(operation) is { } saved ? Arena.Slice(saved.Offset, (int)saved.Words) : default;

    public DeviceView TemporaryGradient(PlanOperation operation, int input) => View(Layout.TemporaryGradient(operation, input), operation.Inputs[input].Value);

    private DeviceView View(ArenaBlock block, PlanValue value) => Arena.Slice(block.Offset, value.Length * Batch);
}
