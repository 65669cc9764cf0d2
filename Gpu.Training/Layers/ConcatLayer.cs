using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;
using Gpu.Training.SourceCode;

namespace Gpu.Training.Layers;

/// <summary>
/// Concatenation of two or more inputs along the channels: images of the same height and width, or features. The skip connections of U-Net use it (Ronneberger,
/// Fischer, Brox, "U-Net: convolutional networks for biomedical image segmentation", 2015).
/// </summary>
[LayerKind("concatenation", "concat")]
public sealed class ConcatLayer : MergeLayer
{
    /// <inheritdoc/>
    public override TensorShape InferShape(IReadOnlyList<NamedShape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var first = inputs[0].Shape;
        var channels = 0L;
        foreach (var input in inputs)
        {
            var shape = input.Shape;
            if (shape.IsImage != first.IsImage || shape.Height != first.Height || shape.Width != first.Width)
                throw new ShapeException($"it joins {inputs[0]} and {input}, whose height and width must be equal.");
            channels += shape.Channels;
        }

        if (channels > ShapeLimits.MaxDimension)
            throw new ShapeException($"its output would have {channels:N0} channels, but at most {ShapeLimits.MaxDimension:N0} are possible.");
        return first.IsImage ? TensorShape.Image(first.Height, first.Width, (int)channels) : TensorShape.Features((int)channels);
    }

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, IReadOnlyList<PlanTensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(node);
        return plan.Add(new Operation(node, inputs), node.Output);
    }

    private sealed class Operation(LayerNode node, IReadOnlyList<PlanTensor> inputs) : PlanOperation(node.Name, inputs)
    {
        private readonly int _channels = node.Output.Channels;

        public override bool CanGate => true;

        public override bool CanAccumulate => true;

        public override void Forward(ForwardContext context)
        {
            var first = 0;
            for (var i = 0; i < Inputs.Count; i++)
            {
                var channels = Inputs[i].Shape.Channels;
                Concat.Forward(context.Executor, context.Batch * node.Output.Positions, channels, context.Input(i), _channels, first, context.Output);
                first += channels;
            }
        }

        public override bool WriteForward(ForwardCode code)
        {
            var first = 0;
            for (var i = 0; i < Inputs.Count; i++)
            {
                var channels = Inputs[i].Shape.Channels;
                code.Call(
                    "Concat.Forward", $"batch * {ForwardCode.Literal(node.Output.Positions)}", ForwardCode.Literal(channels), code.Input(i),
                    ForwardCode.Literal(_channels), ForwardCode.Literal(first), code.Output);
                first += channels;
            }

            return true;
        }

        public override void Backward(BackwardContext context)
        {
            var first = 0;
            for (var i = 0; i < Inputs.Count; i++)
            {
                var channels = Inputs[i].Shape.Channels;
                if (!context.InputGradient(i).IsEmpty)
                {
                    Concat.Backward(
                        context.Executor, context.Batch * node.Output.Positions, channels, _channels, first, context.OutputGradient,
                        context.InputGradient(i), context.Gate(i), context.Input(i), context.Accumulate(i));
                }

                first += channels;
            }
        }
    }
}
