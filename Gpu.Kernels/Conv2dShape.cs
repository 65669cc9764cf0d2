namespace Gpu.Kernels;

/// <summary>
/// The sizes of a 2-D convolution. Activations are [batch, height, width, channels], weights
/// [kernel height, kernel width, input channels / groups, output channels].
/// </summary>
/// <example><code>
/// var shape = new Conv2dShape
/// {
///     Batch = 128, InputHeight = 28, InputWidth = 28, InputChannels = 1, OutputChannels = 32, KernelHeight = 3, KernelWidth = 3,
/// };
/// </code></example>
public readonly record struct Conv2dShape
{
    /// <summary>Images in a batch.</summary>
    public required int Batch { get; init; }

    /// <summary>Height of the input, in pixels.</summary>
    public required int InputHeight { get; init; }

    /// <summary>Width of the input, in pixels.</summary>
    public required int InputWidth { get; init; }

    /// <summary>Channels of the input.</summary>
    public required int InputChannels { get; init; }

    /// <summary>Channels of the output.</summary>
    public required int OutputChannels { get; init; }

    /// <summary>Height of the kernel, in pixels.</summary>
    public required int KernelHeight { get; init; }

    /// <summary>Width of the kernel, in pixels.</summary>
    public required int KernelWidth { get; init; }

    /// <summary>Vertical stride: input rows per output row.</summary>
    public int StrideHeight { get; init; } = 1;

    /// <summary>Horizontal stride: input columns per output column.</summary>
    public int StrideWidth { get; init; } = 1;

    /// <summary>Rows of zeros above the input.</summary>
    public int PaddingTop { get; init; }

    /// <summary>Columns of zeros to the left of the input.</summary>
    public int PaddingLeft { get; init; }

    /// <summary>Rows of zeros below the input.</summary>
    public int PaddingBottom { get; init; }

    /// <summary>Columns of zeros to the right of the input.</summary>
    public int PaddingRight { get; init; }

    /// <summary>Vertical dilation: input rows from one row of the kernel to the next.</summary>
    public int DilationHeight { get; init; } = 1;

    /// <summary>Horizontal dilation: input columns from one column of the kernel to the next.</summary>
    public int DilationWidth { get; init; } = 1;

    /// <summary>
    /// Groups of channels. Each output channel depends on the input channels of its own group only. With <see cref="InputChannels"/> groups the convolution is
    /// depthwise.
    /// </summary>
    public int Groups { get; init; } = 1;

    /// <summary>The algorithm to use where the shape, pass and device allow it; elsewhere the fastest one is used.</summary>
    public Conv2dAlgorithm Algorithm { get; init; }

    /// <summary>Creates a shape with stride, dilation and groups 1, and no padding.</summary>
    public Conv2dShape()
    {
    }

    /// <summary>Height of the output: floor((height + padding - dilation * (kernel - 1) - 1) / stride) + 1.</summary>
    public int OutputHeight =>
        Extent((long)InputHeight + PaddingTop + PaddingBottom, KernelHeight, StrideHeight, DilationHeight);

    /// <summary>Width of the output, by the formula of <see cref="OutputHeight"/>.</summary>
    public int OutputWidth =>
        Extent((long)InputWidth + PaddingLeft + PaddingRight, KernelWidth, StrideWidth, DilationWidth);

    /// <summary>Input channels per group.</summary>
    public int InputPerGroup => InputChannels / Groups;

    /// <summary>Output channels per group.</summary>
    public int OutputPerGroup => OutputChannels / Groups;

    /// <summary>Words of the input.</summary>
    public int InputLength => ShapeLimits.Length("the input", Batch, InputHeight, InputWidth, InputChannels);

    /// <summary>Words of the output.</summary>
    public int OutputLength => ShapeLimits.Length("the output", Batch, OutputHeight, OutputWidth, OutputChannels);

    /// <summary>Words of the weights.</summary>
    public int WeightLength => ShapeLimits.Length("the weights", KernelHeight, KernelWidth, InputPerGroup, OutputChannels);

    /// <summary>Multiply-adds of one pass.</summary>
    public long MultiplyAdds => (long)Batch * OutputHeight * OutputWidth * WeightLength;

    /// <summary>True for 1x1 kernels with stride 1 and no padding. The convolution of each group is then a single matrix product.</summary>
    public bool IsPointwise =>
        KernelHeight == 1 && KernelWidth == 1 && StrideHeight == 1 && StrideWidth == 1
        && PaddingTop == 0 && PaddingLeft == 0 && PaddingBottom == 0 && PaddingRight == 0;

    /// <summary>The shape of a dense layer: a convolution on images of one pixel.</summary>
    /// <param name="batch">samples in a batch</param>
    /// <param name="inputs">input features</param>
    /// <param name="outputs">output features</param>
    public static Conv2dShape Dense(int batch, int inputs, int outputs) => new()
    {
        Batch = batch,
        InputHeight = 1,
        InputWidth = 1,
        InputChannels = inputs,
        OutputChannels = outputs,
        KernelHeight = 1,
        KernelWidth = 1,
    };

    /// <summary>Checks the sizes, and returns the shape.</summary>
    /// <exception cref="ArgumentException">a size is out of range; the message names it and says why</exception>
    public Conv2dShape Validate()
    {
        ShapeLimits.RequireDimension("batch", Batch);
        ShapeLimits.RequireDimension("input height", InputHeight);
        ShapeLimits.RequireDimension("input width", InputWidth);
        ShapeLimits.RequireDimension("input channels", InputChannels);
        ShapeLimits.RequireDimension("output channels", OutputChannels);
        ShapeLimits.RequireDimension("groups", Groups);
        RequireWindow("kernel height", KernelHeight, 1);
        RequireWindow("kernel width", KernelWidth, 1);
        RequireWindow("stride", StrideHeight, 1);
        RequireWindow("stride", StrideWidth, 1);
        RequireWindow("dilation", DilationHeight, 1);
        RequireWindow("dilation", DilationWidth, 1);
        RequireWindow("padding", PaddingTop, 0);
        RequireWindow("padding", PaddingLeft, 0);
        RequireWindow("padding", PaddingBottom, 0);
        RequireWindow("padding", PaddingRight, 0);
        if (InputChannels % Groups != 0) throw new ArgumentException($"{InputChannels} input channels cannot be divided into {Groups} groups");
        if (OutputChannels % Groups != 0) throw new ArgumentException($"{OutputChannels} output channels cannot be divided into {Groups} groups");
        if (OutputHeight < 1 || OutputWidth < 1)
        {
            throw new ArgumentException(
                $"a {KernelHeight}x{KernelWidth} kernel with dilation {DilationHeight}x{DilationWidth} does not fit the padded input of "
                + $"{InputHeight + PaddingTop + PaddingBottom}x{InputWidth + PaddingLeft + PaddingRight}");
        }

        _ = (InputLength, OutputLength);
        // Partial sums of a weight gradient hold the weights and the bias, rounded up to 16 words.
        _ = ShapeLimits.Length("the weights with the bias", (long)WeightLength + OutputChannels + 15);
        return this;
    }

    private static void RequireWindow(string what, int value, int least) => ShapeLimits.Require(what, value, least, ShapeLimits.MaxWindow);

    private static int Extent(long padded, int kernel, int stride, int dilation)
    {
        var span = padded - (long)dilation * (kernel - 1) - 1;
        return span < 0 ? 0 : checked((int)(span / stride + 1));
    }
}
