using Gpu.Kernels.Convolution;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>
/// 2-D transposed convolution: the linear map whose matrix is the transpose of a convolution's. The shape is that of the convolution, which maps the larger
/// image [n, h, w, c] (the output here) to the smaller image [n, oh, ow, k] (the input here). Weights are [kh, kw, c / groups, k], the bias is [c].
/// The passes are those of the convolution with the roles of input and output swapped. Views must hold exactly the words that the shape gives; otherwise an
/// <see cref="ArgumentException"/> names the view.
/// </summary>
/// <example><code>ConvTranspose2d.Forward(device, shape, small, weights, bias, large, Activation.Relu, workspace);</code></example>
public static class ConvTranspose2d
{
    /// <summary>Words of workspace for all three passes. Its content need not be kept between calls.</summary>
    public static int WorkspaceLength(Conv2dShape shape) => Math.Max(Conv2d.WorkspaceLength(shape), ChannelSum.WorkspaceLength(shape.InputChannels));

    /// <summary>Computes output = f(transposed convolution(input, weights) + bias).</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes of the convolution</param>
    /// <param name="input">[n, oh, ow, k]</param>
    /// <param name="weights">[kh, kw, c / groups, k]</param>
    /// <param name="bias">[c]; empty for none</param>
    /// <param name="output">receives [n, h, w, c]</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">the shape is invalid, or a view has the wrong length</exception>
    public static void Forward(
        IExecutor executor, Conv2dShape shape, DeviceView input, DeviceView weights, DeviceView bias, DeviceView output, Activation activation,
        DeviceView workspace)
    {
        shape.Validate();
        input.Require(shape.OutputLength, nameof(input));
        weights.Require(shape.WeightLength, nameof(weights));
        output.Require(shape.InputLength, nameof(output));
        if (!bias.IsEmpty) bias.Require(shape.InputChannels, nameof(bias));
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        Operands.Check(
            executor,
            [new(output, nameof(output)), new(workspace, nameof(workspace))],
            [new(input, nameof(input)), new(weights, nameof(weights)), new(bias, nameof(bias))]);
        Conv2d.Execute(executor, new()
        {
            Shape = shape, Pass = Conv2dPass.InputGradient, Input = input, Weights = weights, Bias = bias, Output = output, Activation = activation,
            Workspace = workspace,
        });
    }

    /// <summary>Computes the gradient with respect to the input.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes of the convolution</param>
    /// <param name="outputGradient">the gradient with respect to the output before f, [n, h, w, c]</param>
    /// <param name="weights">[kh, kw, c / groups, k]</param>
    /// <param name="inputGradient">receives the gradient with respect to the input, [n, oh, ow, k]</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <param name="gate">the activation that produced the input, to get the gradient before it; see <see cref="Activation"/>; default: none</param>
    /// <param name="input">the input of the forward pass, [n, oh, ow, k]; needed only with a gate</param>
    /// <param name="accumulate">adds to <paramref name="inputGradient"/> instead of overwriting it</param>
    /// <exception cref="ArgumentException">the shape is invalid, a view has the wrong length, or the gate's derivative needs more than its output</exception>
    public static void BackwardData(
        IExecutor executor, Conv2dShape shape, DeviceView outputGradient, DeviceView weights, DeviceView inputGradient, DeviceView workspace,
        Activation gate = default, DeviceView input = default, bool accumulate = false)
    {
        shape.Validate();
        outputGradient.Require(shape.InputLength, nameof(outputGradient));
        weights.Require(shape.WeightLength, nameof(weights));
        inputGradient.Require(shape.OutputLength, nameof(inputGradient));
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        if (gate.Kind != ActivationKind.Identity) input.Require(shape.OutputLength, nameof(input));
        Operands.Check(
            executor,
            [new(inputGradient, nameof(inputGradient)), new(workspace, nameof(workspace))],
            [new(outputGradient, nameof(outputGradient)), new(weights, nameof(weights)), Operand.OfGate(gate, input)]);
        Conv2d.Execute(executor, new Conv2dArguments
        {
            Shape = shape, Pass = Conv2dPass.Forward, Input = outputGradient, Weights = weights, Output = inputGradient, Workspace = workspace,
        }.WithGate(gate, input, accumulate));
    }

    /// <summary>Computes the gradients with respect to weights and bias, and adds them to what the views hold.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes of the convolution</param>
    /// <param name="input">the input of the forward pass, [n, oh, ow, k]</param>
    /// <param name="outputGradient">the gradient with respect to the output before f, [n, h, w, c]</param>
    /// <param name="weightGradient">the gradient of the weights, [kh, kw, c / groups, k]; added to</param>
    /// <param name="biasGradient">the gradient of the bias, [c]; added to; empty for none</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">the shape is invalid, or a view has the wrong length</exception>
    public static void BackwardWeights(
        IExecutor executor, Conv2dShape shape, DeviceView input, DeviceView outputGradient, DeviceView weightGradient, DeviceView biasGradient,
        DeviceView workspace)
    {
        // Conv2d checks for its own part only: the bias sums may need more.
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        shape.Validate();
        outputGradient.Require(shape.InputLength, nameof(outputGradient));
        input.Require(shape.OutputLength, nameof(input));
        if (!biasGradient.IsEmpty) biasGradient.Require(shape.InputChannels, nameof(biasGradient));
        Operands.Check(
            executor,
            [new(weightGradient, nameof(weightGradient)), new(biasGradient, nameof(biasGradient)), new(workspace, nameof(workspace))],
            [new(input, nameof(input)), new(outputGradient, nameof(outputGradient))]);
        // The larger image is the input of the convolution, the smaller one its output.
        Conv2d.BackwardWeights(executor, shape, outputGradient, input, weightGradient, default, workspace);
        if (!biasGradient.IsEmpty) ChannelSum.Add(executor, outputGradient, shape.InputChannels, biasGradient, workspace);
    }
}
