using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>The largest value of each window, channel by channel; padding never wins.</summary>
[LayerKind("max-pooling", "maxpool")]
public sealed class MaxPool2dLayer : Pool2dLayer
{
    /// <summary>A layer whose properties are set afterwards.</summary>
    public MaxPool2dLayer()
    {
    }

    /// <summary>Windows that lie side by side.</summary>
    [SetsRequiredMembers]
    public MaxPool2dLayer(Extent window) => Window = window;

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input)
    {
        var shape = SampleShape(node.Input, countPadding: true);
        return plan.TryPool(input, shape, node.Output, out var pooled) ? pooled : plan.Add(new Operation(node.Name, shape, input), node.Output);
    }

    private sealed class Operation(string name, Pool2dShape sample, PlanTensor input) : PlanOperation(name, input)
    {
        public override bool KeepsInputs => true;

        public override bool KeepsOutput => true;

        public override bool CanGate => true;

        public override bool CanAccumulate => true;

        public override void Forward(ForwardContext context) =>
            MaxPool2d.Forward(context.Executor, sample with { Batch = context.Batch }, context.Input(0), context.Output);

        public override void Backward(BackwardContext context)
        {
            if (context.InputGradient(0).IsEmpty) return;
            MaxPool2d.Backward(
                context.Executor, sample with { Batch = context.Batch }, context.Input(0), context.Output, context.OutputGradient, context.InputGradient(0),
                context.Gate(0), context.Accumulate(0));
        }
    }
}
