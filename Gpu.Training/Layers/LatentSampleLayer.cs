using Gpu.Kernels;
using Gpu.Training.Losses;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>
/// Draws the latent values of a variational autoencoder: features [2 * n], the means and then the logarithms of the variances of n values, to features [n]. In
/// training each value is mean + deviation * noise, in evaluation the mean. The loss gets the divergence of these distributions from the standard normal one.
/// </summary>
[LayerKind("latent-sample", "latent")]
public sealed class LatentSampleLayer : Layer
{
    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        if (input.IsImage) throw new ShapeException($"its input is an image ({input}), but it needs features. Put flatten and a dense layer before it.");
        if (input.Length % 2 != 0)
            throw new ShapeException($"its input has {input.Length} features, but it needs an even number: a mean and the logarithm of a variance for "
                + "each value.");
        return TensorShape.Features(input.Length / 2);
    }

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input) =>
        plan.Add(new Operation(node, plan.SeedFor(node.Name), input), node.Output);

    /// <summary>Whether a model has such a layer.</summary>
    internal static bool IsIn(Model model) => model.Layers.Any(layer => layer is LatentSampleLayer);

    /// <summary>Checks that a model has at most one such layer, at its top, and a loss that counts the divergence.</summary>
    /// <exception cref="ModelException">it does not</exception>
    internal static void Check(Model model)
    {
        var nodes = model.Nodes.SelectMany(node => node.Flatten()).Where(node => node.Layer is LatentSampleLayer).ToArray();
        if (nodes.Length == 0) return;
        if (nodes.Length > 1) throw new ModelException($"Layers '{nodes[0].Name}' and '{nodes[1].Name}': a model has at most one layer of type latent-sample.");
        if (!IsIn(model))
            throw new ModelException($"Layer '{nodes[0].Name}': latent-sample must be a layer of the model itself, not of a residual or sequence. Move it "
                + "there.");
        if (LossFunction.Of(model.Recipe.Loss).UsesLabels)
            throw new ModelException(
                $"Layer '{nodes[0].Name}': latent-sample needs a loss on numbers, but the loss is {JsonValues.EnumName(model.Recipe.Loss)}. Set \"loss\" to "
                + "reconstruction-cross-entropy or reconstruction-error.");
    }

    private sealed class Operation(LayerNode node, ulong seed, PlanTensor input) : PlanOperation(node.Name, input)
    {
        public override bool BackwardReadsInputs => true;

        public override void Forward(ForwardContext context) => LatentSample.Forward(
            context.Executor, context.Batch, node.Output.Length, seed, context.StepState, context.Input(0), context.Output, context.Divergence,
            hasNoise: context.Training);

        public override void Backward(BackwardContext context)
        {
            if (context.InputGradient(0).IsEmpty) return;
            LatentSample.Backward(
                context.Executor, context.Batch, node.Output.Length, seed, context.StepState, context.Input(0), context.DivergenceScale, context.OutputGradient,
                context.InputGradient(0));
        }
    }
}
