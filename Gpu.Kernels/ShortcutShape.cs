namespace Gpu.Kernels;

/// <summary>
/// The sizes of a parameter-free shortcut between feature maps of different size: it takes every stride-th row and column, and pads the channels with zeros.
/// Source: option A of He, Zhang, Ren, Sun, "Deep residual learning for image recognition", 2016.
/// </summary>
/// <param name="Batch">images in a batch</param>
/// <param name="Height">height of the input, in pixels</param>
/// <param name="Width">width of the input, in pixels</param>
/// <param name="InputChannels">channels of the input</param>
/// <param name="OutputChannels">
/// channels of the output, at least those of the input; half of the zero channels come before the input channels, half after them (the odd one after)
/// </param>
/// <param name="Stride">vertical and horizontal stride, in pixels</param>
public readonly record struct ShortcutShape(int Batch, int Height, int Width, int InputChannels, int OutputChannels, int Stride)
{
    /// <summary>Height of the output.</summary>
    public int OutputHeight => (Height - 1) / Stride + 1;

    /// <summary>Width of the output.</summary>
    public int OutputWidth => (Width - 1) / Stride + 1;

    /// <summary>Words of the input.</summary>
    public int InputLength => ShapeLimits.Length("the input", Batch, Height, Width, InputChannels);

    /// <summary>Words of the output.</summary>
    public int OutputLength => ShapeLimits.Length("the output", Batch, OutputHeight, OutputWidth, OutputChannels);

    /// <summary>Zero channels before the input channels.</summary>
    public int ChannelsBefore => (OutputChannels - InputChannels) / 2;

    /// <summary>True if the output is the input.</summary>
    public bool IsIdentity => Stride == 1 && InputChannels == OutputChannels;

    /// <summary>Checks the sizes, and returns the shape.</summary>
    /// <exception cref="ArgumentException">a size is out of range; the message says what was found and what is needed</exception>
    public ShortcutShape Validate()
    {
        ShapeLimits.RequireDimension("batch", Batch);
        ShapeLimits.RequireDimension("height", Height);
        ShapeLimits.RequireDimension("width", Width);
        ShapeLimits.RequireDimension("input channels", InputChannels);
        ShapeLimits.RequireDimension("output channels", OutputChannels);
        ShapeLimits.RequireDimension("stride", Stride);
        if (OutputChannels < InputChannels)
            throw new ArgumentException($"a shortcut cannot go from {InputChannels} channels to {OutputChannels}: it can only add zero channels", "shape");
        _ = (InputLength, OutputLength);
        return this;
    }

    // The largest power of two that divides all channel counts, so that every vector index is a multiple of it.
    internal int Granularity
    {
        get
        {
            var bits = InputChannels | OutputChannels | ChannelsBefore;
            return bits & -bits;
        }
    }
}
