using Gpu.Kernels.Convolution;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>
/// 2-D transposed convolution: the map whose matrix is the transpose of a convolution's. The shape is that convolution's, from the larger image
/// (the output here) to the smaller one (the input here): input [n, oh, ow, k], output [n, h, w, c], weights [kh, kw, c / groups, k], bias [c].
/// The passes are the convolution's with the roles swapped. Views must hold exactly the words that the shape says; otherwise an
/// <see cref="ArgumentException"/> names the one that does not.
/// </summary>
public static class ConvTranspose2d
{
    /// <summary>Words of workspace that the three passes may use. Its content need not be kept between calls.</summary>
    public static int WorkspaceLength(Conv2dShape shape) => Math.Max(Conv2d.WorkspaceLength(shape), ChannelSum.WorkspaceLength(shape.InputChannels));

    /// <summary>output = f(transposed convolution(input, weights) + bias).</summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">the sizes of the convolution</param>
    /// <param name="input">[n, oh, ow, k]</param>
    /// <param name="weights">[kh, kw, c / groups, k]</param>
    /// <param name="bias">[c], or an empty view for none</param>
    /// <param name="output">[n, h, w, c]</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">sizes that make no convolution, or a view of another length</exception>
    public static void Forward(
        IExecutor executor, Conv2dShape shape, DeviceView input, DeviceView weights, DeviceView bias, DeviceView output, Activation activation, DeviceView workspace)
    {
        shape.Validate();
        input.Require(shape.OutputLength, nameof(input));
        weights.Require(shape.WeightLength, nameof(weights));
        output.Require(shape.InputLength, nameof(output));
        if (!bias.IsEmpty) bias.Require(shape.InputChannels, nameof(bias));
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        Conv2d.Execute(executor, new()
        {
            Shape = shape, Pass = Conv2dPass.InputGradient, Input = input, Weights = weights, Bias = bias, Output = output, Activation = activation, Workspace = workspace,
        });
    }

    /// <summary>The gradient of the input.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">the sizes of the convolution</param>
    /// <param name="outputGradient">[n, h, w, c], with respect to the sum (before its activation)</param>
    /// <param name="weights">[kh, kw, c / groups, k]</param>
    /// <param name="inputGradient">[n, oh, ow, k], overwritten unless <paramref name="accumulate"/></param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <param name="gate">the activation whose output <paramref name="input"/> is, as in <see cref="Conv2d.BackwardData"/></param>
    /// <param name="input">the forward pass's input; needed with a gate</param>
    /// <param name="accumulate">adds to what <paramref name="inputGradient"/> holds</param>
    /// <exception cref="ArgumentException">sizes that make no convolution, a view of another length, or a gate whose derivative needs more than its output</exception>
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
        Conv2d.Execute(executor, new Conv2dArguments
        {
            Shape = shape, Pass = Conv2dPass.Forward, Input = outputGradient, Weights = weights, Output = inputGradient, Workspace = workspace,
        }.WithGate(gate, input, accumulate));
    }

    /// <summary>Adds the gradients of weights and bias to what the views hold.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">the sizes of the convolution</param>
    /// <param name="input">[n, oh, ow, k]</param>
    /// <param name="outputGradient">[n, h, w, c], with respect to the sum (before its activation)</param>
    /// <param name="weightGradient">[kh, kw, c / groups, k]</param>
    /// <param name="biasGradient">[c], or an empty view for none</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">sizes that make no convolution, or a view of another length</exception>
    public static void BackwardWeights(
        IExecutor executor, Conv2dShape shape, DeviceView input, DeviceView outputGradient, DeviceView weightGradient, DeviceView biasGradient, DeviceView workspace)
    {
        // More than the convolution's own check asks for: the bias sums may need the larger part.
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        // The larger image is the convolution's input, the smaller one its output.
        Conv2d.BackwardWeights(executor, shape, outputGradient, input, weightGradient, default, workspace);
        if (!biasGradient.IsEmpty) ChannelSum.Add(executor, outputGradient, shape.InputChannels, biasGradient, workspace);
    }
}
