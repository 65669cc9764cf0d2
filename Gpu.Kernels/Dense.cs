using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>
/// Dense (fully connected) layers: the convolution kernels on images of one pixel. Activations are [batch, features], weights [inputs, outputs].
/// Views must hold exactly what the sizes say; otherwise an <see cref="ArgumentException"/> names the one that does not.
/// </summary>
public static class Dense
{
    /// <summary>Words of workspace that the operations may use. Its content need not last.</summary>
    public static int WorkspaceLength(int batch, int inputs, int outputs) => Conv2d.WorkspaceLength(Conv2dShape.Dense(batch, inputs, outputs));

    /// <summary>output = f(input * weights + bias); bias may be an empty view.</summary>
    public static void Forward(
        IExecutor executor, int batch, int inputs, int outputs, DeviceView input, DeviceView weights, DeviceView bias, DeviceView output, Activation activation, DeviceView workspace) =>
        Conv2d.Forward(executor, Conv2dShape.Dense(batch, inputs, outputs), input, weights, bias, output, activation, workspace);

    /// <summary>inputGradient = outputGradient * transposed weights, with the gate and accumulation of <see cref="Conv2d.BackwardData"/>.</summary>
    public static void BackwardData(
        IExecutor executor, int batch, int inputs, int outputs, DeviceView outputGradient, DeviceView weights, DeviceView inputGradient, DeviceView workspace,
        Activation gate = default, DeviceView input = default, bool accumulate = false) =>
        Conv2d.BackwardData(executor, Conv2dShape.Dense(batch, inputs, outputs), outputGradient, weights, inputGradient, workspace, gate, input, accumulate);

    /// <summary>weightGradient += transposed input * outputGradient, biasGradient += column sums; biasGradient may be an empty view.</summary>
    public static void BackwardWeights(
        IExecutor executor, int batch, int inputs, int outputs, DeviceView input, DeviceView outputGradient, DeviceView weightGradient, DeviceView biasGradient, DeviceView workspace) =>
        Conv2d.BackwardWeights(executor, Conv2dShape.Dense(batch, inputs, outputs), input, outputGradient, weightGradient, biasGradient, workspace);
}
