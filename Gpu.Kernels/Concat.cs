using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Concatenation;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>
/// Concatenation of images, or of features, along the channels: the output has the channels of the first input, then those of the second, and so on. Each call
/// handles one input.
/// </summary>
/// <example><code>
/// Concat.Forward(device, pixels, 16, a, 48, 0, y);
/// Concat.Forward(device, pixels, 32, b, 48, 16, y);
/// </code></example>
public static class Concat
{
    /// <summary>Writes output[p, firstChannel + c] = input[p, c]; the other channels of the output stay as they are.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="pixels">batch * height * width; for features the batch</param>
    /// <param name="channels">channels of the input</param>
    /// <param name="input">[pixels, channels]</param>
    /// <param name="outputChannels">channels of the output: the sum of those of all inputs</param>
    /// <param name="firstChannel">the channel of the output that receives channel 0: the sum of the channels of the inputs before this one</param>
    /// <param name="output">[pixels, outputChannels]; receives the channels of this input</param>
    /// <exception cref="ArgumentException">a size is out of range, or a view has the wrong length</exception>
    public static void Forward(
        IExecutor executor, int pixels, int channels, DeviceView input, int outputChannels, int firstChannel, DeviceView output)
    {
        var shape = Slice.Validated(pixels, channels, outputChannels, firstChannel);
        input.Require(shape.InputLength, nameof(input));
        var target = new GradientTarget(output, Activation.None, default, false).Require(shape.OutputLength, nameof(output), nameof(input));
        Operands.Check(executor, [new(output, nameof(output))], [new(input, nameof(input))]);
        executor.Execute(new CopyOperation<Identity>(shape, false, input, target));
    }

    /// <summary>Computes the gradient of <see cref="Forward"/> with respect to the input: its channels of the output's gradient.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="pixels">batch * height * width; for features the batch</param>
    /// <param name="channels">channels of the input</param>
    /// <param name="outputChannels">channels of the output</param>
    /// <param name="firstChannel">the channel of the output that received channel 0 of the input</param>
    /// <param name="outputGradient">the gradient with respect to the output, [pixels, outputChannels]</param>
    /// <param name="inputGradient">receives the gradient with respect to the input, [pixels, channels]</param>
    /// <param name="gate">the activation that produced the input, to get the gradient before it; see <see cref="Activation"/>; default: none</param>
    /// <param name="input">the input of the forward pass, [pixels, channels]; needed only with a gate</param>
    /// <param name="accumulate">adds to <paramref name="inputGradient"/> instead of overwriting it</param>
    /// <exception cref="ArgumentException">a size is out of range, a view has the wrong length, or the gate's derivative needs more than its output</exception>
    public static void Backward(
        IExecutor executor, int pixels, int channels, int outputChannels, int firstChannel, DeviceView outputGradient, DeviceView inputGradient,
        Activation gate = default, DeviceView input = default, bool accumulate = false)
    {
        var shape = Slice.Validated(pixels, channels, outputChannels, firstChannel);
        outputGradient.Require(shape.OutputLength, nameof(outputGradient));
        var target = new GradientTarget(inputGradient, gate, input, accumulate).Require(shape.InputLength, nameof(inputGradient), nameof(input));
        Operands.Check(executor, [new(inputGradient, nameof(inputGradient))], [new(outputGradient, nameof(outputGradient)), Operand.OfGate(gate, input)]);
        var call = new BackwardCall(executor, shape, outputGradient, target);
        ActivationDispatch.Call(gate.Kind, ref call);
    }

    // The channels of one input within those of the output.
    private readonly record struct Slice(int Pixels, int Channels, int OutputChannels, int FirstChannel)
    {
        public int InputLength => Pixels * Channels;

        public int OutputLength => Pixels * OutputChannels;

        public static Slice Validated(int pixels, int channels, int outputChannels, int firstChannel)
        {
            ShapeLimits.RequireDimension(nameof(pixels), pixels);
            ShapeLimits.RequireDimension(nameof(channels), channels);
            ShapeLimits.RequireDimension(nameof(outputChannels), outputChannels);
            if (firstChannel < 0 || firstChannel > (long)outputChannels - channels)
            {
                throw new ArgumentException(
                    $"the input's channels {firstChannel} to {(long)firstChannel + channels - 1} do not lie within the {outputChannels} of the output",
                    nameof(firstChannel));
            }

            _ = ShapeLimits.Length("the output", pixels, outputChannels);
            return new Slice(pixels, channels, outputChannels, firstChannel);
        }
    }

    private readonly record struct BackwardCall(IExecutor Executor, Slice Shape, DeviceView OutputGradient, GradientTarget Target) : IActivationCall
    {
        public void Invoke<TActivation>()
            where TActivation : struct, IActivation => Executor.Execute(new CopyOperation<TActivation>(Shape, true, OutputGradient, Target));
    }

    private readonly struct CopyOperation<TActivation>(Slice shape, bool backward, DeviceView source, GradientTarget target) : IOperation
        where TActivation : struct, IActivation
    {
        // Vectors of four need multiples of four in every row and offset.
        public int Granularity => shape.Channels | shape.OutputChannels | shape.FirstChannel;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new ChannelCopy<TBackend, TVector, TActivation>
            {
                Source = launcher.Bind(source),
                Target = target.Bind<TBackend, TVector, TActivation>(launcher),
                SourceChannels = backward ? shape.OutputChannels : shape.Channels,
                TargetChannels = backward ? shape.Channels : shape.OutputChannels,
                SourceChannel = backward ? shape.FirstChannel : 0,
                TargetChannel = backward ? 0 : shape.FirstChannel,
                Tiles = RowTiles.For<TBackend, TVector>(1, shape.Pixels, shape.Channels),
            };
            launcher.Launch(kernel, kernel.Tiles.Items(1), kernel.Tiles.Cost(TBackend.Width, 4));
        }
    }
}
