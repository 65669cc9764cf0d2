using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;
using Gpu.Training.SourceCode;

namespace Gpu.Training.Layers;

/// <summary>
/// 2-D convolution (cross-correlation, as in other frameworks) with optional bias and activation: [height, width, in] to [output height, output width, out].
/// Weights [kernel height, kernel width, in / groups, out], bias [out].
/// Output size = floor((input + padding before + padding after - ((kernel - 1) * dilation + 1)) / stride) + 1; with padding "same" ceil(input / stride).
/// </summary>
[LayerKind("convolution", "conv")]
public sealed class Conv2dLayer : ConvolutionLayer
{
    /// <summary>Creates a layer whose required properties are set by an object initializer.</summary>
    public Conv2dLayer()
    {
    }

    /// <summary>Creates a layer with the given number of output channels and kernel size.</summary>
    [SetsRequiredMembers]
    public Conv2dLayer(int channels, Extent kernel)
    {
        Channels = channels;
        Kernel = kernel;
    }

    /// <summary>
    /// Whether the incoming weights of each filter are standardized before they are used: w' = (w - mean) / sqrt(variance + 1e-5)
    /// (<see cref="Kernels.WeightStandardization"/>). Each filter then needs at least two of them.
    /// </summary>
    public bool WeightStandardization { get; init; }

    private SlidingWindow Window => new(Kernel, Stride, Dilation, Padding);

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        RequireChannels(input);
        if (WeightStandardization && (long)Kernel.Height * Kernel.Width * (input.Channels / Groups) < 2)
        {
            throw new ShapeException(
                $"weightStandardization needs at least two incoming weights for each filter, but the kernel is {Kernel} and has one input channel. Omit it.");
        }

        var output = Window.OutputSize(input, "kernel");
        var result = TensorShape.Image(output.Height, output.Width, Channels);
        SampleShape(input, result, Window.PaddingFor(input), default).Validate();
        return result;
    }

    /// <inheritdoc/>
    protected override int[] WeightShape(TensorShape input) => [Kernel.Height, Kernel.Width, input.Channels / Groups, Channels];

    /// <inheritdoc/>
    public override long CountMultiplyAdds(TensorShape input, TensorShape output) =>
        (long)output.Length * ((long)Kernel.Height * Kernel.Width * (input.Channels / Groups));

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input)
    {
        var shape = SampleShape(node.Input, node.Output, Window.PaddingFor(node.Input), plan.Convolution);
        return plan.Activate(node.Name, plan.Add(new Operation(node, shape, input, plan.IsFrozen(node), WeightStandardization), node.Output), Activation);
    }

    private sealed class Operation(LayerNode node, Conv2dShape sample, PlanTensor input, bool isFrozen, bool standardizes)
        : WeightedOperation(node, input, isFrozen)
    {
        // Weights as a matrix [rows, columns]: a column has the incoming weights of a filter.
        private readonly int _columns = sample.OutputChannels;
        private readonly int _rows = sample.KernelHeight * sample.KernelWidth * (sample.InputChannels / sample.Groups);

        // Standardized weights and, behind them, their gradient.
        public override int SavedLength => standardizes ? 2 * StandardLength : 0;

        private int StandardLength => (int)ArenaLayout.Align((long)_rows * _columns);

        public override int WorkspaceLength(int batch, bool training) =>
            checked(Conv2d.WorkspaceLength(sample with { Batch = batch }) + (standardizes && Norm is null ? StandardLength : 0));

        // Weights are standardized in each pass, unless a batch normalization is folded into them.
        public override Conv2dShape? PackableShape(int batch) => standardizes && Norm is null ? null : sample with { Batch = batch };

        protected override void Forward(ForwardContext context, DeviceView weight, DeviceView bias)
        {
            var workspace = context.Workspace;
            // Folded weights are standardized already.
            if (standardizes && Norm is null)
            {
                // Without a backward pass they are needed only here.
                var isSaved = !context.Saved.IsEmpty;
                var standard = Standard(context);
                Kernels.WeightStandardization.Forward(context.Executor, _rows, _columns, weight, standard, isSaved ? StandardGradient(context) : default);
                if (!isSaved) workspace = workspace.Slice(StandardLength, workspace.Length - StandardLength);
                weight = standard;
            }

            Conv2d.Forward(context.Executor, sample with { Batch = context.Batch }, context.Input(0), weight, bias, context.Output, Activation, workspace);
        }

        protected override void WriteForward(ForwardCode code, string weight, string bias)
        {
            var shape = code.Shape(sample);
            var workspace = code.WorkspaceView;
            // Folded weights are standardized already.
            if (standardizes && Norm is null)
            {
                var (rows, columns, words) = (ForwardCode.Literal(_rows), ForwardCode.Literal(_columns), ForwardCode.Literal(StandardLength));
                var standard = $"{workspace}.Slice(0, {ForwardCode.Literal(_rows * _columns)})";
                code.Call("WeightStandardization.Forward", rows, columns, weight, standard, "default");
                code.Workspace($"Conv2d.WorkspaceLength({shape}) + {words}");
                (weight, workspace) = (standard, $"{workspace}.Slice({words}, {workspace}.Length - {words})");
            }
            else
                code.Workspace($"Conv2d.WorkspaceLength({shape})");
            code.Call("Conv2d.Forward", shape, code.Input(0), weight, bias, code.Output, code.Activation, workspace);
        }

        protected override void BackwardWeights(BackwardContext context, DeviceView weight, DeviceView weightGradient, DeviceView biasGradient)
        {
            var gradient = standardizes ? StandardGradient(context) : weightGradient;
            Conv2d.BackwardWeights(
                context.Executor, sample with { Batch = context.Batch }, context.Input(0), context.OutputGradient, gradient, biasGradient, context.Workspace);
            if (standardizes) Kernels.WeightStandardization.Backward(context.Executor, _rows, _columns, weight, gradient, weightGradient);
        }

        protected override void BackwardData(BackwardContext context, DeviceView weight) => Conv2d.BackwardData(
            context.Executor, sample with { Batch = context.Batch }, context.OutputGradient, standardizes ? Standard(context) : weight,
            context.InputGradient(0), context.Workspace, context.Gate(0), context.Input(0), context.Accumulate(0));

        private DeviceView Standard(ForwardContext context) => (context.Saved.IsEmpty ? context.Workspace : context.Saved).First(_rows * _columns);

        private DeviceView StandardGradient(ForwardContext context) => context.Saved.Slice(StandardLength, _rows * _columns);
    }
}
