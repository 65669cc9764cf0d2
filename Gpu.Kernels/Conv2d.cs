using Gpu.Kernels.Activations;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>
/// 2-D convolution (cross-correlation, as in PyTorch) with any kernel size, stride, padding, dilation and groups, a fused bias and a fused activation.
/// Images are [n, h, w, c] (batch, height, width, channels), outputs [n, oh, ow, k] with k output channels, and weights [kh, kw, c / groups, k]; see
/// <see cref="Conv2dShape"/>. Views must hold exactly the words that the shape gives; otherwise an <see cref="ArgumentException"/> names the view.
/// </summary>
/// <example><code>Conv2d.Forward(device, shape, x, weights, bias, y, Activation.Relu, workspace);</code></example>
public static class Conv2d
{
    /// <summary>Words of workspace for all three passes. Its content need not be kept between calls.</summary>
    public static int WorkspaceLength(Conv2dShape shape) => Conv2dAlgorithms.WorkspaceLength(shape);

    /// <summary>Computes output = f(convolution(input, weights) + bias).</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes</param>
    /// <param name="input">[n, h, w, c]</param>
    /// <param name="weights">[kh, kw, c / groups, k]</param>
    /// <param name="bias">[k]; empty for none</param>
    /// <param name="output">receives [n, oh, ow, k]</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">the shape is invalid, or a view has the wrong length</exception>
    public static void Forward(
        IExecutor executor, Conv2dShape shape, DeviceView input, DeviceView weights, DeviceView bias, DeviceView output, Activation activation,
        DeviceView workspace)
    {
        shape.Validate();
        input.Require(shape.InputLength, nameof(input));
        weights.Require(shape.WeightLength, nameof(weights));
        output.Require(shape.OutputLength, nameof(output));
        if (!bias.IsEmpty) bias.Require(shape.OutputChannels, nameof(bias));
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        Operands.Check(
            executor,
            [new(output, nameof(output)), new(workspace, nameof(workspace))],
            [new(input, nameof(input)), new(weights, nameof(weights)), new(bias, nameof(bias))]);
        Execute(executor, new()
        {
            Shape = shape, Pass = Conv2dPass.Forward, Input = input, Weights = weights, Bias = bias, Output = output, Activation = activation,
            Workspace = workspace,
        });
    }

    /// <summary>Computes the gradient with respect to the input.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes of the forward pass</param>
    /// <param name="outputGradient">the gradient with respect to the output before f, [n, oh, ow, k]</param>
    /// <param name="weights">[kh, kw, c / groups, k]</param>
    /// <param name="inputGradient">receives the gradient with respect to the input, [n, h, w, c]</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <param name="gate">the activation that produced the input, to get the gradient before it; see <see cref="Activation"/>; default: none</param>
    /// <param name="input">the input of the forward pass, [n, h, w, c]; needed only with a gate</param>
    /// <param name="accumulate">adds to <paramref name="inputGradient"/> instead of overwriting it</param>
    /// <exception cref="ArgumentException">the shape is invalid, a view has the wrong length, or the gate's derivative needs more than its output</exception>
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
        Operands.Check(
            executor,
            [new(inputGradient, nameof(inputGradient)), new(workspace, nameof(workspace))],
            [new(outputGradient, nameof(outputGradient)), new(weights, nameof(weights)), Operand.OfGate(gate, input)]);
        Execute(executor, new Conv2dArguments
        {
            Shape = shape, Pass = Conv2dPass.InputGradient, Input = outputGradient, Weights = weights, Output = inputGradient, Workspace = workspace,
        }.WithGate(gate, input, accumulate));
    }

    /// <summary>Computes the gradients with respect to weights and bias, and adds them to what the views hold.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes of the forward pass</param>
    /// <param name="input">the input of the forward pass, [n, h, w, c]</param>
    /// <param name="outputGradient">the gradient with respect to the output before f, [n, oh, ow, k]</param>
    /// <param name="weightGradient">the gradient of the weights, [kh, kw, c / groups, k]; added to</param>
    /// <param name="biasGradient">the gradient of the bias, [k]; added to; empty for none</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">the shape is invalid, or a view has the wrong length</exception>
    public static void BackwardWeights(
        IExecutor executor, Conv2dShape shape, DeviceView input, DeviceView outputGradient, DeviceView weightGradient, DeviceView biasGradient,
        DeviceView workspace)
    {
        shape.Validate();
        input.Require(shape.InputLength, nameof(input));
        outputGradient.Require(shape.OutputLength, nameof(outputGradient));
        weightGradient.Require(shape.WeightLength, nameof(weightGradient));
        if (!biasGradient.IsEmpty) biasGradient.Require(shape.OutputChannels, nameof(biasGradient));
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        Operands.Check(
            executor,
            [new(weightGradient, nameof(weightGradient)), new(biasGradient, nameof(biasGradient)), new(workspace, nameof(workspace))],
            [new(input, nameof(input)), new(outputGradient, nameof(outputGradient))]);
        executor.Execute(new Conv2dGradientOperation(new()
        {
            Shape = shape, Input = input, OutputGradient = outputGradient, WeightGradient = weightGradient, BiasGradient = biasGradient, Workspace = workspace,
        }));
    }

    /// <summary>Runs a forward pass or an input gradient. The caller has checked the views.</summary>
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
