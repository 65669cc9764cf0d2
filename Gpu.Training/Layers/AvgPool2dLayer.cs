using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;
using Gpu.Training.SourceCode;

namespace Gpu.Training.Layers;

/// <summary>
/// 2-D average pooling: [height, width, channels] to [output height, output width, channels]. Each output is the mean of one window of one channel.
/// </summary>
[LayerKind("average-pooling", "avgpool")]
public sealed class AvgPool2dLayer : Pool2dLayer
{
    /// <summary>Creates a layer whose required properties are set by an object initializer.</summary>
    public AvgPool2dLayer()
    {
    }

    /// <summary>Creates a layer with non-overlapping windows: the stride is the window size.</summary>
    [SetsRequiredMembers]
    public AvgPool2dLayer(Extent window) => Window = window;

    /// <summary>
    /// Whether padding counts as zeros in the mean (PyTorch's count_include_pad). If false, the mean is over the pixels of the window inside the image.
    /// </summary>
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

        public override bool WriteForward(ForwardCode code)
        {
            code.Call("AvgPool2d.Forward", code.Shape(sample), code.Input(0), code.Output);
            return true;
        }

        public override void Backward(BackwardContext context)
        {
            if (context.InputGradient(0).IsEmpty) return;
            AvgPool2d.Backward(
                context.Executor, sample with { Batch = context.Batch }, context.OutputGradient, context.InputGradient(0),
                context.Gate(0), context.Input(0), context.Accumulate(0));
        }
    }
}
