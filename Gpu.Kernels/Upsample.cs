using Gpu.Kernels.Activations;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Pooling;

namespace Gpu.Kernels;

/// <summary>
/// Nearest up-sampling of images [batch, height, width, channels] by an integer factor. It is the transpose of summing over windows of factor x factor
/// that do not overlap, so the kernels are those of average pooling, without the division.
/// </summary>
public static class Upsample
{
    /// <summary>output[n, y, x, c] = input[n, y / factor, x / factor, c]; the output is [batch, height * factor, width * factor, channels].</summary>
    /// <exception cref="ArgumentException">sizes that make no sense, or a view of another length</exception>
    public static void NearestForward(
        IExecutor executor, int batch, int height, int width, int channels, int factor, DeviceView input, DeviceView output)
    {
        var shape = Shape(batch, height, width, channels, factor);
        input.Require(shape.OutputLength, nameof(input));
        var target = new GradientTarget(output, Activation.None, default, false).Require(shape.InputLength, nameof(output), nameof(input));
        PoolOperations.Spread(executor, shape, average: false, input, target);
    }

    /// <summary>The gradient of <see cref="NearestForward"/>: the sum over the pixels that an input pixel became.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="batch">images</param>
    /// <param name="height">rows of the input</param>
    /// <param name="width">columns of the input</param>
    /// <param name="channels">channels of input and output</param>
    /// <param name="factor">output pixels for an input pixel along each axis</param>
    /// <param name="outputGradient">the gradient with respect to the output</param>
    /// <param name="inputGradient">receives the gradient with respect to the input</param>
    /// <param name="gate">the activation that gave the input; none by default</param>
    /// <param name="input">the forward pass's input; needed for a gate only</param>
    /// <param name="accumulate">add to <paramref name="inputGradient"/></param>
    /// <exception cref="ArgumentException">sizes that make no sense, a view of another length, or a gate whose derivative needs more than its value</exception>
    public static void NearestBackward(
        IExecutor executor, int batch, int height, int width, int channels, int factor, DeviceView outputGradient, DeviceView inputGradient,
        Activation gate = default, DeviceView input = default, bool accumulate = false)
    {
        var shape = Shape(batch, height, width, channels, factor);
        outputGradient.Require(shape.InputLength, nameof(outputGradient));
        var target = new GradientTarget(inputGradient, gate, input, accumulate).Require(shape.OutputLength, nameof(inputGradient), nameof(input));
        PoolOperations.Sum(executor, shape, average: false, outputGradient, target);
    }

    // The pooling from the large image to the small one.
    private static Pool2dShape Shape(int batch, int height, int width, int channels, int factor)
    {
        if (height < 1 || width < 1 || factor < 1 || (long)Math.Max(height, width) * factor > int.MaxValue)
        {
            throw new ArgumentException(
                $"images of {height} x {width} cannot be up-sampled by {factor}: all must be 1 or more, and the result addressable", nameof(factor));
        }

        return new Pool2dShape(batch, height * factor, width * factor, channels, factor, factor, factor, factor).Validate();
    }
}
