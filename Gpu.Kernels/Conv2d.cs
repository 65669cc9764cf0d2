using Gpu.Kernels.Activations;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>
/// 2-D convolution (cross-correlation, as in the field): any kernel size, stride, padding, dilation and groups. For the layouts see <see cref="Conv2dShape"/>.
/// Views must hold exactly the words that the shape says; otherwise an <see cref="ArgumentException"/> names the one that does not.
/// </summary>
public static class Conv2d
{
    /// <summary>Words of workspace that the three passes may use. Its content need not be kept between calls.</summary>
    public static int WorkspaceLength(Conv2dShape shape) => Conv2dAlgorithms.WorkspaceLength(shape);

    /// <summary>output = f(convolution(input, weights) + bias).</summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">the sizes</param>
    /// <param name="input">[n, h, w, c]</param>
    /// <param name="weights">[kh, kw, c / groups, k]</param>
    /// <param name="bias">[k], or an empty view for none</param>
    /// <param name="output">[n, oh, ow, k]</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">sizes that make no convolution, or a view of another length</exception>
    public static void Forward(
        IExecutor executor, Conv2dShape shape, DeviceView input, DeviceView weights, DeviceView bias, DeviceView output, Activation activation, DeviceView workspace)
    {
        shape.Validate();
        input.Require(shape.InputLength, nameof(input));
        weights.Require(shape.WeightLength, nameof(weights));
        output.Require(shape.OutputLength, nameof(output));
        if (!bias.IsEmpty) bias.Require(shape.OutputChannels, nameof(bias));
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        Execute(executor, new()
        {
            Shape = shape, Pass = Conv2dPass.Forward, Input = input, Weights = weights, Bias = bias, Output = output, Activation = activation, Workspace = workspace,
        });
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
    /// <exception cref="ArgumentException">sizes that make no convolution, a view of another length, or a gate whose derivative needs more than its output</exception>
    public static void BackwardData(
        IExecutor executor, Conv2dShape shape, DeviceView outputGradient, DeviceView weights, DeviceView inputGradient, DeviceView workspace,
        Activation gate = default, DeviceView input = default, bool accumulate = false)
    {
        shape.Validate();
        outputGradient.Require(shape.OutputLength, nameof(outputGradient));
        weights.Require(shape.WeightLength, nameof(weights));
        inputGradient.Require(shape.InputLength, nameof(inputGradient));
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        if (gate.Kind != ActivationKind.Identity) input.Require(shape.InputLength, nameof(input));
        Execute(executor, new Conv2dArguments
        {
            Shape = shape, Pass = Conv2dPass.InputGradient, Input = outputGradient, Weights = weights, Output = inputGradient, Workspace = workspace,
        }.WithGate(gate, input, accumulate));
    }

    /// <summary>Adds the gradients of weights and bias to what the views hold.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">the sizes of the forward pass</param>
    /// <param name="input">[n, h, w, c]</param>
    /// <param name="outputGradient">[n, oh, ow, k], with respect to the convolution's sum (before its activation)</param>
    /// <param name="weightGradient">[kh, kw, c / groups, k]</param>
    /// <param name="biasGradient">[k], or an empty view for none</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">sizes that make no convolution, or a view of another length</exception>
    public static void BackwardWeights(
        IExecutor executor, Conv2dShape shape, DeviceView input, DeviceView outputGradient, DeviceView weightGradient, DeviceView biasGradient, DeviceView workspace)
    {
        shape.Validate();
        input.Require(shape.InputLength, nameof(input));
        outputGradient.Require(shape.OutputLength, nameof(outputGradient));
        weightGradient.Require(shape.WeightLength, nameof(weightGradient));
        if (!biasGradient.IsEmpty) biasGradient.Require(shape.OutputChannels, nameof(biasGradient));
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        executor.Execute(new Conv2dGradientOperation(new()
        {
            Shape = shape, Input = input, OutputGradient = outputGradient, WeightGradient = weightGradient, BiasGradient = biasGradient, Workspace = workspace,
        }));
    }

    /// <summary>Runs a forward pass or an input gradient, whose views were checked.</summary>
    internal static void Execute(IExecutor executor, Conv2dArguments arguments)
    {
        var call = new Call(executor, arguments);
        ActivationDispatch.Call(arguments.Activation.Kind, ref call);
    }

    private readonly struct Call(IExecutor executor, Conv2dArguments arguments) : IActivationCall
    {
        public void Invoke<TActivation>()
            where TActivation : struct, IActivation => executor.Execute(new Conv2dOperation<TActivation>(arguments));
    }
}
