using Gpu.Kernels;
using Gpu.Training.Initialization;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>What convolutions and transposed convolutions have in common.</summary>
public abstract class ConvolutionLayer : Layer
{
    /// <summary>Output channels, a multiple of <see cref="Groups"/>.</summary>
    public required int Channels { get; init; }

    /// <summary>Rows and columns of the kernel.</summary>
    public required Extent Kernel { get; init; }

    /// <summary>Pixels of the larger image for one of the smaller: from input to output, for a transposed convolution from output to input.</summary>
    public Extent Stride { get; init; } = 1;

    /// <summary>Zeros around the input; for a transposed convolution the rows and columns that are cut off the output.</summary>
    public Padding Padding { get; init; } = Padding.Valid;

    /// <summary>Distance between two taps of the kernel.</summary>
    public Extent Dilation { get; init; } = 1;

    /// <summary>Input and output channels are divided into so many groups that do not see each other; as many as input channels: depthwise.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Whether a number is added to each output channel.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>Applied to the sum.</summary>
    public Activation Activation { get; init; } = Activation.None;

    /// <summary>How the weights are drawn.</summary>
    public Initializer Initializer { get; init; } = Initializer.Auto;

    /// <inheritdoc/>
    public sealed override IEnumerable<ParameterDeclaration> DeclareParameters(TensorShape input)
    {
        var taps = Kernel.Height * Kernel.Width;
        var (fanIn, fanOut) = (taps * input.Channels / Groups, taps * Channels / Groups);
        yield return new("weight", WeightShape(input), fanIn, fanOut, WeightInitializer.Choose(Initializer, Activation), Decays: true);
        if (Bias) yield return new("bias", [Channels], fanIn, fanOut, WeightInitializer.ForBias(Initializer), Decays: false);
    }

    /// <summary>Extents of the weights.</summary>
    protected abstract int[] WeightShape(TensorShape input);

    /// <summary>Throws unless the input is an image whose channels, and those of the output, divide into the groups.</summary>
    private protected void RequireChannels(TensorShape input)
    {
        RequireImage(input);
        RequireRange("channels", Channels, 1);
        RequireRange("groups", Groups, 1);
        if (input.Channels % Groups == 0 && Channels % Groups == 0) return;
        throw new ShapeException(
            $"groups is {Groups}, which must divide both the {input.Channels} input channels (it got {input}) and the {Channels} output channels. "
            + "Change groups or channels.");
    }

    /// <summary>The convolution from the larger image to the smaller one, of one sample.</summary>
    private protected Conv2dShape SampleShape(TensorShape larger, TensorShape smaller, Padding padding, Conv2dAlgorithm algorithm) => new()
    {
        Batch = 1,
        InputHeight = larger.Height,
        InputWidth = larger.Width,
        InputChannels = larger.Channels,
        OutputChannels = smaller.Channels,
        KernelHeight = Kernel.Height,
        KernelWidth = Kernel.Width,
        StrideHeight = Stride.Height,
        StrideWidth = Stride.Width,
        PaddingTop = padding.Top,
        PaddingLeft = padding.Left,
        PaddingBottom = padding.Bottom,
        PaddingRight = padding.Right,
        DilationHeight = Dilation.Height,
        DilationWidth = Dilation.Width,
        Groups = Groups,
        Algorithm = algorithm,
    };
}
