using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Losses;

/// <summary>Checks and launches for the elementwise losses.</summary>
internal static class PointwiseLosses<TLoss>
    where TLoss : struct, IPointwiseLoss
{
    /// <summary>See <see cref="MeanSquaredError.Run"/>.</summary>
    public static void Run(
        IExecutor executor, int batch, int outputs, DeviceView prediction, DeviceView target, DeviceView gradient, DeviceView sampleLosses, Activation gate,
        float factor = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        if (!gate.DerivativeFromOutput)
        {
            throw new ArgumentException(
                $"the derivative of {gate.Kind} cannot be computed from the prediction; apply the activation as a separate operation", nameof(gate));
        }

        prediction.Require(ShapeLimits.Length("the prediction", batch, outputs), nameof(prediction));
        target.Require(prediction.Length, nameof(target));
        if (!gradient.IsEmpty) gradient.Require(prediction.Length, nameof(gradient));
        sampleLosses.Require(batch, nameof(sampleLosses));
        Operands.Check(
            executor,
            [new(gradient, nameof(gradient)), new(sampleLosses, nameof(sampleLosses))],
            [new(target, nameof(target))],
            [new(prediction, nameof(prediction))]);
        var call = new Call(executor, batch, outputs, prediction, target, gradient, sampleLosses, gate.Slope, factor);
        ActivationDispatch.Call(gate.Kind, ref call);
    }

    private readonly struct Call(
        IExecutor executor, int batch, int outputs, DeviceView prediction, DeviceView target, DeviceView gradient, DeviceView sampleLosses, float slope,
        float factor)
        : IActivationCall
    {
        public void Invoke<TActivation>()
            where TActivation : struct, IActivation =>
            executor.Execute(new Operation<TActivation>(batch, outputs, prediction, target, gradient, sampleLosses, slope, factor));
    }

    private readonly struct Operation<TActivation>(
        int batch, int outputs, DeviceView prediction, DeviceView target, DeviceView gradient, DeviceView sampleLosses, float slope, float factor) : IOperation
        where TActivation : struct, IActivation
    {
        public int Granularity => outputs;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new PointwiseLoss<TBackend, TVector, TLoss, TActivation>
            {
                Prediction = launcher.Bind(prediction),
                Target = launcher.Bind(target),
                // Without a gradient any valid memory will do: the kernel slices it, but does not write it.
                Gradient = launcher.Bind(gradient.IsEmpty ? prediction : gradient),
                SampleLosses = launcher.Bind(sampleLosses),
                Outputs = outputs,
                HasGradient = !gradient.IsEmpty,
                LossScale = factor / outputs,
                GradientScale = (float)(factor / ((double)batch * outputs)),
                Slope = slope,
            };
            var threads = GroupedPointwiseLoss<TBackend, TVector, TLoss, TActivation>.Threads(launcher.Groups, outputs);
            if (threads > 0) LaunchGroups(launcher, kernel, threads);
            else launcher.Launch(kernel, batch, 20 + 20 * IntMath.DivRoundUp(outputs, TBackend.Width));
        }

        private void LaunchGroups<TBackend, TVector>(ILauncher<TBackend> launcher, PointwiseLoss<TBackend, TVector, TLoss, TActivation> plain, int threads)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new GroupedPointwiseLoss<TBackend, TVector, TLoss, TActivation>
            {
                Prediction = plain.Prediction,
                Target = plain.Target,
                Gradient = plain.Gradient,
                SampleLosses = plain.SampleLosses,
                Outputs = outputs,
                HasGradient = plain.HasGradient,
                LossScale = plain.LossScale,
                GradientScale = plain.GradientScale,
                Slope = slope,
            };
            launcher.LaunchGroups(kernel, batch, threads);
        }
    }
}
