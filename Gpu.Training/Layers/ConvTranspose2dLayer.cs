using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Initialization;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;
using Gpu.Training.SourceCode;

namespace Gpu.Training.Layers;

/// <summary>
/// 2-D transposed convolution: the adjoint of a convolution with the same kernel, stride and padding. It enlarges the image by the stride:
/// [height, width, in] to [output height, output width, out]. Weights [kernel height, kernel width, out / groups, in], bias [out].
/// Output size = (input - 1) * stride + (kernel - 1) * dilation + 1 - padding before - padding after; with padding "same" input * stride if the dilated
/// kernel is at least the stride.
/// </summary>
[LayerKind("transposed-convolution", "deconv")]
public sealed class ConvTranspose2dLayer : ConvolutionLayer
{
    /// <summary>Creates a layer whose required properties are set by an object initializer.</summary>
    public ConvTranspose2dLayer()
    {
    }

    /// <summary>Creates a layer with the given number of output channels, kernel size and stride.</summary>
    [SetsRequiredMembers]
    public ConvTranspose2dLayer(int channels, Extent kernel, Extent stride)
    {
        Channels = channels;
        Kernel = kernel;
        Stride = stride;
    }

    private SlidingWindow Window => new(Kernel, Stride, Dilation, Padding);

    private Extent DilatedKernel => Window.DilatedSize;

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        RequireChannels(input);
        WeightInitializer.RefuseDirac(Initializer);
        Window.RequireRanges("kernel");
        var padding = PaddingFor(input);
        var height = (input.Height - 1L) * Stride.Height + DilatedKernel.Height - padding.Top - padding.Bottom;
        var width = (input.Width - 1L) * Stride.Width + DilatedKernel.Width - padding.Left - padding.Right;
        if (height < 1 || width < 1)
        {
            throw new ShapeException(
                $"the padding {padding} removes the whole output: for the input {input} it would be {height}x{width}. Use less padding.");
        }

        if (Math.Max(height, width) > ShapeLimits.MaxDimension)
        {
            throw new ShapeException(
                $"its output would be {height}x{width}, but each side can be at most {ShapeLimits.MaxDimension:N0}. Use a smaller stride.");
        }

        var result = TensorShape.Image((int)height, (int)width, Channels);
        SampleShape(result, input, padding, default).Validate();
        return result;
    }

    /// <inheritdoc/>
    // The weights of the adjoint convolution, whose input channels are the output channels of this layer.
    protected override int[] WeightShape(TensorShape input) => [Kernel.Height, Kernel.Width, Channels / Groups, input.Channels];

    /// <inheritdoc/>
    public override long CountMultiplyAdds(TensorShape input, TensorShape output) =>
        (long)input.Length * ((long)Kernel.Height * Kernel.Width * (Channels / Groups));

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input)
    {
        var shape = SampleShape(node.Output, node.Input, PaddingFor(node.Input), plan.Convolution);
        return plan.Activate(node.Name, plan.Add(new Operation(node, shape, input, plan.IsFrozen(node)), node.Output), Activation);
    }

    private Padding PaddingFor(TensorShape input) =>
        Padding.Resolve(Enlarged(input.Height, Stride.Height), Enlarged(input.Width, Stride.Width), DilatedKernel, Stride);

    private static int Enlarged(int size, int stride) => (int)Math.Min(int.MaxValue, (long)size * stride);

    private sealed class Operation(LayerNode node, Conv2dShape sample, PlanTensor input, bool isFrozen) : WeightedOperation(node, input, isFrozen)
    {
        public override int WorkspaceLength(int batch, bool training) => ConvTranspose2d.WorkspaceLength(sample with { Batch = batch });

        protected override void Forward(ForwardContext context, DeviceView weight, DeviceView bias) => ConvTranspose2d.Forward(
            context.Executor, sample with { Batch = context.Batch }, context.Input(0), weight, bias, context.Output, Activation, context.Workspace);

        protected override void WriteForward(ForwardCode code, string weight, string bias)
        {
            var shape = code.Shape(sample);
            code.Workspace($"ConvTranspose2d.WorkspaceLength({shape})");
            code.Call("ConvTranspose2d.Forward", shape, code.Input(0), weight, bias, code.Output, code.Activation, code.WorkspaceView);
        }

        protected override void BackwardWeights(
            BackwardContext context, DeviceView weight, DeviceView weightGradient, DeviceView biasGradient) => ConvTranspose2d.BackwardWeights(
            context.Executor, sample with { Batch = context.Batch }, context.Input(0), context.OutputGradient, weightGradient, biasGradient, context.Workspace);

        protected override void BackwardData(BackwardContext context, DeviceView weight) => ConvTranspose2d.BackwardData(
            context.Executor, sample with { Batch = context.Batch }, context.OutputGradient, weight, context.InputGradient(0), context.Workspace,
            context.Gate(0), context.Input(0), context.Accumulate(0));
    }
}
