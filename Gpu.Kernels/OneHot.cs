using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Generation;

namespace Gpu.Kernels;

/// <summary>Labels as numbers: 1 in the channel of the class and 0 in the others, in each pixel of a sample. So a network is told the class.</summary>
/// <remarks>Source: Mirza, Osindero, "Conditional generative adversarial nets", 2014.</remarks>
public static class OneHot
{
    /// <summary>Writes output[n, p, firstChannel + c] = 1 if labels[n] = c, else 0; the other channels of the output stay as they are.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="pixels">pixels of a sample, at least 1; 1 for features</param>
    /// <param name="classes">classes, at least 1</param>
    /// <param name="labels">the class of each sample, [batch] integers; one outside 0 to classes - 1 gives zeros</param>
    /// <param name="outputChannels">channels of the output</param>
    /// <param name="firstChannel">the channel of the output that receives class 0</param>
    /// <param name="output">[batch, pixels, outputChannels]; receives the channels of the classes</param>
    /// <exception cref="ArgumentException">a size is out of range, or a view has the wrong length</exception>
    public static void Run(
        IExecutor executor, int batch, int pixels, int classes, DeviceView labels, int outputChannels, int firstChannel, DeviceView output)
    {
        ShapeLimits.RequireDimension(nameof(batch), batch);
        ShapeLimits.RequireDimension(nameof(pixels), pixels);
        ShapeLimits.RequireDimension(nameof(classes), classes);
        ShapeLimits.RequireDimension(nameof(outputChannels), outputChannels);
        if (firstChannel < 0 || firstChannel > (long)outputChannels - classes)
        {
            throw new ArgumentException(
                $"the channels {firstChannel} to {(long)firstChannel + classes - 1} of the classes do not lie within the {outputChannels} of the output",
                nameof(firstChannel));
        }

        labels.Require(batch, nameof(labels));
        output.Require(ShapeLimits.Length("the output", batch, pixels, outputChannels), nameof(output));
        Operands.Check(executor, [new(output, nameof(output))], [new(labels, nameof(labels))]);
        executor.Execute(new Operation(batch * pixels, pixels, classes, outputChannels, firstChannel, labels, output));
    }

    private readonly struct Operation(int items, int pixels, int classes, int outputChannels, int firstChannel, DeviceView labels, DeviceView output)
        : IOperation
    {
        // Vectors of four need multiples of four in every row and offset.
        public int Granularity => classes | outputChannels | firstChannel;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new OneHotKernel<TBackend, TVector>
            {
                Labels = launcher.Bind(labels),
                Output = launcher.Bind(output),
                Pixels = pixels,
                Classes = classes,
                OutputChannels = outputChannels,
                FirstChannel = firstChannel,
            };
            launcher.Launch(kernel, items, 4 + classes / TBackend.Width);
        }
    }
}
