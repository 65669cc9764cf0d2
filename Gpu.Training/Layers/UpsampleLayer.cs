using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;
using Gpu.Training.SourceCode;

namespace Gpu.Training.Layers;

/// <summary>Nearest-neighbor upsampling: [height, width, channels] to [height * factor, width * factor, channels].</summary>
[LayerKind("upsampling", "upsample")]
public sealed class UpsampleLayer : Layer
{
    /// <summary>Creates a layer whose required properties are set by an object initializer.</summary>
    public UpsampleLayer()
    {
    }

    /// <summary>Creates a layer with the given factor.</summary>
    [SetsRequiredMembers]
    public UpsampleLayer(int factor) => Factor = factor;

    /// <summary>The factor of height and width; at least 1.</summary>
    public required int Factor { get; init; }

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        RequireImage(input);
        RequireRange("factor", Factor, 1, ShapeLimits.MaxWindow);
        var (height, width) = ((long)input.Height * Factor, (long)input.Width * Factor);
        if (Math.Max(height, width) > ShapeLimits.MaxDimension)
        {
            throw new ShapeException(
                $"its output would be {height}x{width}, but each side can be at most {ShapeLimits.MaxDimension:N0}. Use a smaller factor.");
        }

        return TensorShape.Image((int)height, (int)width, input.Channels);
    }

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input) => plan.Add(new Operation(node, Factor, input), node.Output);

    private sealed class Operation(LayerNode node, int factor, PlanTensor input) : PlanOperation(node.Name, input)
    {
        public override bool CanGate => true;

        public override bool CanAccumulate => true;

        public override void Forward(ForwardContext context) => Upsample.NearestForward(
            context.Executor, context.Batch, node.Input.Height, node.Input.Width, node.Input.Channels, factor, context.Input(0), context.Output);

        public override bool WriteForward(ForwardCode code)
        {
            code.Call(
                "Upsample.NearestForward", "batch", ForwardCode.Literal(node.Input.Height), ForwardCode.Literal(node.Input.Width),
                ForwardCode.Literal(node.Input.Channels), ForwardCode.Literal(factor), code.Input(0), code.Output);
            return true;
        }

        public override void Backward(BackwardContext context)
        {
            if (context.InputGradient(0).IsEmpty) return;
            Upsample.NearestBackward(
                context.Executor, context.Batch, node.Input.Height, node.Input.Width, node.Input.Channels, factor, context.OutputGradient,
                context.InputGradient(0), context.Gate(0), context.Input(0), context.Accumulate(0));
        }
    }
}
