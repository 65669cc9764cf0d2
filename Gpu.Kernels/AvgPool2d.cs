using Gpu.Kernels.Activations;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Pooling;

namespace Gpu.Kernels;

/// <summary>
/// 2-D average pooling of images [batch, height, width, channels], with any window, stride and padding. <see cref="Pool2dShape.Global"/> averages whole
/// images. Views must hold exactly the words that the shape gives; otherwise an <see cref="ArgumentException"/> names the view.
/// </summary>
/// <example><code>AvgPool2d.Forward(device, Pool2dShape.Global(batch, height, width, channels), x, y);</code></example>
public static class AvgPool2d
{
    /// <summary>Writes the average of each window; <see cref="Pool2dShape.CountPadding"/> says whether padding counts.</summary>
    /// <inheritdoc cref="MaxPool2d.Forward"/>
    public static void Forward(IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView output)
    {
        shape.Validate();
        input.Require(shape.InputLength, nameof(input));
        Operands.Check(executor, [new(output, nameof(output))], [new(input, nameof(input))]);
        PoolOperations.Sum(executor, shape, average: true, input, Output(shape, output));
    }

    /// <summary>Computes the gradient of <see cref="Forward"/> with respect to the input.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes of the forward pass</param>
    /// <param name="outputGradient">the gradient with respect to the output, [batch, output height, output width, channels]</param>
    /// <param name="inputGradient">receives the gradient with respect to the input, [batch, input height, input width, channels]</param>
    /// <param name="gate">the activation that produced the input, to get the gradient before it; see <see cref="Activation"/>; default: none</param>
    /// <param name="input">the input of the forward pass; needed only with a gate</param>
    /// <param name="accumulate">adds to <paramref name="inputGradient"/> instead of overwriting it</param>
    /// <exception cref="ArgumentException">the shape is invalid, a view has the wrong length, or the gate's derivative needs more than its output</exception>
    public static void Backward(
        IExecutor executor, Pool2dShape shape, DeviceView outputGradient, DeviceView inputGradient,
        Activation gate = default, DeviceView input = default, bool accumulate = false)
    {
        shape.Validate();
        outputGradient.Require(shape.OutputLength, nameof(outputGradient));
        var target = new GradientTarget(inputGradient, gate, input, accumulate).Require(shape.InputLength, nameof(inputGradient), nameof(input));
        Operands.Check(executor, [new(inputGradient, nameof(inputGradient))], [new(outputGradient, nameof(outputGradient)), Operand.OfGate(gate, input)]);
        PoolOperations.SumTransposed(executor, shape, average: true, outputGradient, target);
    }

    private static GradientTarget Output(Pool2dShape shape, DeviceView output) =>
        new GradientTarget(output, Activation.None, default, false).Require(shape.OutputLength, nameof(output), "");
}
