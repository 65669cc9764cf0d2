using Gpu.Kernels.Devices;
using Gpu.Kernels.Pooling;

namespace Gpu.Kernels;

/// <summary>
/// The sizes of a 2-D pooling of images [batch, height, width, channels]. Windows that would reach past the padded image are left out, as in PyTorch:
/// output = floor((input + padding before + padding after - window) / stride) + 1.
/// </summary>
/// <param name="Batch">images in a batch</param>
/// <param name="InputHeight">height of the input, in pixels</param>
/// <param name="InputWidth">width of the input, in pixels</param>
/// <param name="Channels">channels of input and output</param>
/// <param name="WindowHeight">height of a window, in pixels</param>
/// <param name="WindowWidth">width of a window, in pixels</param>
/// <param name="StrideHeight">vertical stride: input rows per output row</param>
/// <param name="StrideWidth">horizontal stride: input columns per output column</param>
/// <param name="PaddingTop">rows of padding above; padding must be smaller than the window, so that every window contains a pixel</param>
/// <param name="PaddingLeft">columns of padding to the left</param>
/// <param name="PaddingBottom">rows of padding below</param>
/// <param name="PaddingRight">columns of padding to the right</param>
/// <param name="CountPadding">
/// an average divides by the size of the window if true, by the number of its pixels inside the image if false (PyTorch's count_include_pad); max pooling
/// ignores this
/// </param>
/// <example><code>var shape = new Pool2dShape(batch, 28, 28, channels, WindowHeight: 2, WindowWidth: 2, StrideHeight: 2, StrideWidth: 2);</code></example>
public readonly record struct Pool2dShape(
    int Batch, int InputHeight, int InputWidth, int Channels, int WindowHeight, int WindowWidth, int StrideHeight, int StrideWidth,
    int PaddingTop = 0, int PaddingLeft = 0, int PaddingBottom = 0, int PaddingRight = 0, bool CountPadding = true)
{
    /// <summary>Height of the output.</summary>
    public int OutputHeight => checked((int)(((long)InputHeight + PaddingTop + PaddingBottom - WindowHeight) / StrideHeight + 1));

    /// <summary>Width of the output.</summary>
    public int OutputWidth => checked((int)(((long)InputWidth + PaddingLeft + PaddingRight - WindowWidth) / StrideWidth + 1));

    /// <summary>Words of the input.</summary>
    public int InputLength => ShapeLimits.Length("the input", Batch, InputHeight, InputWidth, Channels);

    /// <summary>Words of the output.</summary>
    public int OutputLength => ShapeLimits.Length("the output", Batch, OutputHeight, OutputWidth, Channels);

    /// <summary>True if windows do not overlap.</summary>
    public bool Disjoint => StrideHeight >= WindowHeight && StrideWidth >= WindowWidth;

    /// <summary>True for 2x2 windows with stride 2 and no padding.</summary>
    public bool IsTwoByTwo =>
        WindowHeight == 2 && WindowWidth == 2 && StrideHeight == 2 && StrideWidth == 2 && (PaddingTop | PaddingLeft | PaddingBottom | PaddingRight) == 0;

    /// <summary>Global pooling: one window that covers the whole image.</summary>
    /// <param name="batch">images in a batch</param>
    /// <param name="height">height of the images, in pixels</param>
    /// <param name="width">width of the images, in pixels</param>
    /// <param name="channels">channels</param>
    public static Pool2dShape Global(int batch, int height, int width, int channels) => new(batch, height, width, channels, height, width, 1, 1);

    /// <summary>Checks the sizes, and returns the shape.</summary>
    /// <exception cref="ArgumentException">a size is out of range; the message says what was found and what is needed</exception>
    public Pool2dShape Validate()
    {
        ShapeLimits.RequireDimension("batch", Batch);
        ShapeLimits.RequireDimension("channels", Channels);
        CheckAxis("Height", InputHeight, WindowHeight, StrideHeight, PaddingTop, PaddingBottom);
        CheckAxis("Width", InputWidth, WindowWidth, StrideWidth, PaddingLeft, PaddingRight);
        _ = (InputLength, OutputLength);
        return this;
    }

    /// <summary>The sizes as kernel arguments.</summary>
    internal PoolGeometry Geometry => new()
    {
        InputHeight = InputHeight,
        InputWidth = InputWidth,
        OutputHeight = OutputHeight,
        OutputWidth = OutputWidth,
        Channels = Channels,
        WindowHeight = WindowHeight,
        WindowWidth = WindowWidth,
        StrideHeight = StrideHeight,
        StrideWidth = StrideWidth,
        PaddingTop = PaddingTop,
        PaddingLeft = PaddingLeft,
        ByInputHeight = FastDivMod.By(InputHeight),
        ByOutputHeight = FastDivMod.By(OutputHeight),
        ByStrideHeight = FastDivMod.By(StrideHeight),
        ByStrideWidth = FastDivMod.By(StrideWidth),
    };

    private static void CheckAxis(string axis, int input, int window, int stride, int before, int after)
    {
        // A global pooling has a window as large as the image, so the window has the limit of a dimension.
        ShapeLimits.RequireDimension("Input" + axis, input);
        ShapeLimits.RequireDimension("Window" + axis, window);
        ShapeLimits.RequireDimension("Stride" + axis, stride);
        if (before < 0 || after < 0 || before >= window || after >= window)
        {
            throw new ArgumentException(
                $"padding of {before} and {after} does not fit a window of {window}: it must be 0 to {window - 1}, or a window would contain no pixel",
                "shape");
        }

        if ((long)input + before + after < window)
            throw new ArgumentException($"Window{axis} {window} is larger than the padded input ({input} + {before} + {after})", "shape");
    }
}
