using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Regularization;

namespace Gpu.Kernels;

/// <summary>
/// Dropout: sets each element to zero with a given probability in training, and scales the others by 1 / (1 - probability) to keep the expected value. The
/// mask is not stored. It is a function of the layer's seed, <see cref="StepStateLayout.Draw"/> and the index of the element (<see cref="Philox"/>), so
/// forward and backward agree if that word does not change between them. All devices and any number of threads use the same mask.
/// </summary>
/// <example><code>Dropout.Forward(device, probability: 0.5f, seed: 1, stepState, x, y);</code></example>
public static class Dropout
{
    /// <summary>Writes output[i] = input[i] / (1 - probability) for kept elements and 0 for dropped ones.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="probability">the probability to drop an element, 0 to 1</param>
    /// <param name="seed">the seed of the layer; layers with different seeds have independent masks</param>
    /// <param name="stepState">the step state, <see cref="StepStateLayout.Words"/> words</param>
    /// <param name="input">any number of words</param>
    /// <param name="output">receives as many words as <paramref name="input"/>; may be <paramref name="input"/></param>
    /// <exception cref="ArgumentException">the probability is not between 0 and 1, or a view has the wrong length</exception>
    public static void Forward(IExecutor executor, float probability, ulong seed, DeviceView stepState, DeviceView input, DeviceView output)
    {
        RunForward(executor, probability, seed, stepState, input, output, default);
    }

    /// <summary>Writes inputGradient[i] = outputGradient[i] / (1 - probability) for kept elements and 0 for dropped ones.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="probability">as in the forward pass</param>
    /// <param name="seed">as in the forward pass</param>
    /// <param name="stepState">as in the forward pass, with the same <see cref="StepStateLayout.Draw"/></param>
    /// <param name="outputGradient">the gradient with respect to the output, any number of words</param>
    /// <param name="inputGradient">receives the gradient with respect to the input, as many words; may be <paramref name="outputGradient"/></param>
    /// <param name="gate">the activation that produced the input, to get the gradient before it; see <see cref="Activation"/>; default: none</param>
    /// <param name="input">the input of the forward pass, not overwritten by its output; needed only with a gate</param>
    /// <param name="accumulate">adds to <paramref name="inputGradient"/> instead of overwriting it</param>
    /// <exception cref="ArgumentException">
    /// the probability is not between 0 and 1, a view has the wrong length, or the gate's derivative needs more than its output
    /// </exception>
    public static void Backward(
        IExecutor executor, float probability, ulong seed, DeviceView stepState, DeviceView outputGradient, DeviceView inputGradient,
        Activation gate = default, DeviceView input = default, bool accumulate = false)
    {
        RunBackward(executor, probability, seed, stepState, outputGradient, new(inputGradient, gate, input, accumulate), default);
    }

    /// <summary>As <see cref="Forward"/>, but drops whole channels or samples.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes, and what is dropped together</param>
    /// <param name="probability">the probability to drop a channel or sample, 0 to 1</param>
    /// <param name="seed">the seed of the layer; layers with different seeds have independent masks</param>
    /// <param name="stepState">the step state, <see cref="StepStateLayout.Words"/> words</param>
    /// <param name="input">[batch, pixels, channels]</param>
    /// <param name="output">receives as many words; may be <paramref name="input"/></param>
    /// <exception cref="ArgumentException">the probability is not between 0 and 1, or a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">a size is below 1</exception>
    public static void ForwardShared(
        IExecutor executor, DropoutShape shape, float probability, ulong seed, DeviceView stepState, DeviceView input, DeviceView output)
    {
        shape.Validate();
        input.Require(shape.Length, nameof(input));
        RunForward(executor, probability, seed, stepState, input, output, shape);
    }

    /// <summary>
    /// As <see cref="Backward"/>, but of whole channels or samples.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">as in the forward pass</param>
    /// <param name="probability">as in the forward pass</param>
    /// <param name="seed">as in the forward pass</param>
    /// <param name="stepState">as in the forward pass, with the same <see cref="StepStateLayout.Draw"/></param>
    /// <param name="outputGradient">the gradient with respect to the output, [batch, pixels, channels]</param>
    /// <param name="inputGradient">receives the gradient with respect to the input, as many words; may be <paramref name="outputGradient"/></param>
    /// <param name="gate">the activation that produced the input, to get the gradient before it; see <see cref="Activation"/>; default: none</param>
    /// <param name="input">the input of the forward pass, not overwritten by its output; needed only with a gate</param>
    /// <param name="accumulate">adds to <paramref name="inputGradient"/> instead of overwriting it</param>
    /// <exception cref="ArgumentException">
    /// the probability is not between 0 and 1, a view has the wrong length, or the gate's derivative needs more than its output
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">a size is below 1</exception>
    public static void BackwardShared(
        IExecutor executor, DropoutShape shape, float probability, ulong seed, DeviceView stepState, DeviceView outputGradient, DeviceView inputGradient,
        Activation gate = default, DeviceView input = default, bool accumulate = false)
    {
        shape.Validate();
        outputGradient.Require(shape.Length, nameof(outputGradient));
        RunBackward(executor, probability, seed, stepState, outputGradient, new(inputGradient, gate, input, accumulate), shape);
    }

