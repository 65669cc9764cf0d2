using Gpu.Kernels.Activations;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Devices;
using Gpu.Kernels.MatrixProducts;

namespace Gpu.Kernels;

/// <summary>
/// 2-D convolution (cross-correlation, as the field has it): any kernel size, stride, padding, dilation and groups. Layouts: see
/// <see cref="Conv2dShape"/>. Views must hold exactly what the shape says; otherwise an <see cref="ArgumentException"/> names the one that does not.
/// </summary>
public static class Conv2d
{
    /// <summary>Words of workspace that <see cref="Forward"/>, <see cref="BackwardData"/> and <see cref="BackwardWeights"/> may use. Its content need not last.</summary>
    public static int WorkspaceLength(Conv2dShape shape) =>
        Math.Max(
            Math.Max(Math.Max(Conv2dOperation<Identity>.WorkspaceLength(shape), Conv2dWeightGradientOperation.PartialLength(shape)), MatrixProductChoice.WorkspaceLength(shape)),
            Math.Max(ImplicitGemmConv2dLaunch.PartialLength(shape), ImplicitGemmWeightGradientLaunch.PartialLength(shape)));

    /// <summary>output = f(convolution(input, weights) + bias).</summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">the sizes</param>
    /// <param name="input">[n, h, w, c]</param>
    /// <param name="weights">[kh, kw, c / groups, k]</param>
    /// <param name="bias">[k], or an empty view for none</param>
    /// <param name="output">[n, oh, ow, k]</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    public static void Forward(
        IExecutor executor, Conv2dShape shape, DeviceView input, DeviceView weights, DeviceView bias, DeviceView output, Activation activation, DeviceView workspace)
    {
        shape.Validate();
        input.Require(shape.InputLength, nameof(input));
        weights.Require(shape.WeightLength, nameof(weights));
        output.Require(shape.OutputLength, nameof(output));
        if (!bias.IsEmpty) bias.Require(shape.OutputChannels, nameof(bias));
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        var call = new GatherCall(executor, shape, false, input, weights, bias, output, default, false, false, activation.Slope, workspace);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    /// <summary>The gradient of the input.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">the sizes of the forward pass</param>
    /// <param name="outputGradient">[n, oh, ow, k], with respect to the convolution's sum (before its activation)</param>
    /// <param name="weights">[kh, kw, c / groups, k]</param>
    /// <param name="inputGradient">[n, h, w, c], overwritten unless <paramref name="accumulate"/></param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <param name="gate">
    /// the activation whose output <paramref name="input"/> is: the gradient is multiplied by its derivative, so that it is with respect to what went into it;
    /// one whose derivative comes from its output. <see cref="Activation.None"/> for none
    /// </param>
    /// <param name="input">the forward pass's input; needed with a gate</param>
    /// <param name="accumulate">adds to what <paramref name="inputGradient"/> holds</param>
    public static void BackwardData(
        IExecutor executor, Conv2dShape shape, DeviceView outputGradient, DeviceView weights, DeviceView inputGradient, DeviceView workspace,
        Activation gate = default, DeviceView input = default, bool accumulate = false)
    {
        shape.Validate();
        outputGradient.Require(shape.OutputLength, nameof(outputGradient));
        weights.Require(shape.WeightLength, nameof(weights));
        inputGradient.Require(shape.InputLength, nameof(inputGradient));
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        var gated = gate.Kind != ActivationKind.Identity;
        if (gated)
        {
            input.Require(shape.InputLength, nameof(input));
            gate.RequireDerivativeFromOutput();
        }

        var call = new GatherCall(executor, shape, true, outputGradient, weights, default, inputGradient, gated ? input : default, gated, accumulate, gate.Slope, workspace);
        ActivationDispatch.Call(gate.Kind, ref call);
    }

    /// <summary>Adds the gradients of weights and bias to what the views hold.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">the sizes of the forward pass</param>
    /// <param name="input">[n, h, w, c]</param>
    /// <param name="outputGradient">[n, oh, ow, k], with respect to the convolution's sum (before its activation)</param>
    /// <param name="weightGradient">[kh, kw, c / groups, k]</param>
    /// <param name="biasGradient">[k], or an empty view for none</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    public static void BackwardWeights(
        IExecutor executor, Conv2dShape shape, DeviceView input, DeviceView outputGradient, DeviceView weightGradient, DeviceView biasGradient, DeviceView workspace)
    {
        shape.Validate();
        input.Require(shape.InputLength, nameof(input));
        outputGradient.Require(shape.OutputLength, nameof(outputGradient));
        weightGradient.Require(shape.WeightLength, nameof(weightGradient));
        if (!biasGradient.IsEmpty) biasGradient.Require(shape.OutputChannels, nameof(biasGradient));
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        executor.Execute(new Conv2dWeightGradientOperation(shape, input, outputGradient, weightGradient, biasGradient, workspace));
    }

    /// <summary>output = f(transposed convolution): the gather of a convolution's input gradient, with a bias and an activation of its own.</summary>
    internal static void Transposed(
        IExecutor executor, Conv2dShape shape, DeviceView input, DeviceView weights, DeviceView bias, DeviceView output, Activation activation, DeviceView workspace)
    {
        var call = new GatherCall(executor, shape, true, input, weights, bias, output, default, false, false, activation.Slope, workspace);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    /// <summary>The gradient of a transposed convolution's input: the forward gather, with gate and accumulation.</summary>
    internal static void TransposedBackwardData(
        IExecutor executor, Conv2dShape shape, DeviceView outputGradient, DeviceView weights, DeviceView inputGradient, DeviceView workspace,
        Activation gate, DeviceView input, bool accumulate)
    {
        var gated = gate.Kind != ActivationKind.Identity;
        var call = new GatherCall(executor, shape, false, outputGradient, weights, default, inputGradient, gated ? input : default, gated, accumulate, gate.Slope, workspace);
        ActivationDispatch.Call(gate.Kind, ref call);
    }

    private readonly struct GatherCall(
        IExecutor executor, Conv2dShape shape, bool backward, DeviceView input, DeviceView weights, DeviceView bias, DeviceView output, DeviceView saved,
        bool gated, bool accumulate, float slope, DeviceView workspace) : IActivationCall
    {
        public void With<TActivation>()
            where TActivation : struct, IActivation =>
            executor.Execute(new Conv2dOperation<TActivation>(shape, backward, input, weights, bias, output, saved, gated, accumulate, slope, workspace));
    }
}
