using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>
/// Base class of max and average pooling over a sliding window. Output size = floor((input + padding before + padding after - window) / stride) + 1; with
/// padding "same" ceil(input / stride).
/// </summary>
public abstract class Pool2dLayer : Layer
{
    /// <summary>Height and width of the window, in pixels.</summary>
    public required Extent Window { get; init; }

    /// <summary>Stride in pixels; null for the window size, so that windows do not overlap.</summary>
    public Extent? Stride { get; init; }

    /// <summary>Padding around the image, in pixels; on each side smaller than the window.</summary>
    public Padding Padding { get; init; } = Padding.Valid;

    private SlidingWindow SlidingWindow => new(Window, Stride ?? Window, 1, Padding);

    /// <inheritdoc/>
    public sealed override TensorShape InferShape(TensorShape input)
    {
        RequireImage(input);
        var output = SlidingWindow.OutputSize(input, "window");
        var padding = SlidingWindow.PaddingFor(input);
        if (Math.Max(padding.Top, padding.Bottom) >= Window.Height || Math.Max(padding.Left, padding.Right) >= Window.Width)
        {
            throw new ShapeException(
                $"padding is {padding}, but must be smaller than the window {Window}: otherwise a window could contain no pixel. Use less padding.");
        }

        return TensorShape.Image(output.Height, output.Width, input.Channels);
    }

    /// <summary>The shape of the pooling for a batch of 1.</summary>
    private protected Pool2dShape SampleShape(TensorShape input, bool countPadding)
    {
        var stride = Stride ?? Window;
        var padding = SlidingWindow.PaddingFor(input);
        return new(
            1, input.Height, input.Width, input.Channels, Window.Height, Window.Width, stride.Height, stride.Width,
            padding.Top, padding.Left, padding.Bottom, padding.Right, countPadding);
    }
}
