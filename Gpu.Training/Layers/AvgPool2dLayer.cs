using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>The mean of each window, channel by channel.</summary>
[LayerKind("average-pooling", "avgpool")]
public sealed class AvgPool2dLayer : Pool2dLayer
{
    /// <summary>A layer whose properties are set afterwards.</summary>
    public AvgPool2dLayer()
    {
    }

    /// <summary>Windows that lie side by side.</summary>
    [SetsRequiredMembers]
    public AvgPool2dLayer(Extent window) => Window = window;

    /// <summary>Whether the padding counts in the mean (as zeros).</summary>
    public bool CountPadding { get; init; }

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input)
    {
        var shape = SampleShape(node.Input, CountPadding);
        return plan.Add(new Operation(node.Name, shape, input), node.Output);
    }

    private sealed class Operation(string name, Pool2dShape sample, PlanTensor input) : PlanOperation(name, input)
    {
        public override bool CanGate => true;

        public override bool CanAccumulate => true;

        public override void Forward(ForwardContext context) =>
            AvgPool2d.Forward(context.Executor, sample with { Batch = context.Batch }, context.Input(0), context.Output);

        public override void Backward(BackwardContext context)
        {
            if (context.InputGradient(0).IsEmpty) return;
            AvgPool2d.Backward(
                context.Executor, sample with { Batch = context.Batch }, context.OutputGradient, context.InputGradient(0),
                context.Gate(0), context.Input(0), context.Accumulate(0));
        }
    }
}
