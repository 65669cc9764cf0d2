namespace Gpu.Kernels;

/// <summary>
/// The sizes of a 2-D convolution. Activations are [batch, height, width, channels], weights
/// [kernel height, kernel width, input channels / groups, output channels].
/// </summary>
public readonly record struct Conv2dShape
{
    /// <summary>Images.</summary>
    public required int Batch { get; init; }

    /// <summary>Rows of the input, in pixels.</summary>
    public required int InputHeight { get; init; }

    /// <summary>Columns of the input, in pixels.</summary>
    public required int InputWidth { get; init; }

    /// <summary>Channels of the input.</summary>
    public required int InputChannels { get; init; }

    /// <summary>Channels of the output.</summary>
    public required int OutputChannels { get; init; }

    /// <summary>Rows of the kernel.</summary>
    public required int KernelHeight { get; init; }

    /// <summary>Columns of the kernel.</summary>
    public required int KernelWidth { get; init; }

    /// <summary>Input rows from one output row to the next.</summary>
    public int StrideHeight { get; init; } = 1;

    /// <summary>Input columns from one output column to the next.</summary>
    public int StrideWidth { get; init; } = 1;

    /// <summary>Rows of zeros above.</summary>
    public int PaddingTop { get; init; }

    /// <summary>Columns of zeros to the left.</summary>
    public int PaddingLeft { get; init; }

    /// <summary>Rows of zeros below.</summary>
    public int PaddingBottom { get; init; }

    /// <summary>Columns of zeros to the right.</summary>
    public int PaddingRight { get; init; }

    /// <summary>Input rows between neighbouring rows of the kernel.</summary>
    public int DilationHeight { get; init; } = 1;

    /// <summary>Input columns between neighbouring columns of the kernel.</summary>
    public int DilationWidth { get; init; } = 1;

    /// <summary>Groups that the channels are cut into; an output channel sees the inputs of its own group. The input's channels for depthwise.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>The algorithm for all passes where that is possible; where it is not, the fastest one.</summary>
    public Conv2dAlgorithm Algorithm { get; init; }

    /// <summary>Creates a shape with stride, dilation and groups 1 and no padding.</summary>
    public Conv2dShape()
    {
    }

    /// <summary>Rows of the output: floor((H + padding - dilation * (kernel - 1) - 1) / stride) + 1.</summary>
    public int OutputHeight =>
        Extent(InputHeight + PaddingTop + PaddingBottom, KernelHeight, StrideHeight, DilationHeight);

    /// <summary>Columns of the output.</summary>
    public int OutputWidth =>
        Extent(InputWidth + PaddingLeft + PaddingRight, KernelWidth, StrideWidth, DilationWidth);

    /// <summary>Input channels of a group.</summary>
    public int InputPerGroup => InputChannels / Groups;

    /// <summary>Output channels of a group.</summary>
    public int OutputPerGroup => OutputChannels / Groups;

    /// <summary>Words of the input.</summary>
    public int InputLength => checked(Batch * InputHeight * InputWidth * InputChannels);

    /// <summary>Words of the output.</summary>
    public int OutputLength => checked(Batch * OutputHeight * OutputWidth * OutputChannels);

    /// <summary>Words of the weights.</summary>
    public int WeightLength => checked(KernelHeight * KernelWidth * InputPerGroup * OutputChannels);

    /// <summary>Multiply-adds of one pass.</summary>
    public long MultiplyAdds => (long)Batch * OutputHeight * OutputWidth * WeightLength;

    /// <summary>Every output pixel is a product of one input pixel: the layer is one matrix product.</summary>
    public bool IsPointwise =>
        KernelHeight == 1 && KernelWidth == 1 && StrideHeight == 1 && StrideWidth == 1
        && PaddingTop == 0 && PaddingLeft == 0 && PaddingBottom == 0 && PaddingRight == 0;

    /// <summary>A dense layer: one pixel a sample.</summary>
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

    /// <summary>Checks that the sizes make a convolution.</summary>
    /// <exception cref="ArgumentException">they do not; the message says which and why</exception>
    public Conv2dShape Validate()
    {
        Positive(Batch, "batch");
        Positive(InputHeight, "input height");
        Positive(InputWidth, "input width");
        Positive(InputChannels, "input channels");
        Positive(OutputChannels, "output channels");
        Positive(KernelHeight, "kernel height");
        Positive(KernelWidth, "kernel width");
        Positive(StrideHeight, "stride");
        Positive(StrideWidth, "stride");
        Positive(DilationHeight, "dilation");
        Positive(DilationWidth, "dilation");
        Positive(Groups, "groups");
        if (PaddingTop < 0 || PaddingLeft < 0 || PaddingBottom < 0 || PaddingRight < 0) throw new ArgumentException("padding must not be negative");
        if (InputChannels % Groups != 0) throw new ArgumentException($"{InputChannels} input channels cannot be cut into {Groups} groups");
        if (OutputChannels % Groups != 0) throw new ArgumentException($"{OutputChannels} output channels cannot be cut into {Groups} groups");
        if (OutputHeight < 1 || OutputWidth < 1)
        {
            throw new ArgumentException(
                $"a {KernelHeight}x{KernelWidth} kernel with dilation {DilationHeight}x{DilationWidth} does not fit the padded input of "
                + $"{InputHeight + PaddingTop + PaddingBottom}x{InputWidth + PaddingLeft + PaddingRight}");
        }

        return this;
    }

    private static void Positive(int value, string name)
    {
        if (value < 1) throw new ArgumentException($"{name} must be at least 1, but is {value}");
    }

    private static int Extent(int padded, int kernel, int stride, int dilation)
    {
        var span = padded - dilation * (kernel - 1) - 1;
        return span < 0 ? 0 : span / stride + 1;
    }
}
