using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Regularization;

namespace Gpu.Kernels;

/// <summary>
/// Dropout: while training, every element is zero with a given probability, and the others are scaled so that the expected value stays. The mask is not
/// stored: it is a function of the layer's seed, <see cref="StepStateLayout.Draw"/> and the element's number, so forward and backward agree as long as that word
/// stays the same between them. Elements are masked alike on every device and for any number of threads.
/// </summary>
public static class Dropout
{
    /// <summary>output = input / (1 - probability) where kept, else 0; output may be the input.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="probability">the probability to be dropped, 0 to 1</param>
    /// <param name="seed">different for every layer</param>
    /// <param name="stepState"><see cref="StepStateLayout.Words"/> words</param>
    /// <param name="input">elements</param>
    /// <param name="output">as many elements</param>
    /// <exception cref="ArgumentException">a probability outside of 0 to 1, or a view of another length</exception>
    public static void Forward(IExecutor executor, float probability, ulong seed, DeviceView stepState, DeviceView input, DeviceView output)
    {
        var target = new GradientTarget(output, Activation.None, default, false).Require(input.Length, nameof(output), nameof(input));
        Run(executor, probability, seed, stepState, input, target);
    }

    /// <summary>inputGradient = outputGradient / (1 - probability) where kept, else 0; both may be the same view.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="probability">the forward pass's</param>
    /// <param name="seed">the forward pass's</param>
    /// <param name="stepState">the forward pass's; its <see cref="StepStateLayout.Draw"/> must be unchanged</param>
    /// <param name="outputGradient">the gradient with respect to the output</param>
    /// <param name="inputGradient">receives the gradient with respect to the input</param>
    /// <param name="gate">the activation that gave the input; none by default</param>
    /// <param name="input">the forward pass's input, not overwritten by it; needed for a gate only</param>
    /// <param name="accumulate">add to <paramref name="inputGradient"/> instead of overwriting it</param>
    /// <exception cref="ArgumentException">
    /// a probability outside of 0 to 1, a view of another length, or a gate whose derivative needs more than its value
    /// </exception>
    public static void Backward(
        IExecutor executor, float probability, ulong seed, DeviceView stepState, DeviceView outputGradient, DeviceView inputGradient,
        Activation gate = default, DeviceView input = default, bool accumulate = false)
    {
        var target = new GradientTarget(inputGradient, gate, input, accumulate).Require(outputGradient.Length, nameof(inputGradient), nameof(input));
        Run(executor, probability, seed, stepState, outputGradient, target);
    }

    private static void Run(IExecutor executor, float probability, ulong seed, DeviceView stepState, DeviceView input, GradientTarget output)
    {
        if (!(probability >= 0 && probability <= 1))
            throw new ArgumentException($"the probability to be dropped must be 0 to 1, but is {probability}", nameof(probability));
        stepState.Require(StepStateLayout.Words, nameof(stepState));
        var call = new Call(executor, probability, seed, stepState, input, output);
        ActivationDispatch.Call(output.Gate.Kind, ref call);
    }

    private readonly record struct Call(
        IExecutor Executor, float Probability, ulong Seed, DeviceView StepState, DeviceView Input, GradientTarget Output) : IActivationCall
    {
        public void Invoke<TActivation>()
            where TActivation : struct, IActivation => Executor.Execute(new Operation<TActivation>(this));
    }

    private readonly struct Operation<TActivation>(Call call) : IOperation
        where TActivation : struct, IActivation
    {
        // Vector indices are multiples of the width, and the kernel cuts the last vectors short itself.
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
                // With nothing kept there is nothing to scale; the factor would be infinite.
                Scale = call.Probability < 1 ? 1f / (1f - call.Probability) : 0f,
            };
            var blocks = IntMath.DivRoundUp(call.Input.Length, DropoutKernel<TBackend, TVector, TActivation>.Block);
            launcher.Launch(kernel, blocks * (DropoutKernel<TBackend, TVector, TActivation>.Counters / TBackend.Width), 230);
        }
    }
}
