using Gpu.Kernels.Activations;
using Gpu.Training.Initialisation;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>
/// Batch normalisation over the channel axis (Ioffe and Szegedy, 2015), optionally with an activation. In training by the batch's statistics,
/// in evaluation by the running ones, which training gathers.
/// </summary>
[LayerKind("batch-normalization", "batchnorm")]
public sealed class BatchNormalizationLayer : Layer
{
    /// <summary>Share of the batch's statistics in the running ones: new = (1 - momentum) * old + momentum * batch.</summary>
    public float Momentum { get; init; } = 0.1f;

    /// <summary>Added to the variance.</summary>
    public float Epsilon { get; init; } = 1e-5f;

    /// <summary>Applied to the normalised values.</summary>
    public Activation Activation { get; init; } = Activation.None;

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        RequireRange("momentum", Momentum, 0, 1);
        if (!(Epsilon > 0)) throw new ShapeException($"epsilon is {Epsilon}, but must be above 0.");
        return input;
    }

    /// <inheritdoc/>
    public override IEnumerable<ParameterDeclaration> DeclareParameters(TensorShape input)
    {
        int[] shape = [input.Channels];
        yield return new("gamma", shape, input.Channels, input.Channels, Initialiser.Ones, Decays: false);
        yield return new("beta", shape, input.Channels, input.Channels, Initialiser.Zeros, Decays: false);
        yield return new("running_mean", shape, input.Channels, input.Channels, Initialiser.Zeros, Decays: false, Trainable: false);
        yield return new("running_variance", shape, input.Channels, input.Channels, Initialiser.Ones, Decays: false, Trainable: false);
    }

    public override Planning.PlanTensor Emit(Planning.PlanBuilder plan, LayerNode node, Planning.PlanTensor input) => throw new NotSupportedException();
}
