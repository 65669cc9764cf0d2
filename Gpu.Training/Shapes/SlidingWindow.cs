using Gpu.Kernels;
using Gpu.Training.Models;

namespace Gpu.Training.Shapes;

/// <summary>The output size of a window that slides over an image, for convolution and pooling.</summary>
internal readonly record struct SlidingWindow(Extent Size, Extent Stride, Extent Dilation, Padding Padding)
{
    /// <summary>The size of the window including dilation: (size - 1) * dilation + 1. Sizes above the limits give 2^31 - 1, which fits no input.</summary>
    public Extent DilatedSize => new(Dilated(Size.Height, Dilation.Height), Dilated(Size.Width, Dilation.Width));

    /// <summary>The explicit padding for an input.</summary>
    public Padding PaddingFor(TensorShape input) => Padding.Resolve(input.Height, input.Width, DilatedSize, Stride);

    /// <summary>The output size: floor((input + padding before + padding after - dilated size) / stride) + 1.</summary>
    /// <param name="input">the image</param>
    /// <param name="what">the name of the window for messages: "kernel" or "window"</param>
    /// <exception cref="ShapeException">a size is out of range, or the window does not fit the padded input</exception>
    public Extent OutputSize(TensorShape input, string what)
    {
        RequireRanges(what);
        var padding = PaddingFor(input);
        var (height, width) = ((long)input.Height + padding.Top + padding.Bottom, (long)input.Width + padding.Left + padding.Right);
        var (rows, columns) = (height - DilatedSize.Height, width - DilatedSize.Width);
        if (rows < 0 || columns < 0)
        {
            throw new ShapeException(
                $"its {what} spans {DilatedSize} (rows x columns), but the input {input} with its padding has only "
                + $"{height}x{width}. "
                + $"Use a smaller {what}, padding \"same\", or fewer layers before it that reduce the size of the image.");
        }

        return new Extent((int)(rows / Stride.Height + 1), (int)(columns / Stride.Width + 1));
    }

    /// <summary>Checks that size, stride, dilation and explicit padding are inside <see cref="ShapeLimits.MaxWindow"/>.</summary>
    /// <param name="what">the name of the window for messages: "kernel" or "window"</param>
    /// <exception cref="ShapeException">one is not; the message names it and the range</exception>
    public void RequireRanges(string what)
    {
        RequireRange(Size, what);
        RequireRange(Stride, "stride");
        RequireRange(Dilation, "dilation");
        foreach (var side in (ReadOnlySpan<int>)[Padding.Top, Padding.Left, Padding.Bottom, Padding.Right])
        {
            if (side is < 0 or > ShapeLimits.MaxWindow)
                throw new ShapeException($"padding is {Padding}, but each side must be 0 to {ShapeLimits.MaxWindow:N0}.");
        }
    }

    private static int Dilated(int size, int dilation) => (int)Math.Min(int.MaxValue, ((long)size - 1) * dilation + 1);

    private static void RequireRange(Extent extent, string what)
    {
        if (Math.Min(extent.Height, extent.Width) < 1 || Math.Max(extent.Height, extent.Width) > ShapeLimits.MaxWindow)
            throw new ShapeException($"{what} is {extent}, but height and width must be 1 to {ShapeLimits.MaxWindow:N0}.");
    }
}
