using Gpu.Kernels.Activations;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Pooling;

namespace Gpu.Kernels;

/// <summary>
/// Average pooling of images [batch, height, width, channels], forward and backward: any window, stride and padding; with
/// <see cref="Pool2dShape.Global"/> the average over the whole image. The gradient is overwritten, or added to with <c>accumulate</c>; a gate
/// multiplies it by the derivative of the activation that gave the input.
/// </summary>
public static class AvgPool2d
{
    /// <summary>output = the average of each window; see <see cref="Pool2dShape.CountPadding"/>.</summary>
    /// <inheritdoc cref="MaxPool2d.Forward"/>
    public static void Forward(IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView output)
    {
        shape.Validate();
        input.Require(shape.InputLength, nameof(input));
        PoolOperations.Sum(executor, shape, average: true, input, Output(shape, output));
    }

    /// <summary>The gradient of <see cref="Forward"/>.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">sizes</param>
    /// <param name="outputGradient">the gradient with respect to the output</param>
    /// <param name="inputGradient">receives the gradient with respect to the input</param>
    /// <param name="gate">the activation that gave the input; none by default</param>
    /// <param name="input">the forward pass's input; needed for a gate only</param>
    /// <param name="accumulate">add to <paramref name="inputGradient"/></param>
    /// <exception cref="ArgumentException">sizes that make no sense, a view of another length, or a gate whose derivative needs more than its value</exception>
    public static void Backward(
        IExecutor executor, Pool2dShape shape, DeviceView outputGradient, DeviceView inputGradient,
        Activation gate = default, DeviceView input = default, bool accumulate = false)
    {
        shape.Validate();
        outputGradient.Require(shape.OutputLength, nameof(outputGradient));
        var target = new GradientTarget(inputGradient, gate, input, accumulate).Require(shape.InputLength, nameof(inputGradient), nameof(input));
        PoolOperations.Spread(executor, shape, average: true, outputGradient, target);
    }

    private static GradientTarget Output(Pool2dShape shape, DeviceView output) =>
        new GradientTarget(output, Activation.None, default, false).Require(shape.OutputLength, nameof(output), "");
}
