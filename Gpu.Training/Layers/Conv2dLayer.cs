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

    private SlidingWindow Window => new(Kernel, Stride, Dilation, Padding);

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        RequireChannels(input);
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
        return plan.Activate(node.Name, plan.Add(new Operation(node, shape, input, plan.IsFrozen(node)), node.Output), Activation);
    }

    private sealed class Operation(LayerNode node, Conv2dShape sample, PlanTensor input, bool isFrozen) : WeightedOperation(node, input, isFrozen)
    {
        public override int WorkspaceLength(int batch, bool training) => Conv2d.WorkspaceLength(sample with { Batch = batch });

        protected override void Forward(ForwardContext context, DeviceView weight, DeviceView bias) => Conv2d.Forward(
            context.Executor, sample with { Batch = context.Batch }, context.Input(0), weight, bias, context.Output, Activation, context.Workspace);

        protected override void WriteForward(ForwardCode code, string weight, string bias)
        {
            var shape = code.Shape(sample);
            code.Workspace($"Conv2d.WorkspaceLength({shape})");
            code.Call("Conv2d.Forward", shape, code.Input(0), weight, bias, code.Output, code.Activation, code.WorkspaceView);
        }

        protected override void BackwardWeights(BackwardContext context, DeviceView weightGradient, DeviceView biasGradient) => Conv2d.BackwardWeights(
            context.Executor, sample with { Batch = context.Batch }, context.Input(0), context.OutputGradient, weightGradient, biasGradient, context.Workspace);

        protected override void BackwardData(BackwardContext context, DeviceView weight) => Conv2d.BackwardData(
            context.Executor, sample with { Batch = context.Batch }, context.OutputGradient, weight, context.InputGradient(0), context.Workspace,
            context.Gate(0), context.Input(0), context.Accumulate(0));
    }
}
