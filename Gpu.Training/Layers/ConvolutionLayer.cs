using Gpu.Kernels;
using Gpu.Training.Initialization;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>Base class of convolution and transposed convolution.</summary>
public abstract class ConvolutionLayer : Layer
{
    /// <summary>Output channels; a multiple of <see cref="Groups"/>.</summary>
    public required int Channels { get; init; }

    /// <summary>Height and width of the kernel, in taps.</summary>
    public required Extent Kernel { get; init; }

    /// <summary>Stride in pixels of the input; for a transposed convolution in pixels of the output.</summary>
    public Extent Stride { get; init; } = 1;

    /// <summary>Rows and columns of zeros around the input; for a transposed convolution the rows and columns removed from the output.</summary>
    public Padding Padding { get; init; } = Padding.Valid;

    /// <summary>Distance between adjacent taps of the kernel, in pixels; 1 for an ordinary kernel.</summary>
    public Extent Dilation { get; init; } = 1;

    /// <summary>
    /// Number of channel groups: each output channel depends only on the input channels of its group. As many groups as input channels give a depthwise
    /// convolution.
    /// </summary>
    public int Groups { get; init; } = 1;

    /// <summary>Whether the layer adds a bias to each output channel.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>The activation, applied after the bias.</summary>
    public Activation Activation { get; init; } = Activation.None;

    /// <summary>The initializer of the weights.</summary>
    public Initializer Initializer { get; init; } = Initializer.Auto;

    /// <inheritdoc/>
    public sealed override IEnumerable<ParameterDeclaration> DeclareParameters(TensorShape input)
    {
        var taps = (long)Kernel.Height * Kernel.Width;
        var fanIn = ShapeLimits.Length("the inputs of one output", taps, input.Channels / Groups);
        var fanOut = ShapeLimits.Length("the outputs of one input", taps, Channels / Groups);
        yield return new("weight", WeightShape(input), fanIn, fanOut, WeightInitializer.Choose(Initializer, Activation), Decays: true);
        if (Bias) yield return new("bias", [Channels], fanIn, fanOut, WeightInitializer.ForBias(Initializer), Decays: false);
    }

    /// <summary>The shape of the weights for an input shape.</summary>
    protected abstract int[] WeightShape(TensorShape input);

    /// <summary>Checks that the input is an image, and that its channels and the output channels are multiples of <see cref="Groups"/>.</summary>
    /// <exception cref="ShapeException">the input is no image, or channels or groups do not fit</exception>
    private protected void RequireChannels(TensorShape input)
    {
        RequireImage(input);
        RequireRange("channels", Channels, 1, ShapeLimits.MaxDimension);
        RequireRange("groups", Groups, 1, ShapeLimits.MaxDimension);
        if (input.Channels % Groups == 0 && Channels % Groups == 0) return;
        throw new ShapeException(
            $"groups is {Groups}, which must divide both the {input.Channels} input channels (the input is {input}) and the {Channels} output channels. "
            + "Change groups or channels.");
    }

    /// <summary>The shape, for a batch of 1, of the convolution from the larger image to the smaller one.</summary>
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
