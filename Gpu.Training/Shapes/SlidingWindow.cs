using Gpu.Training.Models;

namespace Gpu.Training.Shapes;

/// <summary>The output size of a window that slides over an image, for convolution and pooling.</summary>
internal readonly record struct SlidingWindow(Extent Size, Extent Stride, Extent Dilation, Padding Padding)
{
    /// <summary>The size of the window including dilation: (size - 1) * dilation + 1.</summary>
    public Extent DilatedSize => new((Size.Height - 1) * Dilation.Height + 1, (Size.Width - 1) * Dilation.Width + 1);

    /// <summary>The explicit padding for an input.</summary>
    public Padding PaddingFor(TensorShape input) => Padding.Resolve(input.Height, input.Width, DilatedSize, Stride);

    /// <summary>The output size: floor((input + padding before + padding after - dilated size) / stride) + 1.</summary>
    /// <param name="input">the image</param>
    /// <param name="what">the name of the window for messages: "kernel" or "window"</param>
    /// <exception cref="ShapeException">a size is out of range, or the window does not fit the padded input</exception>
    public Extent OutputSize(TensorShape input, string what)
    {
        RequireAtLeast(Size, 1, what);
        RequireAtLeast(Stride, 1, "stride");
        RequireAtLeast(Dilation, 1, "dilation");
        var padding = PaddingFor(input);
        if (Math.Min(Math.Min(padding.Top, padding.Left), Math.Min(padding.Bottom, padding.Right)) < 0)
            throw new ShapeException($"padding is {padding}, but must not be negative.");
        var rows = input.Height + padding.Top + padding.Bottom - DilatedSize.Height;
        var columns = input.Width + padding.Left + padding.Right - DilatedSize.Width;
        if (rows < 0 || columns < 0)
        {
            throw new ShapeException(
                $"its {what} spans {DilatedSize} (rows x columns), but the input {input} with its padding has only "
                + $"{rows + DilatedSize.Height}x{columns + DilatedSize.Width}. "
                + $"Use a smaller {what}, padding \"same\", or fewer layers before it that reduce the size of the image.");
        }

        return new Extent(rows / Stride.Height + 1, columns / Stride.Width + 1);
    }

    private static void RequireAtLeast(Extent extent, int least, string what)
    {
        if (extent.Height < least || extent.Width < least) throw new ShapeException($"{what} is {extent}, but height and width must be at least {least}.");
    }
}
