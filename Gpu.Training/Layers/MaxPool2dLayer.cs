using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;
using Gpu.Training.SourceCode;

namespace Gpu.Training.Layers;

/// <summary>
/// 2-D max pooling: [height, width, channels] to [output height, output width, channels]. Each output is the largest value of one window of one channel.
/// Padding is never the maximum.
/// </summary>
[LayerKind("max-pooling", "maxpool")]
public sealed class MaxPool2dLayer : Pool2dLayer
{
    /// <summary>Creates a layer whose required properties are set by an object initializer.</summary>
    public MaxPool2dLayer()
    {
    }

    /// <summary>Creates a layer with non-overlapping windows: the stride is the window size.</summary>
    [SetsRequiredMembers]
    public MaxPool2dLayer(Extent window) => Window = window;

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input)
    {
        var shape = SampleShape(node.Input, countPadding: true);
        return plan.TryFuseMaxPool(input, shape, node.Output, out var pooled) ? pooled : plan.Add(new Operation(node.Name, shape, input), node.Output);
    }

    private sealed class Operation(string name, Pool2dShape sample, PlanTensor input) : PlanOperation(name, input)
    {
        public override bool BackwardReadsInputs => true;

        public override bool BackwardReadsOutput => true;

        public override bool CanGate => true;

        public override bool CanAccumulate => true;

        public override void Forward(ForwardContext context) =>
            MaxPool2d.Forward(context.Executor, sample with { Batch = context.Batch }, context.Input(0), context.Output);

        public override bool WriteForward(ForwardCode code)
        {
            code.Call("MaxPool2d.Forward", code.Shape(sample), code.Input(0), code.Output);
            return true;
        }

        public override void Backward(BackwardContext context)
        {
            if (context.InputGradient(0).IsEmpty) return;
            MaxPool2d.Backward(
                context.Executor, sample with { Batch = context.Batch }, context.Input(0), context.Output, context.OutputGradient, context.InputGradient(0),
                context.Gate(0), context.Accumulate(0));
        }
    }
}
