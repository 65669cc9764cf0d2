using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Generation;

namespace Gpu.Kernels;

/// <summary>
/// The sampling of a variational autoencoder: z = mu + exp(v / 2) * noise, where mu and v are the mean and the logarithm of the variance that the encoder
/// gives for
/// each value, and the Kullback-Leibler divergence of that normal distribution from the standard one. The noise is not stored: it is a function of the seed,
/// <see cref="StepStateLayout.Draw"/>, the sample and the index (<see cref="Philox"/>), which forward and backward compute alike.
/// </summary>
/// <remarks>Source: Kingma, Welling, "Auto-encoding variational Bayes", 2013.</remarks>
public static class LatentSample
{
    /// <summary>Draws the latent values, and computes the divergence of each sample.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="latent">latent values of a sample, at least 1</param>
    /// <param name="seed">the seed of the layer</param>
    /// <param name="stepState">the step state, <see cref="StepStateLayout.Words"/> words</param>
    /// <param name="statistics">[batch, 2 * latent]: the means of a sample, then the logarithms of its variances</param>
    /// <param name="output">receives [batch, latent]</param>
    /// <param name="divergence">receives the divergence of each sample in nats, [batch]</param>
    /// <param name="hasNoise">whether to draw, in training; else the output is the mean</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 sample or value</exception>
    public static void Forward(
        IExecutor executor, int batch, int latent, ulong seed, DeviceView stepState, DeviceView statistics, DeviceView output, DeviceView divergence,
        bool hasNoise)
    {
        Require(batch, latent, stepState, statistics);
        output.Require(statistics.Length / 2, nameof(output));
        divergence.Require(batch, nameof(divergence));
        Operands.Check(
            executor, [new(output, nameof(output)), new(divergence, nameof(divergence))],
            [new(stepState, nameof(stepState)), new(statistics, nameof(statistics))]);
        executor.Execute(new ForwardOperation(batch, latent, seed, stepState, statistics, output, divergence, hasNoise));
    }

    /// <summary>Computes the gradient of the loss plus <paramref name="divergenceScale"/> * the sum of the divergences.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="latent">latent values of a sample, at least 1</param>
    /// <param name="seed">as in the forward pass</param>
    /// <param name="stepState">as in the forward pass, with the same <see cref="StepStateLayout.Draw"/></param>
    /// <param name="statistics">as in the forward pass</param>
    /// <param name="divergenceScale">the factor of the divergence in the loss, 0 or more</param>
    /// <param name="outputGradient">the gradient of the loss with respect to the output, [batch, latent]</param>
    /// <param name="statisticsGradient">receives the gradient with respect to the statistics, [batch, 2 * latent]</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 sample or value, or the factor is not a number of 0 or more</exception>
    public static void Backward(
        IExecutor executor, int batch, int latent, ulong seed, DeviceView stepState, DeviceView statistics, float divergenceScale, DeviceView outputGradient,
        DeviceView statisticsGradient)
    {
        Require(batch, latent, stepState, statistics);
        RequireFactor(divergenceScale, nameof(divergenceScale));
        outputGradient.Require(statistics.Length / 2, nameof(outputGradient));
        statisticsGradient.Require(statistics.Length, nameof(statisticsGradient));
        Operands.Check(
            executor, [new(statisticsGradient, nameof(statisticsGradient))],
            [new(stepState, nameof(stepState)), new(statistics, nameof(statistics)), new(outputGradient, nameof(outputGradient))]);
        executor.Execute(new BackwardOperation(batch, latent, seed, stepState, statistics, divergenceScale, outputGradient, statisticsGradient));
    }

    /// <summary>Adds factor * divergence to the loss of each sample.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="factor">the factor of the divergence, 0 or more</param>
    /// <param name="divergence">[batch]</param>
    /// <param name="sampleLosses">[batch]; changed</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 sample, or the factor is not a number of 0 or more</exception>
    public static void AddDivergence(IExecutor executor, int batch, float factor, DeviceView divergence, DeviceView sampleLosses)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        RequireFactor(factor, nameof(factor));
        divergence.Require(batch, nameof(divergence));
        sampleLosses.Require(batch, nameof(sampleLosses));
        Operands.Check(executor, [new(sampleLosses, nameof(sampleLosses))], [new(divergence, nameof(divergence))]);
        executor.Execute(new AddOperation(batch, factor, divergence, sampleLosses));
    }

    private static void Require(int batch, int latent, DeviceView stepState, DeviceView statistics)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(latent);
        stepState.Require(StepStateLayout.Words, nameof(stepState));
        statistics.Require(ShapeLimits.Length("the statistics", batch, 2, latent), nameof(statistics));
    }

    private static void RequireFactor(float factor, string name)
    {
        if (!(factor >= 0 && float.IsFinite(factor))) throw new ArgumentOutOfRangeException(name, factor, "the factor must be a number of 0 or more");
    }

    private readonly struct ForwardOperation(
        int batch, int latent, ulong seed, DeviceView stepState, DeviceView statistics, DeviceView output, DeviceView divergence, bool hasNoise) : IOperation
    {
        public int Granularity => latent;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new LatentSampleForward<TBackend, TVector>
            {
                Statistics = launcher.Bind(statistics),
                State = launcher.Bind(stepState),
                Output = launcher.Bind(output),
                Divergence = launcher.Bind(divergence),
                Latent = latent,
                HasNoise = hasNoise,
                Seed0 = (uint)seed,
                Seed1 = (uint)(seed >> 32),
            };
            launcher.Launch(kernel, batch, 500 * IntMath.DivRoundUp(latent, TBackend.Width));
        }
    }

    private readonly struct BackwardOperation(
        int batch, int latent, ulong seed, DeviceView stepState, DeviceView statistics, float scale, DeviceView outputGradient, DeviceView gradient)
        : IOperation
    {
        public int Granularity => latent;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new LatentSampleBackward<TBackend, TVector>
            {
                Statistics = launcher.Bind(statistics),
                State = launcher.Bind(stepState),
                OutputGradient = launcher.Bind(outputGradient),
                Gradient = launcher.Bind(gradient),
                Latent = latent,
                Scale = scale,
                Seed0 = (uint)seed,
                Seed1 = (uint)(seed >> 32),
            };
            launcher.Launch(kernel, batch, 500 * IntMath.DivRoundUp(latent, TBackend.Width));
        }
    }

    private readonly struct AddOperation(int batch, float factor, DeviceView divergence, DeviceView sampleLosses) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new AddDivergence<TBackend, TVector>
            {
                Divergence = launcher.Bind(divergence), SampleLosses = launcher.Bind(sampleLosses), Factor = factor,
            };
            launcher.Launch(kernel, batch, 4);
        }
    }
}
