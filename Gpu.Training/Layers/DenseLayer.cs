using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels.Activations;
using Gpu.Training.Initialisation;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>Every output is a weighted sum of all features; weights [in, out].</summary>
[LayerKind("dense", "dense")]
public sealed class DenseLayer : Layer
{
    /// <summary>A layer whose properties are set afterwards.</summary>
    public DenseLayer()
    {
    }

    /// <summary>A layer with so many outputs.</summary>
    [SetsRequiredMembers]
    public DenseLayer(int units) => Units = units;

    /// <summary>Outputs.</summary>
    public required int Units { get; init; }

    /// <summary>Whether a number is added to each output.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>Applied to the sum.</summary>
    public Activation Activation { get; init; } = Activation.None;

    /// <summary>How the weights are drawn.</summary>
    public Initialiser Initialiser { get; init; } = Initialiser.Auto;

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        if (input.IsImage)
            throw new ShapeException($"it got an image of {input}, but needs features. Put a flatten or a global-average-pooling layer before it.");
        RequireRange("units", Units, 1);
        return TensorShape.Features(Units);
    }

    /// <inheritdoc/>
    public override IEnumerable<ParameterDeclaration> DeclareParameters(TensorShape input)
    {
        yield return new("weight", [input.Length, Units], input.Length, Units, WeightInitialiser.Choose(Initialiser, Activation, Initialiser.GlorotUniform), Decays: true);
        if (Bias) yield return new("bias", [Units], input.Length, Units, WeightInitialiser.ForBias(Initialiser), Decays: false);
    }

    /// <inheritdoc/>
    public override long CountMultiplyAdds(TensorShape input, TensorShape output) => (long)input.Length * Units;
}
