using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>Activation functions as operations of their own; convolution, dense and batch normalisation have them fused.</summary>
public static class ActivationOps
{
    /// <summary>output = f(input), element by element; both may be the same view.</summary>
    /// <exception cref="ArgumentException">the views differ in length</exception>
    public static void Forward(IExecutor executor, Activation activation, DeviceView input, DeviceView output)
    {
        output.Require(input.Length, nameof(output));
        var call = new ForwardCall(executor, activation.Slope, input, output);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    /// <summary>
    /// inputGradient = outputGradient * f'; both gradients may be the same view.
    /// </summary>
    /// <param name="executor">where to run</param>
    /// <param name="activation">f</param>
    /// <param name="saved">f(x) where <see cref="Activation.DerivativeFromOutput"/>, else x</param>
    /// <param name="outputGradient">the gradient with respect to f(x)</param>
    /// <param name="inputGradient">receives the gradient with respect to x</param>
    /// <exception cref="ArgumentException">the views differ in length</exception>
    public static void Backward(IExecutor executor, Activation activation, DeviceView saved, DeviceView outputGradient, DeviceView inputGradient)
    {
        outputGradient.Require(saved.Length, nameof(outputGradient));
        inputGradient.Require(saved.Length, nameof(inputGradient));
        var call = new BackwardCall(executor, activation.Slope, saved, outputGradient, inputGradient);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    // On a GPU neighbouring threads take neighbouring vectors; on the CPU an item is long enough to pay for its start.
    private static int WordsPerItem<TBackend, TVector>()
        where TBackend : struct, Backends.IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => TBackend.IsGpu ? TBackend.Width : 16 * TBackend.Width;

    private readonly struct ForwardCall(IExecutor executor, float slope, DeviceView input, DeviceView output) : IActivationCall
    {
        public void Invoke<TActivation>()
            where TActivation : struct, IActivation => executor.Execute(new ForwardOperation<TActivation>(slope, input, output));
    }

    private readonly struct BackwardCall(IExecutor executor, float slope, DeviceView saved, DeviceView outputGradient, DeviceView inputGradient) : IActivationCall
    {
        public void Invoke<TActivation>()
            where TActivation : struct, IActivation => executor.Execute(new BackwardOperation<TActivation>(slope, saved, outputGradient, inputGradient));
    }

    private readonly struct ForwardOperation<TActivation>(float slope, DeviceView input, DeviceView output) : IOperation
        where TActivation : struct, IActivation
    {
        // Vector indices are multiples of the width, and the kernel cuts the last vector short itself.
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
