using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>
/// Activation functions as separate operations. <see cref="Conv2d"/>, <see cref="Dense"/>, <see cref="BatchNorm"/> and <see cref="ResidualAdd"/> also compute
/// them fused.
/// </summary>
/// <example><code>ActivationOps.Forward(device, Activation.Relu, x, y);</code></example>
public static class ActivationOps
{
    /// <summary>Writes output[i] = f(input[i]).</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="activation">f</param>
    /// <param name="input">x, any number of words</param>
    /// <param name="output">receives f(x), as many words as <paramref name="input"/>; may be <paramref name="input"/></param>
    /// <exception cref="ArgumentException">the views differ in length</exception>
    public static void Forward(IExecutor executor, Activation activation, DeviceView input, DeviceView output)
    {
        output.Require(input.Length, nameof(output));
        Operands.Check(executor, [new(output, nameof(output))], [], [new(input, nameof(input))]);
        var call = new ForwardCall(executor, activation.Slope, input, output);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    /// <summary>Writes inputGradient[i] = outputGradient[i] * f'(x[i]).</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="activation">f</param>
    /// <param name="saved">f(x) if <see cref="Activation.DerivativeFromOutput"/> is true, otherwise x; any number of words</param>
    /// <param name="outputGradient">the gradient with respect to f(x), as many words as <paramref name="saved"/></param>
    /// <param name="inputGradient">receives the gradient with respect to x, as many words; may be <paramref name="outputGradient"/></param>
    /// <exception cref="ArgumentException">the views differ in length</exception>
    public static void Backward(IExecutor executor, Activation activation, DeviceView saved, DeviceView outputGradient, DeviceView inputGradient)
    {
        outputGradient.Require(saved.Length, nameof(outputGradient));
        inputGradient.Require(saved.Length, nameof(inputGradient));
        Operands.Check(executor, [new(inputGradient, nameof(inputGradient))], [new(saved, nameof(saved))], [new(outputGradient, nameof(outputGradient))]);
        var call = new BackwardCall(executor, activation.Slope, saved, outputGradient, inputGradient);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    // GPU: one vector per thread, so that consecutive threads access consecutive vectors. CPU: enough work to pay for scheduling the item.
    private static int WordsPerItem<TBackend, TVector>()
        where TBackend : struct, Backends.IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => TBackend.IsGpu ? TBackend.Width : 16 * TBackend.Width;

    private readonly struct ForwardCall(IExecutor executor, float slope, DeviceView input, DeviceView output) : IActivationCall
    {
        public void Invoke<TActivation>()
            where TActivation : struct, IActivation => executor.Execute(new ForwardOperation<TActivation>(slope, input, output));
    }

    private readonly struct BackwardCall(IExecutor executor, float slope, DeviceView saved, DeviceView outputGradient, DeviceView inputGradient)
        : IActivationCall
    {
        public void Invoke<TActivation>()
            where TActivation : struct, IActivation => executor.Execute(new BackwardOperation<TActivation>(slope, saved, outputGradient, inputGradient));
    }

    private readonly struct ForwardOperation<TActivation>(float slope, DeviceView input, DeviceView output) : IOperation
        where TActivation : struct, IActivation
    {
        // Vector indices are multiples of the vector width. The kernel handles a partial last vector.
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, Backends.IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new ActivationForward<TBackend, TVector, TActivation>
            {
                Input = launcher.Bind(input),
                Output = launcher.Bind(output),
                Count = input.Length,
                Words = WordsPerItem<TBackend, TVector>(),
                Slope = slope,
            };
            launcher.Launch(kernel, IntMath.DivRoundUp(input.Length, kernel.Words), kernel.Words / TBackend.Width * 4);
        }
    }

    private readonly struct BackwardOperation<TActivation>(float slope, DeviceView saved, DeviceView outputGradient, DeviceView inputGradient) : IOperation
        where TActivation : struct, IActivation
    {
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, Backends.IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new ActivationBackward<TBackend, TVector, TActivation>
            {
                Saved = launcher.Bind(saved),
                OutputGradient = launcher.Bind(outputGradient),
                InputGradient = launcher.Bind(inputGradient),
                Count = saved.Length,
                Words = WordsPerItem<TBackend, TVector>(),
                Slope = slope,
            };
            launcher.Launch(kernel, IntMath.DivRoundUp(saved.Length, kernel.Words), kernel.Words / TBackend.Width * 6);
        }
    }
}
