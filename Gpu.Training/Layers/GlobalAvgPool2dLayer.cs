using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;
using Gpu.Training.SourceCode;

namespace Gpu.Training.Layers;

/// <summary>Global average pooling: [height, width, channels] to features [channels]. Each output is the mean of one channel over the image.</summary>
[LayerKind("global-average-pooling", "globalpool")]
public sealed class GlobalAvgPool2dLayer : Layer
{
    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        RequireImage(input);
        return TensorShape.Features(input.Channels);
    }

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input) => plan.Add(new Operation(node, input), node.Output);

    private sealed class Operation(LayerNode node, PlanTensor input) : PlanOperation(node.Name, input)
    {
        public override bool CanGate => true;

        public override bool CanAccumulate => true;

        public override void Forward(ForwardContext context) => AvgPool2d.Forward(context.Executor, Shape(context.Batch), context.Input(0), context.Output);

        public override bool WriteForward(ForwardCode code)
        {
            code.Call("AvgPool2d.Forward", code.Shape(Shape(1)), code.Input(0), code.Output);
            return true;
        }

        public override void Backward(BackwardContext context)
        {
            if (context.InputGradient(0).IsEmpty) return;
            AvgPool2d.Backward(
                context.Executor, Shape(context.Batch), context.OutputGradient, context.InputGradient(0),
                context.Gate(0), context.Input(0), context.Accumulate(0));
        }

        private Pool2dShape Shape(int batch) => Pool2dShape.Global(batch, node.Input.Height, node.Input.Width, node.Input.Channels);
    }
}
