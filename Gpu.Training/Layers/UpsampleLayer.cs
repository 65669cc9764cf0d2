using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>Nearest-neighbour up-sampling: each pixel becomes a square of factor x factor pixels.</summary>
[LayerKind("upsampling", "upsample")]
public sealed class UpsampleLayer : Layer
{
    /// <summary>A layer whose properties are set afterwards.</summary>
    public UpsampleLayer()
    {
    }

    /// <summary>The factor, the same for rows and columns.</summary>
    [SetsRequiredMembers]
    public UpsampleLayer(int factor) => Factor = factor;

    /// <summary>The factor, the same for rows and columns.</summary>
    public required int Factor { get; init; }

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        RequireImage(input);
        RequireRange("factor", Factor, 1);
        return checked(TensorShape.Image(input.Height * Factor, input.Width * Factor, input.Channels));
    }

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input) => plan.Add(new Operation(node, Factor, input), node.Output);

    private sealed class Operation(LayerNode node, int factor, PlanTensor input) : PlanOperation(node.Name, input)
    {
        public override bool CanGate => true;

        public override bool CanAccumulate => true;

        public override void Forward(ForwardContext context) => Upsample.NearestForward(
            context.Executor, context.Batch, node.Input.Height, node.Input.Width, node.Input.Channels, factor, context.Input(0), context.Output);

        public override void Backward(BackwardContext context)
        {
            if (context.InputGradient(0).IsEmpty) return;
            Upsample.NearestBackward(
                context.Executor, context.Batch, node.Input.Height, node.Input.Width, node.Input.Channels, factor, context.OutputGradient,
                context.InputGradient(0),
                context.Gate(0), context.Input(0), context.Accumulate(0));
        }
    }
}