    // The default shape drops single elements.
    private static void RunForward(
        IExecutor executor, float probability, ulong seed, DeviceView stepState, DeviceView input, DeviceView output, DropoutShape shape)
    {
        var target = new GradientTarget(output, Activation.None, default, false).Require(input.Length, nameof(output), nameof(input));
        RequireArguments(probability, stepState);
        Operands.Check(executor, [new(output, nameof(output))], [new(stepState, nameof(stepState))], [new(input, nameof(input))]);
        Run(executor, probability, seed, stepState, input, target, shape);
    }

    private static void RunBackward(
        IExecutor executor, float probability, ulong seed, DeviceView stepState, DeviceView outputGradient, GradientTarget target, DropoutShape shape)
    {
        var (inputGradient, gate, input) = (target.Gradient, target.Gate, target.Value);
        target.Require(outputGradient.Length, nameof(inputGradient), nameof(input));
        RequireArguments(probability, stepState);
        Operands.Check(
            executor,
            [new(inputGradient, nameof(inputGradient))],
            [new(stepState, nameof(stepState)), Operand.OfGate(gate, input)],
            [new(outputGradient, nameof(outputGradient))]);
        Run(executor, probability, seed, stepState, outputGradient, target, shape);
    }

    private static void RequireArguments(float probability, DeviceView stepState)
    {
        if (!(probability >= 0 && probability <= 1))
            throw new ArgumentException($"the probability to drop an element must be between 0 and 1, but is {probability}", nameof(probability));
        stepState.Require(StepStateLayout.Words, nameof(stepState));
    }

    private static void Run(
        IExecutor executor, float probability, ulong seed, DeviceView stepState, DeviceView input, GradientTarget output, DropoutShape shape)
    {
        var call = new Call(executor, probability, seed, stepState, input, output, shape);
        ActivationDispatch.Call(output.Gate.Kind, ref call);
    }

    private readonly record struct Call(
        IExecutor Executor, float Probability, ulong Seed, DeviceView StepState, DeviceView Input, GradientTarget Output, DropoutShape Shape) : IActivationCall
    {
        public void Invoke<TActivation>()
            where TActivation : struct, IActivation
        {
            if (Shape == default) Executor.Execute(new Operation<TActivation>(this));
            else Executor.Execute(new SharedOperation<TActivation>(this));
        }
    }

    private readonly struct SharedOperation<TActivation>(Call call) : IOperation
        where TActivation : struct, IActivation
    {
        // About as many pixels per item as make the random numbers cheap.
        private const int PixelsPerPart = 64;

        public int Granularity => call.Shape.Channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var shape = call.Shape;
            var vectors = IntMath.DivRoundUp(shape.Channels, TBackend.Width);
            var parts = IntMath.DivRoundUp(shape.Pixels, PixelsPerPart);
            var kernel = new SharedDropoutKernel<TBackend, TVector, TActivation>
            {
                Input = launcher.Bind(call.Input),
                State = launcher.Bind(call.StepState),
                Output = call.Output.Bind<TBackend, TVector, TActivation>(launcher),
                Pixels = shape.Pixels,
                Channels = shape.Channels,
                Vectors = vectors,
                PixelsPerPart = PixelsPerPart,
                PartsPerSample = parts,
                ByVectors = FastDivMod.By(vectors),
                ByParts = FastDivMod.By(parts),
                DropsSamples = shape.Unit == DropoutUnit.Sample,
                Seed0 = (uint)call.Seed,
                Seed1 = (uint)(call.Seed >> 32),
                Probability = call.Probability,
                // With probability 1 nothing is kept, and the factor would be infinite.
                Scale = call.Probability < 1 ? 1f / (1f - call.Probability) : 0f,
            };
            launcher.Launch(kernel, checked(shape.Batch * vectors * parts), 100 + 6 * Math.Min(shape.Pixels, PixelsPerPart));
        }
    }

    private readonly struct Operation<TActivation>(Call call) : IOperation
        where TActivation : struct, IActivation
    {
        // Vector indices are multiples of the vector width. The kernel handles partial last vectors.
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, Backends.IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new DropoutKernel<TBackend, TVector, TActivation>
            {
                Input = launcher.Bind(call.Input),
                State = launcher.Bind(call.StepState),
                Output = call.Output.Bind<TBackend, TVector, TActivation>(launcher),
                Count = call.Input.Length,
                Seed0 = (uint)call.Seed,
                Seed1 = (uint)(call.Seed >> 32),
                Probability = call.Probability,
                // With probability 1 nothing is kept, and the factor would be infinite.
                Scale = call.Probability < 1 ? 1f / (1f - call.Probability) : 0f,
            };
            var blocks = IntMath.DivRoundUp(call.Input.Length, DropoutKernel<TBackend, TVector, TActivation>.Block);
            launcher.Launch(kernel, blocks * (DropoutKernel<TBackend, TVector, TActivation>.Counters / TBackend.Width), 230);
        }
    }
}
