using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>
/// Dense (fully connected) layers: convolutions on images of one pixel. Activations are [batch, features], weights [inputs, outputs].
/// Views must hold exactly the words that the sizes give; otherwise an <see cref="ArgumentException"/> names the view.
/// </summary>
/// <example><code>Dense.Forward(device, batch, inputs, outputs, x, weights, bias, y, Activation.Relu, workspace);</code></example>
public static class Dense
{
    /// <summary>Words of workspace for all three passes. Its content need not be kept between calls.</summary>
    /// <param name="batch">samples</param>
    /// <param name="inputs">input features</param>
    /// <param name="outputs">output features</param>
    public static int WorkspaceLength(int batch, int inputs, int outputs) => Conv2d.WorkspaceLength(Conv2dShape.Dense(batch, inputs, outputs));

    /// <summary>Computes output = f(input * weights + bias).</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="inputs">input features, at least 1</param>
    /// <param name="outputs">output features, at least 1</param>
    /// <param name="input">[batch, inputs]</param>
    /// <param name="weights">[inputs, outputs]</param>
    /// <param name="bias">[outputs]; empty for none</param>
    /// <param name="output">receives [batch, outputs]</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">a size is below 1, or a view has the wrong length</exception>
    public static void Forward(
        IExecutor executor, int batch, int inputs, int outputs, DeviceView input, DeviceView weights, DeviceView bias, DeviceView output,
        Activation activation, DeviceView workspace) =>
        Conv2d.Forward(executor, Conv2dShape.Dense(batch, inputs, outputs), input, weights, bias, output, activation, workspace);

    /// <summary>Computes the gradient with respect to the input: outputGradient * weights^T.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="inputs">input features, at least 1</param>
    /// <param name="outputs">output features, at least 1</param>
    /// <param name="outputGradient">the gradient with respect to the output before f, [batch, outputs]</param>
    /// <param name="weights">[inputs, outputs]</param>
    /// <param name="inputGradient">receives the gradient with respect to the input, [batch, inputs]</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <param name="gate">the activation that produced the input, to get the gradient before it; see <see cref="Activation"/>; default: none</param>
    /// <param name="input">the input of the forward pass, [batch, inputs]; needed only with a gate</param>
    /// <param name="accumulate">adds to <paramref name="inputGradient"/> instead of overwriting it</param>
    /// <exception cref="ArgumentException">a size is below 1, a view has the wrong length, or the gate's derivative needs more than its output</exception>
    public static void BackwardData(
        IExecutor executor, int batch, int inputs, int outputs, DeviceView outputGradient, DeviceView weights, DeviceView inputGradient, DeviceView workspace,
        Activation gate = default, DeviceView input = default, bool accumulate = false) =>
        Conv2d.BackwardData(executor, Conv2dShape.Dense(batch, inputs, outputs), outputGradient, weights, inputGradient, workspace, gate, input, accumulate);

    /// <summary>Computes the gradients input^T * outputGradient of the weights and the column sums of the bias, and adds them to what the views hold.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="inputs">input features, at least 1</param>
    /// <param name="outputs">output features, at least 1</param>
    /// <param name="input">the input of the forward pass, [batch, inputs]</param>
    /// <param name="outputGradient">the gradient with respect to the output before f, [batch, outputs]</param>
    /// <param name="weightGradient">the gradient of the weights, [inputs, outputs]; added to</param>
    /// <param name="biasGradient">the gradient of the bias, [outputs]; added to; empty for none</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">a size is below 1, or a view has the wrong length</exception>
    public static void BackwardWeights(
        IExecutor executor, int batch, int inputs, int outputs, DeviceView input, DeviceView outputGradient, DeviceView weightGradient,
        DeviceView biasGradient, DeviceView workspace) =>
        Conv2d.BackwardWeights(executor, Conv2dShape.Dense(batch, inputs, outputs), input, outputGradient, weightGradient, biasGradient, workspace);
}
