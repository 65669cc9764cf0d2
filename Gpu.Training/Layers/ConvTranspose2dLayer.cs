using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>
/// Transposed convolution: the adjoint of a convolution with the same kernel, stride and padding, which enlarges an image by the stride.
/// Output extent = (input - 1) * stride + span - padding on both sides; with padding "same" input * stride. Weights [kh, kw, out / groups, in].
/// </summary>
[LayerKind("transposed-convolution", "deconv")]
public sealed class ConvTranspose2dLayer : ConvolutionLayer
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

    private Extent Span => new((Kernel.Height - 1) * Dilation.Height + 1, (Kernel.Width - 1) * Dilation.Width + 1);

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        RequireChannels(input);
        RequireRange("kernel", Math.Min(Kernel.Height, Kernel.Width), 1);
        RequireRange("stride", Math.Min(Stride.Height, Stride.Width), 1);
        RequireRange("dilation", Math.Min(Dilation.Height, Dilation.Width), 1);
        var padding = PaddingFor(input);
        RequireRange("padding", Math.Min(Math.Min(padding.Top, padding.Left), Math.Min(padding.Bottom, padding.Right)), 0);
        var height = (input.Height - 1) * Stride.Height + Span.Height - padding.Top - padding.Bottom;
        var width = (input.Width - 1) * Stride.Width + Span.Width - padding.Left - padding.Right;
        if (height < 1 || width < 1)
        {
            throw new ShapeException(
                $"the padding {padding} cuts off everything: for the input {input} the output would be {height}x{width}. Use less padding.");
        }

        return TensorShape.Image(height, width, Channels);
    }

    /// <inheritdoc/>
    // The weights of the convolution that this is the adjoint of, which leads from the output's channels to the input's.
    protected override int[] WeightShape(TensorShape input) => [Kernel.Height, Kernel.Width, Channels / Groups, input.Channels];

    /// <inheritdoc/>
    public override long CountMultiplyAdds(TensorShape input, TensorShape output) =>
        (long)input.Length * Kernel.Height * Kernel.Width * (Channels / Groups);

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input)
    {
        var shape = SampleShape(node.Output, node.Input, PaddingFor(node.Input), plan.Convolution);
        return plan.Activate(node.Name, plan.Add(new Operation(node, shape, input), node.Output), Activation);
    }

    private Padding PaddingFor(TensorShape input) => Padding.Resolve(input.Height * Stride.Height, input.Width * Stride.Width, Span, Stride);

    private sealed class Operation(LayerNode node, Conv2dShape sample, PlanTensor input) : WeightedOperation(node, input)
    {
        public override int WorkspaceLength(int batch, bool training) => ConvTranspose2d.WorkspaceLength(sample with { Batch = batch });

        protected override void Forward(ForwardContext context, DeviceView weight, DeviceView bias) => ConvTranspose2d.Forward(
            context.Executor, sample with { Batch = context.Batch }, context.Input(0), weight, bias, context.Output, Activation, context.Workspace);

        protected override void BackwardWeights(BackwardContext context, DeviceView weightGradient, DeviceView biasGradient) => ConvTranspose2d.BackwardWeights(
            context.Executor, sample with { Batch = context.Batch }, context.Input(0), context.OutputGradient, weightGradient, biasGradient, context.Workspace);

        protected override void BackwardData(BackwardContext context, DeviceView weight) => ConvTranspose2d.BackwardData(
            context.Executor, sample with { Batch = context.Batch }, context.OutputGradient, weight, context.InputGradient(0), context.Workspace,
            context.Gate(0), context.Input(0), context.Accumulate(0));
    }
}
