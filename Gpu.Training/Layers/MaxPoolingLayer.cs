using System.Diagnostics.CodeAnalysis;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>The largest value of each window, channel by channel; padding never wins.</summary>
[LayerKind("max-pooling", "maxpool")]
public sealed class MaxPoolingLayer : Layer
{
    /// <summary>A layer whose properties are set afterwards.</summary>
    public MaxPoolingLayer()
    {
    }

    /// <summary>Windows that lie side by side.</summary>
    [SetsRequiredMembers]
    public MaxPoolingLayer(Extent window) => Window = window;

    /// <summary>Rows and columns of the window.</summary>
    public required Extent Window { get; init; }

    /// <summary>Steps between two windows; null: the window's size, so that windows lie side by side.</summary>
    public Extent? Stride { get; init; }

    /// <summary>Rows and columns around the image.</summary>
    public Padding Padding { get; init; } = Padding.Valid;

    private SlidingWindow Sliding => new(Window, Stride ?? Window, 1, Padding);

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        RequireImage(input);
        var output = Sliding.OutputOf(input, "window");
        var padding = Sliding.PaddingFor(input);
        if (Math.Max(padding.Top, padding.Bottom) >= Window.Height || Math.Max(padding.Left, padding.Right) >= Window.Width)
            throw new Models.ShapeException($"padding is {padding}, but must be smaller than the window {Window}, or a window would hold nothing. Use less padding.");
        return TensorShape.Image(output.Height, output.Width, input.Channels);
    }
}
