using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Training.Initialization;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>2-D convolution (cross-correlation, as everywhere in the field) over an image; weights [kh, kw, in / groups, out].</summary>
[LayerKind("convolution", "conv")]
public sealed class Conv2dLayer : Layer
{
    /// <summary>A layer whose properties are set afterwards.</summary>
    public Conv2dLayer()
    {
    }

    /// <summary>A layer with so many output channels and a kernel size.</summary>
    [SetsRequiredMembers]
    public Conv2dLayer(int channels, Extent kernel)
    {
        Channels = channels;
        Kernel = kernel;
    }

    /// <summary>Output channels, a multiple of <see cref="Groups"/>.</summary>
    public required int Channels { get; init; }

    /// <summary>Rows and columns of the kernel.</summary>
    public required Extent Kernel { get; init; }

    /// <summary>Steps between two outputs.</summary>
    public Extent Stride { get; init; } = 1;

    /// <summary>Zeros around the image.</summary>
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

    private SlidingWindow Window => new(Kernel, Stride, Dilation, Padding);

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        RequireImage(input);
        RequireRange("channels", Channels, 1);
        RequireRange("groups", Groups, 1);
        if (input.Channels % Groups != 0 || Channels % Groups != 0)
        {
            throw new ShapeException(
                $"groups is {Groups}, which must divide both the {input.Channels} input channels (it got {input}) and the {Channels} output channels. "
                + "Change groups or channels.");
        }

        var output = Window.OutputOf(input, "kernel");
        return TensorShape.Image(output.Height, output.Width, Channels);
    }

    /// <inheritdoc/>
    public override IEnumerable<ParameterDeclaration> DeclareParameters(TensorShape input)
    {
        var taps = Kernel.Height * Kernel.Width;
        var (fanIn, fanOut) = (taps * input.Channels / Groups, taps * Channels / Groups);
        yield return new("weight", [Kernel.Height, Kernel.Width, input.Channels / Groups, Channels], fanIn, fanOut,
            WeightInitializer.Choose(Initializer, Activation), Decays: true);
        if (Bias) yield return new("bias", [Channels], fanIn, fanOut, WeightInitializer.ForBias(Initializer), Decays: false);
    }

    /// <inheritdoc/>
    public override long CountMultiplyAdds(TensorShape input, TensorShape output) =>
        (long)output.Length * Kernel.Height * Kernel.Width * (input.Channels / Groups);

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input)
    {
        var padding = Window.PaddingFor(node.Input);
        var shape = new Conv2dShape
        {
            Batch = 1,
            InputHeight = node.Input.Height,
            InputWidth = node.Input.Width,
            InputChannels = node.Input.Channels,
            OutputChannels = Channels,
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

        public override int WorkspaceLength(int batch, bool training) => Conv2d.WorkspaceLength(sample with { Batch = batch });

        public override void Forward(ForwardContext context) => Conv2d.Forward(
            context.Executor, sample with { Batch = context.Batch }, context.Input(0), context.Parameter(_weight), context.Parameter(_bias),
            context.Output, Activation, context.Workspace);

        public override void Backward(BackwardContext context)
        {
            var shape = sample with { Batch = context.Batch };
            Conv2d.BackwardWeights(
                context.Executor, shape, context.Input(0), context.OutputGradient, context.ParameterGradient(_weight), context.ParameterGradient(_bias),
                context.Workspace);
            if (context.InputGradient(0).IsEmpty) return;
            Conv2d.BackwardData(
                context.Executor, shape, context.OutputGradient, context.Parameter(_weight), context.InputGradient(0), context.Workspace,
                context.Gate(0), context.Input(0), context.Accumulate(0));
        }
    }
}
