using Gpu.Kernels.Devices;
using Gpu.Kernels.Pooling;

namespace Gpu.Kernels;

/// <summary>
/// Sizes of a pooling operation on images [batch, height, width, channels]. A window that would reach past the padded image is left out
/// (output = (input + padding before + padding after - window) / stride + 1, rounded down).
/// </summary>
/// <param name="Batch">images</param>
/// <param name="InputHeight">rows of the input</param>
/// <param name="InputWidth">columns of the input</param>
/// <param name="Channels">channels of input and output</param>
/// <param name="WindowHeight">rows of a window</param>
/// <param name="WindowWidth">columns of a window</param>
/// <param name="StrideHeight">rows from window to window</param>
/// <param name="StrideWidth">columns from window to window</param>
/// <param name="PaddingTop">rows of padding above, fewer than a window has, so that every window holds at least one pixel</param>
/// <param name="PaddingLeft">columns of padding to the left</param>
/// <param name="PaddingBottom">rows of padding below</param>
/// <param name="PaddingRight">columns of padding to the right</param>
/// <param name="CountPadding">whether an average divides by the whole window, padding included, or by the pixels inside the image; maxima ignore it</param>
public readonly record struct Pool2dShape(
    int Batch, int InputHeight, int InputWidth, int Channels, int WindowHeight, int WindowWidth, int StrideHeight, int StrideWidth,
    int PaddingTop = 0, int PaddingLeft = 0, int PaddingBottom = 0, int PaddingRight = 0, bool CountPadding = true)
{
    /// <summary>Rows of the output.</summary>
    public int OutputHeight => (InputHeight + PaddingTop + PaddingBottom - WindowHeight) / StrideHeight + 1;

    /// <summary>Columns of the output.</summary>
    public int OutputWidth => (InputWidth + PaddingLeft + PaddingRight - WindowWidth) / StrideWidth + 1;

    /// <summary>Words of the input.</summary>
    public int InputLength => checked(Batch * InputHeight * InputWidth * Channels);

    /// <summary>Words of the output.</summary>
    public int OutputLength => checked(Batch * OutputHeight * OutputWidth * Channels);

    /// <summary>True when no pixel lies in two windows.</summary>
    public bool Disjoint => StrideHeight >= WindowHeight && StrideWidth >= WindowWidth;

    /// <summary>True for windows of 2x2 side by side, without padding.</summary>
    public bool IsTwoByTwo =>
        WindowHeight == 2 && WindowWidth == 2 && StrideHeight == 2 && StrideWidth == 2 && (PaddingTop | PaddingLeft | PaddingBottom | PaddingRight) == 0;

    /// <summary>The window that is the whole image.</summary>
    public static Pool2dShape Global(int batch, int height, int width, int channels) => new(batch, height, width, channels, height, width, 1, 1);

    /// <summary>Checks that the sizes make sense.</summary>
    /// <exception cref="ArgumentException">they do not; the message says what was found and what is needed</exception>
    public Pool2dShape Validate()
    {
        Positive(Batch, nameof(Batch));
        Positive(Channels, nameof(Channels));
        CheckAxis("Height", InputHeight, WindowHeight, StrideHeight, PaddingTop, PaddingBottom);
        CheckAxis("Width", InputWidth, WindowWidth, StrideWidth, PaddingLeft, PaddingRight);
        if ((double)Batch * Channels * InputHeight * InputWidth > int.MaxValue || (double)Batch * Channels * OutputHeight * OutputWidth > int.MaxValue)
            throw new ArgumentException($"{this} has more than {int.MaxValue:N0} values; make the batch smaller", "shape");
        return this;
    }

    /// <summary>The sizes as kernels take them.</summary>
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
        Positive(input, "Input" + axis);
        Positive(window, "Window" + axis);
        Positive(stride, "Stride" + axis);
        if (before < 0 || after < 0 || before >= window || after >= window)
        {
            throw new ArgumentException(
                $"padding of {before} and {after} does not go with a window of {window}: it must be 0 to {window - 1}, or a window would hold no pixel",
                "shape");
        }

        if ((long)input + before + after < window)
            throw new ArgumentException($"Window{axis} {window} is larger than the padded input ({input} + {before} + {after})", "shape");
    }

    private static void Positive(int value, string name)
    {
        if (value < 1) throw new ArgumentException($"{name} must be 1 or more, but is {value}", "shape");
    }
}
