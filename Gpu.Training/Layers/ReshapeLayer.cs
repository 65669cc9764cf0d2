using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>
/// Reads features [height * width * channels] as an image [height, width, channels]; the channels follow. Only the shape changes: no kernel runs.
/// </summary>
[LayerKind("reshape", "reshape")]
public sealed class ReshapeLayer : Layer
{
    /// <summary>The height of the image; at least 1.</summary>
    public required int Height { get; init; }

    /// <summary>The width of the image; at least 1.</summary>
    public required int Width { get; init; }

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        RequireRange("height", Height, 1, ShapeLimits.MaxDimension);
        RequireRange("width", Width, 1, ShapeLimits.MaxDimension);
        var pixels = (long)Height * Width;
        if (input.Length % pixels != 0)
        {
            throw new ShapeException(
                $"its input is {input}, {input.Length} values, which are not a whole number of channels of {Height}x{Width} pixels. Let the layer before it "
                + $"give a multiple of {pixels} values.");
        }

        return TensorShape.Image(Height, Width, (int)(input.Length / pixels));
    }

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input) => input with { Shape = node.Output };
}
