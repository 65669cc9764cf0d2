using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Normalization;

namespace Gpu.Kernels;

/// <summary>
/// Batch normalisation over the channel axis of [rows, channels], rows being the batch or batch * height * width, with a fused activation:
/// output = f(gamma * (x - mean) / sqrt(variance + epsilon) + beta). Source: S. Ioffe, C. Szegedy, "Batch normalization", 2015.
/// Views must hold exactly rows * channels or channels words; otherwise an <see cref="ArgumentException"/> names the one that does not.
/// </summary>
public static partial class BatchNorm
{
    /// <summary>Words of workspace that the operations use. Its content need not last.</summary>
    public static int WorkspaceLength(int rows, int channels) => BatchNormLayout.WorkspaceLength(rows, channels);

    /// <summary>
    /// By the batch's own statistics. The running ones move by <paramref name="momentum"/> towards the batch's (the variance towards the unbiased estimate,
    /// as in PyTorch); mean and 1 / sqrt(variance + epsilon) are kept for the backward pass.
    /// </summary>
    /// <exception cref="ArgumentException">fewer than two rows (they have no variance), or a view that does not fit</exception>
    public static void ForwardTraining(
        IExecutor executor, int rows, int channels, DeviceView input, DeviceView gamma, DeviceView beta, DeviceView runningMean, DeviceView runningVariance,
        float momentum, float epsilon, DeviceView output, DeviceView savedMean, DeviceView savedInverseDeviation, Activation activation, DeviceView workspace)
    {
        if (rows < 2) throw new ArgumentException($"batch normalisation in training needs at least 2 values a channel to have a variance, but got {rows}; use a larger batch", nameof(rows));
        Check(rows, channels, input, gamma, beta, output, workspace);
        runningMean.Require(channels, nameof(runningMean));
        runningVariance.Require(channels, nameof(runningVariance));
        savedMean.Require(channels, nameof(savedMean));
        savedInverseDeviation.Require(channels, nameof(savedInverseDeviation));
        executor.Execute(new StatisticsOperation(
            rows, channels, input, gamma, runningMean, runningVariance, momentum, epsilon, savedMean, savedInverseDeviation, workspace));
        var call = new NormaliseCall(executor, rows, channels, input, savedMean, beta, output, activation.Slope, workspace);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    /// <summary>By the running statistics.</summary>
    /// <exception cref="ArgumentException">a view does not fit</exception>
    public static void ForwardEvaluation(
        IExecutor executor, int rows, int channels, DeviceView input, DeviceView gamma, DeviceView beta, DeviceView runningMean, DeviceView runningVariance,
        float epsilon, DeviceView output, Activation activation, DeviceView workspace)
    {
        Check(rows, channels, input, gamma, beta, output, workspace);
        runningMean.Require(channels, nameof(runningMean));
        runningVariance.Require(channels, nameof(runningVariance));
        executor.Execute(new RunningOperation(channels, gamma, runningVariance, epsilon, workspace));
        var call = new NormaliseCall(executor, rows, channels, input, runningMean, beta, output, activation.Slope, workspace);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    /// <summary>
    /// The gradients of a forward pass in training: adds those of gamma and beta to what their views hold, and writes that of the input. The activation's
    /// derivative is computed from the input, so that its output need not be kept.
    /// </summary>
    /// <param name="executor">where to run</param>
    /// <param name="rows">values a channel</param>
    /// <param name="channels">channels</param>
    /// <param name="input">the forward pass's input</param>
    /// <param name="outputGradient">with respect to the activated output</param>
    /// <param name="gamma">[channels]</param>
    /// <param name="beta">[channels]</param>
    /// <param name="savedMean">as the forward pass left it</param>
    /// <param name="savedInverseDeviation">as the forward pass left it</param>
    /// <param name="inputGradient">receives the gradient; may be <paramref name="outputGradient"/></param>
    /// <param name="gammaGradient">added to</param>
    /// <param name="betaGradient">added to</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <param name="gate">the activation whose output the input is; the gradient is multiplied by its derivative</param>
    /// <param name="accumulate">adds to what <paramref name="inputGradient"/> holds</param>
    /// <exception cref="ArgumentException">a view does not fit, or the gate's derivative cannot be computed from its output</exception>
    public static void Backward(
        IExecutor executor, int rows, int channels, DeviceView input, DeviceView outputGradient, DeviceView gamma, DeviceView beta, DeviceView savedMean,
        DeviceView savedInverseDeviation, DeviceView inputGradient, DeviceView gammaGradient, DeviceView betaGradient, Activation activation, DeviceView workspace,
        Activation gate = default, bool accumulate = false)
    {
        Check(rows, channels, input, gamma, beta, inputGradient, workspace);
        outputGradient.Require(input.Length, nameof(outputGradient));
        savedMean.Require(channels, nameof(savedMean));
        savedInverseDeviation.Require(channels, nameof(savedInverseDeviation));
        gammaGradient.Require(channels, nameof(gammaGradient));
        betaGradient.Require(channels, nameof(betaGradient));
        gate.RequireDerivativeFromOutput();
        var call = new BackwardCall(
            executor, rows, channels, input, outputGradient, gamma, beta, savedMean, savedInverseDeviation, inputGradient, gammaGradient, betaGradient,
            activation.Slope, gate, accumulate, workspace);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    private static void Check(int rows, int channels, DeviceView input, DeviceView gamma, DeviceView beta, DeviceView output, DeviceView workspace)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        input.Require(checked(rows * channels), nameof(input));
        gamma.Require(channels, nameof(gamma));
        beta.Require(channels, nameof(beta));
        output.Require(input.Length, nameof(output));
        workspace.RequireAtLeast(WorkspaceLength(rows, channels), nameof(workspace));
    }

    // The workspace: four coefficients a channel, each row on a vector's boundary, then the chunks' partial results.
    internal static DeviceView Coefficient(DeviceView workspace, int channels, int number) => workspace.Slice(number * RowLength(channels), channels);

    internal static DeviceView Partials(DeviceView workspace, int channels) => workspace.Slice(4 * RowLength(channels), workspace.Length - 4 * RowLength(channels));

    internal static int RowLength(int channels) => Items.Covering(channels, 16) * 16;

    internal readonly struct StatisticsOperation(
        int rows, int channels, DeviceView input, DeviceView gamma, DeviceView runningMean, DeviceView runningVariance, float momentum, float epsilon,
        DeviceView savedMean, DeviceView savedInverseDeviation, DeviceView workspace) : IOperation
    {
        public int Granularity => channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var partials = launcher.Bind(Partials(workspace, channels));
            var outcome = new BatchNormCoefficients<TBackend, TVector>
            {
                Gamma = launcher.Bind(gamma),
                RunningMean = launcher.Bind(runningMean),
                RunningVariance = launcher.Bind(runningVariance),
                SavedMean = launcher.Bind(savedMean),
                SavedInverseDeviation = launcher.Bind(savedInverseDeviation),
                Scale = launcher.Bind(Coefficient(workspace, channels, 0)),
                Momentum = momentum,
                Epsilon = epsilon,
            };
            if (launcher.Groups is { } limits)
            {
                LaunchStatistics<TBackend, TVector>(launcher, limits, rows, channels, launcher.Bind(input), partials, outcome);
                return;
            }

            var layout = BatchNormLayout.For<TBackend, TVector>(rows, channels);
            var statistics = new BatchNormStatistics<TBackend, TVector> { Input = launcher.Bind(input), Partials = partials, Layout = layout };
            launcher.Launch(statistics, layout.Items, layout.Cost(TBackend.Width, 6));
            var combine = new BatchNormCombine<TBackend, TVector> { Partials = partials, Outcome = outcome, Layout = layout };
            launcher.Launch(combine, Items.Covering(channels, TBackend.Width), 40 + 10 * layout.Chunks);
        }
    }

    internal readonly struct RunningOperation(
        int channels, DeviceView gamma, DeviceView runningVariance, float epsilon, DeviceView workspace) : IOperation
    {
        public int Granularity => channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new BatchNormFromRunning<TBackend, TVector>
            {
                Gamma = launcher.Bind(gamma),
                RunningVariance = launcher.Bind(runningVariance),
                Scale = launcher.Bind(Coefficient(workspace, channels, 0)),
                Channels = channels,
                Epsilon = epsilon,
            };
            launcher.Launch(kernel, Items.Covering(channels, TBackend.Width), 40);
        }
    }

