using Gpu.Kernels.Activations;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Pooling;

namespace Gpu.Kernels;

/// <summary>
/// Nearest-neighbor upsampling of images [batch, height, width, channels] by an integer factor. It is the transpose of sum pooling with non-overlapping
/// factor x factor windows, so it uses the kernels of average pooling without the division.
/// </summary>
/// <example><code>Upsample.NearestForward(device, batch, height, width, channels, factor: 2, x, y);</code></example>
public static class Upsample
{
    /// <summary>Writes output[n, y, x, c] = input[n, y / factor, x / factor, c].</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">images in a batch</param>
    /// <param name="height">height of the input, in pixels</param>
    /// <param name="width">width of the input, in pixels</param>
    /// <param name="channels">channels of input and output</param>
    /// <param name="factor">the factor of height and width, at least 1</param>
    /// <param name="input">[batch, height, width, channels]</param>
    /// <param name="output">receives [batch, height * factor, width * factor, channels]</param>
    /// <exception cref="ArgumentException">a size is out of range, or a view has the wrong length</exception>
    public static void NearestForward(
        IExecutor executor, int batch, int height, int width, int channels, int factor, DeviceView input, DeviceView output)
    {
        var shape = Shape(batch, height, width, channels, factor);
        input.Require(shape.OutputLength, nameof(input));
        var target = new GradientTarget(output, Activation.None, default, false).Require(shape.InputLength, nameof(output), nameof(input));
        Operands.Check(executor, [new(output, nameof(output))], [new(input, nameof(input))]);
        PoolOperations.SumTransposed(executor, shape, average: false, input, target);
    }

    /// <summary>
    /// Computes the gradient of <see cref="NearestForward"/> with respect to the input: the sum over the output pixels of each input pixel.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">images in a batch</param>
    /// <param name="height">height of the input, in pixels</param>
    /// <param name="width">width of the input, in pixels</param>
    /// <param name="channels">channels of input and output</param>
    /// <param name="factor">the factor of height and width, at least 1</param>
    /// <param name="outputGradient">the gradient with respect to the output, [batch, height * factor, width * factor, channels]</param>
    /// <param name="inputGradient">receives the gradient with respect to the input, [batch, height, width, channels]</param>
    /// <param name="gate">the activation that produced the input, to get the gradient before it; see <see cref="Activation"/>; default: none</param>
    /// <param name="input">the input of the forward pass, [batch, height, width, channels]; needed only with a gate</param>
    /// <param name="accumulate">adds to <paramref name="inputGradient"/> instead of overwriting it</param>
    /// <exception cref="ArgumentException">a size is out of range, a view has the wrong length, or the gate's derivative needs more than its output</exception>
    public static void NearestBackward(
        IExecutor executor, int batch, int height, int width, int channels, int factor, DeviceView outputGradient, DeviceView inputGradient,
        Activation gate = default, DeviceView input = default, bool accumulate = false)
    {
        var shape = Shape(batch, height, width, channels, factor);
        outputGradient.Require(shape.InputLength, nameof(outputGradient));
        var target = new GradientTarget(inputGradient, gate, input, accumulate).Require(shape.OutputLength, nameof(inputGradient), nameof(input));
        Operands.Check(executor, [new(inputGradient, nameof(inputGradient))], [new(outputGradient, nameof(outputGradient)), Operand.OfGate(gate, input)]);
        PoolOperations.Sum(executor, shape, average: false, outputGradient, target);
    }

    // The pooling from the large image to the small one.
    private static Pool2dShape Shape(int batch, int height, int width, int channels, int factor)
    {
        ShapeLimits.RequireDimension(nameof(height), height);
        ShapeLimits.RequireDimension(nameof(width), width);
        ShapeLimits.Require(nameof(factor), factor, 1, ShapeLimits.MaxWindow);
        if ((long)Math.Max(height, width) * factor > ShapeLimits.MaxDimension)
        {
            throw new ArgumentException(
                $"images of {height} x {width} cannot be upsampled by {factor}: the sides of the result must be at most {ShapeLimits.MaxDimension:N0}",
                nameof(factor));
        }

        return new Pool2dShape(batch, height * factor, width * factor, channels, factor, factor, factor, factor).Validate();
    }
}
