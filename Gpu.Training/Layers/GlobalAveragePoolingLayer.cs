using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>The mean of each channel over the whole image; features come out.</summary>
[LayerKind("global-average-pooling", "globalpool")]
public sealed class GlobalAveragePoolingLayer : Layer
{
    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        RequireImage(input);
        return TensorShape.Features(input.Channels);
    }
}
