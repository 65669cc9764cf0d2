using System.Diagnostics.CodeAnalysis;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>Nearest-neighbour up-sampling: each pixel becomes a square of factor x factor pixels.</summary>
[LayerKind("upsampling", "upsample")]
public sealed class UpsamplingLayer : Layer
{
    /// <summary>A layer whose properties are set afterwards.</summary>
    public UpsamplingLayer()
    {
    }

    /// <summary>The factor, the same for rows and columns.</summary>
    [SetsRequiredMembers]
    public UpsamplingLayer(int factor) => Factor = factor;

    /// <summary>The factor, the same for rows and columns.</summary>
    public required int Factor { get; init; }

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        RequireImage(input);
        RequireRange("factor", Factor, 1);
        return checked(TensorShape.Image(input.Height * Factor, input.Width * Factor, input.Channels));
    }
}
