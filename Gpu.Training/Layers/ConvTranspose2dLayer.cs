using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Training.Initialization;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>
/// Transposed convolution: the adjoint of a convolution with the same kernel, stride and padding, which enlarges an image by the stride.
/// Output extent = (input - 1) * stride + span - padding on both sides; with padding "same" input * stride.
/// </summary>
[LayerKind("transposed-convolution", "deconv")]
public sealed class ConvTranspose2dLayer : Layer
{
    /// <summary>A layer whose properties are set afterwards.</summary>
    public ConvTranspose2dLayer()
    {
    }

    /// <summary>A layer with so many output channels, a kernel size and a stride.</summary>
    [SetsRequiredMembers]
    public ConvTranspose2dLayer(int channels, Extent kernel, Extent stride)
    {
        Channels = channels;
        Kernel = kernel;
        Stride = stride;
    }

    /// <summary>Output channels, a multiple of <see cref="Groups"/>.</summary>
    public required int Channels { get; init; }

    /// <summary>Rows and columns of the kernel.</summary>
    public required Extent Kernel { get; init; }

    /// <summary>Rows and columns of output for one of input.</summary>
    public Extent Stride { get; init; } = 1;

    /// <summary>Rows and columns that are cut off the output on each side.</summary>
    public Padding Padding { get; init; } = Padding.Valid;

    /// <summary>Distance between two taps of the kernel.</summary>
    public Extent Dilation { get; init; } = 1;

    /// <summary>Groups of channels that do not see each other.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Whether a number is added to each output channel.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>Applied to the sum.</summary>
    public Activation Activation { get; init; } = Activation.None;

    /// <summary>How the weights are drawn.</summary>
    public Initializer Initializer { get; init; } = Initializer.Auto;

    private Extent Span => new((Kernel.Height - 1) * Dilation.Height + 1, (Kernel.Width - 1) * Dilation.Width + 1);

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        RequireImage(input);
        RequireRange("channels", Channels, 1);
        RequireRange("groups", Groups, 1);
        RequireRange("kernel", Math.Min(Kernel.Height, Kernel.Width), 1);
        RequireRange("stride", Math.Min(Stride.Height, Stride.Width), 1);
        RequireRange("dilation", Math.Min(Dilation.Height, Dilation.Width), 1);
        if (input.Channels % Groups != 0 || Channels % Groups != 0)
        {
            throw new ShapeException(
                $"groups is {Groups}, which must divide both the {input.Channels} input channels (it got {input}) and the {Channels} output channels. "
                + "Change groups or channels.");
        }

        var padding = PaddingFor(input);
        RequireRange("padding", Math.Min(Math.Min(padding.Top, padding.Left), Math.Min(padding.Bottom, padding.Right)), 0);
        var height = (input.Height - 1) * Stride.Height + Span.Height - padding.Top - padding.Bottom;
        var width = (input.Width - 1) * Stride.Width + Span.Width - padding.Left - padding.Right;
        if (height < 1 || width < 1)
            throw new ShapeException($"the padding {padding} cuts off everything: for the input {input} the output would be {height}x{width}. Use "
                + "less padding.");
        return TensorShape.Image(height, width, Channels);
    }

    /// <inheritdoc/>
    public override IEnumerable<ParameterDeclaration> DeclareParameters(TensorShape input)
    {
        var taps = Kernel.Height * Kernel.Width;
        var (fanIn, fanOut) = (taps * input.Channels / Groups, taps * Channels / Groups);
        // The weights of the convolution that this is the adjoint of: it leads from the output's channels to the input's.
        yield return new("weight", [Kernel.Height, Kernel.Width, Channels / Groups, input.Channels], fanIn, fanOut,
            WeightInitializer.Choose(Initializer, Activation), Decays: true);
        if (Bias) yield return new("bias", [Channels], fanIn, fanOut, WeightInitializer.ForBias(Initializer), Decays: false);
    }

    /// <inheritdoc/>
    public override long CountMultiplyAdds(TensorShape input, TensorShape output) =>
        (long)input.Length * Kernel.Height * Kernel.Width * (Channels / Groups);

    private Padding PaddingFor(TensorShape input) =>
        Padding.Resolve(input.Height * Stride.Height, input.Width * Stride.Width, Span, Stride);

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input)
    {
        // The convolution that this is the adjoint of leads from the output here to the input here.
        var padding = PaddingFor(node.Input);
        var shape = new Conv2dShape
        {
            Batch = 1,
            InputHeight = node.Output.Height,
            InputWidth = node.Output.Width,
            InputChannels = Channels,
            OutputChannels = node.Input.Channels,
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
            Algorithm = plan.Convolution,
        };
        var output = plan.Add(new Operation(node, shape, input), node.Output);
        return plan.Activate(node.Name, output, Activation);
    }

    private sealed class Operation(LayerNode node, Conv2dShape sample, PlanTensor input) : PlanOperation(node.Name, input)
    {
        private readonly string _weight = node.Parameter("weight").Name;
        private readonly string? _bias = node.FindParameter("bias")?.Name;

        public override bool HasParameters => true;

        public override bool KeepsInputs => true;

        public override bool CanGate => true;

        public override bool CanAccumulate => true;

        public override bool CanFuse(Activation activation, bool training) => !training || activation.DerivativeFromOutput;

        public override int WorkspaceLength(int batch, bool training) => ConvTranspose2d.WorkspaceLength(sample with { Batch = batch });

        public override void Forward(ForwardContext context) => ConvTranspose2d.Forward(
            context.Executor, sample with { Batch = context.Batch }, context.Input(0), context.Parameter(_weight), context.Parameter(_bias),
            context.Output, Activation, context.Workspace);

        public override void Backward(BackwardContext context)
        {
            var shape = sample with { Batch = context.Batch };
            ConvTranspose2d.BackwardWeights(
                context.Executor, shape, context.Input(0), context.OutputGradient, context.ParameterGradient(_weight), context.ParameterGradient(_bias),
                context.Workspace);
            if (context.InputGradient(0).IsEmpty) return;
            ConvTranspose2d.BackwardData(
                context.Executor, shape, context.OutputGradient, context.Parameter(_weight), context.InputGradient(0), context.Workspace,
                context.Gate(0), context.Input(0), context.Accumulate(0));
        }
    }
}
