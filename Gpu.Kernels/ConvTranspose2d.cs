using Gpu.Kernels.Convolution;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>
/// Transposed convolution: the map whose matrix is the transpose of a convolution's. The shape is that convolution's, from the larger image
/// (the output here) to the smaller one (the input here): input [n, oh, ow, k], output [n, h, w, c], weights [kh, kw, c / groups, k], bias [c].
/// The kernels are the convolution's with the roles swapped.
/// </summary>
public static class ConvTranspose2d
{
    /// <summary>Words of workspace that the operations may use.</summary>
    public static int WorkspaceLength(Conv2dShape shape) => Math.Max(Conv2d.WorkspaceLength(shape), ChannelSum.WorkspaceLength(shape.InputChannels));

    /// <summary>output = f(transposed convolution(input, weights) + bias); bias may be an empty view.</summary>
    public static void Forward(
        IExecutor executor, Conv2dShape shape, DeviceView input, DeviceView weights, DeviceView bias, DeviceView output, Activation activation, DeviceView workspace)
    {
        shape.Validate();
        input.Require(shape.OutputLength, nameof(input));
        weights.Require(shape.WeightLength, nameof(weights));
        output.Require(shape.InputLength, nameof(output));
        if (!bias.IsEmpty) bias.Require(shape.InputChannels, nameof(bias));
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        Conv2d.Transposed(executor, shape, input, weights, bias, output, activation, workspace);
    }

    /// <summary>The gradient of the input, with the gate and accumulation of <see cref="Conv2d.BackwardData"/>.</summary>
    public static void BackwardData(
        IExecutor executor, Conv2dShape shape, DeviceView outputGradient, DeviceView weights, DeviceView inputGradient, DeviceView workspace,
        Activation gate = default, DeviceView input = default, bool accumulate = false)
    {
        shape.Validate();
        outputGradient.Require(shape.InputLength, nameof(outputGradient));
        weights.Require(shape.WeightLength, nameof(weights));
        inputGradient.Require(shape.OutputLength, nameof(inputGradient));
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        if (gate.Kind != ActivationKind.Identity)
        {
            input.Require(shape.OutputLength, nameof(input));
            gate.RequireDerivativeFromOutput();
        }

        Conv2d.TransposedBackwardData(executor, shape, outputGradient, weights, inputGradient, workspace, gate, input, accumulate);
    }

    /// <summary>Adds the gradients of weights and bias to what the views hold; biasGradient may be an empty view.</summary>
    public static void BackwardWeights(
        IExecutor executor, Conv2dShape shape, DeviceView input, DeviceView outputGradient, DeviceView weightGradient, DeviceView biasGradient, DeviceView workspace)
    {
        // More than the convolution's own check asks for: the bias sums may need the larger part.
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        // The larger image is what the convolution's weights see as input, the smaller one as output.
        Conv2d.BackwardWeights(executor, shape, outputGradient, input, weightGradient, default, workspace);
        if (!biasGradient.IsEmpty) ChannelSum.Add(executor, outputGradient, shape.InputChannels, biasGradient, workspace);
    }
}
