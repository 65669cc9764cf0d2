using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>What maximum and average pooling have in common: a sliding window over an image.</summary>
public abstract class Pool2dLayer : Layer
{
    /// <summary>Rows and columns of the window.</summary>
    public required Extent Window { get; init; }

    /// <summary>Steps between two windows; null: the window's size, so that windows lie side by side.</summary>
    public Extent? Stride { get; init; }

    /// <summary>Rows and columns around the image.</summary>
    public Padding Padding { get; init; } = Padding.Valid;

    private SlidingWindow Sliding => new(Window, Stride ?? Window, 1, Padding);

    /// <inheritdoc/>
    public sealed override TensorShape InferShape(TensorShape input)
    {
        RequireImage(input);
        var output = Sliding.OutputOf(input, "window");
        var padding = Sliding.PaddingFor(input);
        if (Math.Max(padding.Top, padding.Bottom) >= Window.Height || Math.Max(padding.Left, padding.Right) >= Window.Width)
        {
            throw new ShapeException(
                $"padding is {padding}, but must be smaller than the window {Window}, or a window would hold nothing. Use less padding.");
        }

        return TensorShape.Image(output.Height, output.Width, input.Channels);
    }

    /// <summary>The pooling of one sample.</summary>
    private protected Pool2dShape SampleShape(TensorShape input, bool countPadding)
    {
        var stride = Stride ?? Window;
        var padding = Sliding.PaddingFor(input);
        return new(
            1, input.Height, input.Width, input.Channels, Window.Height, Window.Width, stride.Height, stride.Width,
            padding.Top, padding.Left, padding.Bottom, padding.Right, countPadding);
    }
}