    private readonly struct NormaliseCall(
        IExecutor executor, int rows, int channels, DeviceView input, DeviceView mean, DeviceView beta, DeviceView output, float slope, DeviceView workspace) : IActivationCall
    {
        public void With<TActivation>()
            where TActivation : struct, IActivation =>
            executor.Execute(new NormaliseOperation<TActivation>(rows, channels, input, mean, beta, output, slope, workspace));
    }

    private readonly struct NormaliseOperation<TActivation>(
        int rows, int channels, DeviceView input, DeviceView mean, DeviceView beta, DeviceView output, float slope, DeviceView workspace) : IOperation
        where TActivation : struct, IActivation
    {
        public int Granularity => channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var layout = BatchNormLayout.ForEach<TBackend, TVector>(rows, channels);
            var kernel = new BatchNormForward<TBackend, TVector, TActivation>
            {
                Input = launcher.Bind(input),
                Output = launcher.Bind(output),
                Mean = launcher.Bind(mean),
                Scale = launcher.Bind(Coefficient(workspace, channels, 0)),
                Beta = launcher.Bind(beta),
                Layout = layout,
                Slope = slope,
            };
            launcher.Launch(kernel, layout.Items, layout.Cost(TBackend.Width, 4));
        }
    }

    private readonly struct BackwardCall(
        IExecutor executor, int rows, int channels, DeviceView input, DeviceView outputGradient, DeviceView gamma, DeviceView beta, DeviceView savedMean,
        DeviceView savedInverseDeviation, DeviceView inputGradient, DeviceView gammaGradient, DeviceView betaGradient, float slope, Activation gate, bool accumulate,
        DeviceView workspace) : IActivationCall
    {
        public void With<TActivation>()
            where TActivation : struct, IActivation
        {
            executor.Execute(new GradientSumsOperation<TActivation>(
                rows, channels, input, outputGradient, gamma, beta, savedMean, savedInverseDeviation, gammaGradient, betaGradient, slope, workspace));
            var call = new InputGradientCall<TActivation>(executor, rows, channels, input, savedMean, beta, outputGradient, inputGradient, slope, gate.Slope, accumulate, workspace);
            ActivationDispatch.Call(gate.Kind, ref call);
        }
    }

    private readonly struct GradientSumsOperation<TActivation>(
        int rows, int channels, DeviceView input, DeviceView outputGradient, DeviceView gamma, DeviceView beta, DeviceView savedMean, DeviceView savedInverseDeviation,
        DeviceView gammaGradient, DeviceView betaGradient, float slope, DeviceView workspace) : IOperation
        where TActivation : struct, IActivation
    {
        public int Granularity => channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var mean = launcher.Bind(savedMean);
            var scale = launcher.Bind(Coefficient(workspace, channels, 0));
            var partials = launcher.Bind(Partials(workspace, channels));
            var outcome = new BatchNormGradientTotals<TBackend, TVector>
            {
                InverseDeviation = launcher.Bind(savedInverseDeviation),
                GammaGradient = launcher.Bind(gammaGradient),
                BetaGradient = launcher.Bind(betaGradient),
                MeanGradient = launcher.Bind(Coefficient(workspace, channels, 1)),
                Projection = launcher.Bind(Coefficient(workspace, channels, 2)),
            };
            if (launcher.Groups is { } limits)
            {
                var grouped = new GroupedBatchNormGradientSums<TBackend, TVector, TActivation>
                {
                    Input = launcher.Bind(input),
                    OutputGradient = launcher.Bind(outputGradient),
                    Mean = mean,
                    Gamma = launcher.Bind(gamma),
                    Beta = launcher.Bind(beta),
                    Scale = scale,
                    Partials = partials,
                    Outcome = outcome,
                    Slope = slope,
                };
                LaunchGradientSums<TBackend, TVector, TActivation>(launcher, limits, rows, channels, grouped);
                return;
            }

            var layout = BatchNormLayout.For<TBackend, TVector>(rows, channels);
            var vectors = Items.Covering(channels, TBackend.Width);
            var saved = new BatchNormFromSaved<TBackend, TVector>
            {
                Gamma = launcher.Bind(gamma),
                InverseDeviation = outcome.InverseDeviation,
                Scale = scale,
                Channels = channels,
            };
            launcher.Launch(saved, vectors, 12);
            var sums = new BatchNormGradientSums<TBackend, TVector, TActivation>
            {
                Input = launcher.Bind(input),
                OutputGradient = launcher.Bind(outputGradient),
                Mean = mean,
                Scale = scale,
                Beta = launcher.Bind(beta),
                Partials = partials,
                Layout = layout,
                Slope = slope,
            };
            launcher.Launch(sums, layout.Items, layout.Cost(TBackend.Width, 6));
            var combine = new BatchNormGradientCombine<TBackend, TVector> { Partials = partials, Outcome = outcome, Layout = layout };
            launcher.Launch(combine, vectors, 40 + 4 * layout.Chunks);
        }
    }

    private readonly struct InputGradientCall<TActivation>(
        IExecutor executor, int rows, int channels, DeviceView input, DeviceView mean, DeviceView beta, DeviceView outputGradient, DeviceView inputGradient, float slope, float gateSlope, bool accumulate,
        DeviceView workspace) : IActivationCall
        where TActivation : struct, IActivation
    {
        public void With<TGate>()
            where TGate : struct, IActivation =>
            executor.Execute(new InputGradientOperation<TActivation, TGate>(rows, channels, input, mean, beta, outputGradient, inputGradient, slope, gateSlope, accumulate, workspace));
    }

    private readonly struct InputGradientOperation<TActivation, TGate>(
        int rows, int channels, DeviceView input, DeviceView mean, DeviceView beta, DeviceView outputGradient, DeviceView inputGradient, float slope, float gateSlope, bool accumulate,
        DeviceView workspace) : IOperation
        where TActivation : struct, IActivation
        where TGate : struct, IActivation
    {
        public int Granularity => channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var layout = BatchNormLayout.ForEach<TBackend, TVector>(rows, channels);
            var kernel = new BatchNormInputGradient<TBackend, TVector, TActivation, TGate>
            {
                Input = launcher.Bind(input),
                OutputGradient = launcher.Bind(outputGradient),
                InputGradient = launcher.Bind(inputGradient),
                Mean = launcher.Bind(mean),
                Scale = launcher.Bind(Coefficient(workspace, channels, 0)),
                Beta = launcher.Bind(beta),
                MeanGradient = launcher.Bind(Coefficient(workspace, channels, 1)),
                Projection = launcher.Bind(Coefficient(workspace, channels, 2)),
                Layout = layout,
                Slope = slope,
                GateSlope = gateSlope,
                Accumulate = accumulate,
            };
            launcher.Launch(kernel, layout.Items, layout.Cost(TBackend.Width, 6));
        }
    }
}
