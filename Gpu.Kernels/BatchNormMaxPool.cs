using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Normalization;

namespace Gpu.Kernels;

/// <summary>
/// Batch normalisation of images [batch, height, width, channels] with an activation and 2x2 maximum pooling behind it, as one operation: what is pooled is
/// never written, and its gradient, of which three quarters are zeros, neither. Otherwise as <see cref="BatchNorm"/> followed by <see cref="MaxPool2d"/>.
/// Views must hold exactly the words of the shape's input or output, or a word a channel; otherwise an <see cref="ArgumentException"/> names the one that does
/// not.
/// </summary>
public static partial class BatchNormMaxPool
{
    /// <summary>Whether a pooling is the one that this does: windows of 2x2 side by side, without padding.</summary>
    public static bool Fits(Pool2dShape pooling) => pooling.IsTwoByTwo;

    /// <summary>Words of workspace that the operations use. Its content need not last.</summary>
    public static int WorkspaceLength(Pool2dShape shape) =>
        Math.Max(BatchNorm.WorkspaceLength(Rows(shape), shape.Channels), 4 * BatchNorm.RowLength(shape.Channels) + BatchNormMaxPoolLayout.PartialLength(shape));

    /// <summary>By the batch's own statistics; see <see cref="BatchNorm.ForwardTraining"/>.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">the pooling's sizes; its input is the normalisation's</param>
    /// <param name="input"><see cref="Pool2dShape.InputLength"/> words</param>
    /// <param name="gamma">[channels]</param>
    /// <param name="beta">[channels]</param>
    /// <param name="runningMean">[channels], moved</param>
    /// <param name="runningVariance">[channels], moved</param>
    /// <param name="momentum">share of the batch in the running statistics</param>
    /// <param name="epsilon">added to the variance</param>
    /// <param name="output">receives the pooled values, <see cref="Pool2dShape.OutputLength"/> words</param>
    /// <param name="savedMean">[channels], for the backward pass</param>
    /// <param name="savedInverseDeviation">[channels], for the backward pass</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">fewer than two values a channel, another pooling than <see cref="Fits"/> says, or a view that does not fit</exception>
    public static void ForwardTraining(
        IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView gamma, DeviceView beta, DeviceView runningMean, DeviceView runningVariance,
        float momentum, float epsilon, DeviceView output, DeviceView savedMean, DeviceView savedInverseDeviation, Activation activation, DeviceView workspace)
    {
        Check(shape, input, gamma, beta, workspace);
        if (Rows(shape) < 2) throw new ArgumentException("batch normalisation in training needs at least 2 values a channel to have a variance, but got 1; use a larger batch", nameof(shape));
        output.Require(shape.OutputLength, nameof(output));
        runningMean.Require(shape.Channels, nameof(runningMean));
        runningVariance.Require(shape.Channels, nameof(runningVariance));
        savedMean.Require(shape.Channels, nameof(savedMean));
        savedInverseDeviation.Require(shape.Channels, nameof(savedInverseDeviation));
        executor.Execute(new BatchNorm.StatisticsOperation(
            Rows(shape), shape.Channels, input, gamma, runningMean, runningVariance, momentum, epsilon, savedMean, savedInverseDeviation, workspace));
        var call = new ForwardCall(executor, shape, input, savedMean, beta, output, activation.Slope, workspace);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    /// <summary>By the running statistics. Parameters as in <see cref="ForwardTraining"/>.</summary>
    /// <exception cref="ArgumentException">another pooling than <see cref="Fits"/> says, or a view that does not fit</exception>
    public static void ForwardEvaluation(
        IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView gamma, DeviceView beta, DeviceView runningMean, DeviceView runningVariance,
        float epsilon, DeviceView output, Activation activation, DeviceView workspace)
    {
        Check(shape, input, gamma, beta, workspace);
        output.Require(shape.OutputLength, nameof(output));
        runningMean.Require(shape.Channels, nameof(runningMean));
        runningVariance.Require(shape.Channels, nameof(runningVariance));
        executor.Execute(new BatchNorm.RunningOperation(shape.Channels, gamma, runningVariance, epsilon, workspace));
        var call = new ForwardCall(executor, shape, input, runningMean, beta, output, activation.Slope, workspace);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    /// <summary>The gradients of a forward pass in training; parameters as in <see cref="BatchNorm.Backward"/>, but for these:</summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">sizes of the forward pass</param>
    /// <param name="input">the forward pass's input</param>
    /// <param name="outputGradient">with respect to the pooled values, <see cref="Pool2dShape.OutputLength"/> words</param>
    /// <param name="gamma">[channels]</param>
    /// <param name="beta">[channels]</param>
    /// <param name="savedMean">as the forward pass left it</param>
    /// <param name="savedInverseDeviation">as the forward pass left it</param>
    /// <param name="inputGradient">receives the gradient, none of the other views; empty when it is not wanted</param>
    /// <param name="gammaGradient">added to</param>
    /// <param name="betaGradient">added to</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <param name="gate">the activation whose output the input is; the gradient is multiplied by its derivative</param>
    /// <param name="accumulate">adds to what <paramref name="inputGradient"/> holds</param>
    /// <exception cref="ArgumentException">a view does not fit, or the gate's derivative cannot be computed from its output</exception>
    public static void Backward(
        IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView outputGradient, DeviceView gamma, DeviceView beta, DeviceView savedMean,
        DeviceView savedInverseDeviation, DeviceView inputGradient, DeviceView gammaGradient, DeviceView betaGradient, Activation activation, DeviceView workspace,
        Activation gate = default, bool accumulate = false)
    {
        Check(shape, input, gamma, beta, workspace);
        outputGradient.Require(shape.OutputLength, nameof(outputGradient));
        savedMean.Require(shape.Channels, nameof(savedMean));
        savedInverseDeviation.Require(shape.Channels, nameof(savedInverseDeviation));
        if (!inputGradient.IsEmpty) inputGradient.Require(shape.InputLength, nameof(inputGradient));
        gammaGradient.Require(shape.Channels, nameof(gammaGradient));
        betaGradient.Require(shape.Channels, nameof(betaGradient));
        gate.RequireDerivativeFromOutput();
        var call = new BackwardCall(
            executor, shape, input, outputGradient, gamma, beta, savedMean, savedInverseDeviation, inputGradient, gammaGradient, betaGradient, activation.Slope,
            gate, accumulate, workspace);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    private static int Rows(Pool2dShape shape) => checked(shape.Batch * shape.InputHeight * shape.InputWidth);

    private static void Check(Pool2dShape shape, DeviceView input, DeviceView gamma, DeviceView beta, DeviceView workspace)
    {
        shape.Check();
        if (!Fits(shape)) throw new ArgumentException($"only windows of 2x2 side by side and without padding can be pooled on the way, but this is {shape}; pool by an operation of its own", nameof(shape));
        input.Require(shape.InputLength, nameof(input));
        gamma.Require(shape.Channels, nameof(gamma));
        beta.Require(shape.Channels, nameof(beta));
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
    }

    private readonly struct ForwardCall(
        IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView mean, DeviceView beta, DeviceView output, float slope, DeviceView workspace) : IActivationCall
    {
        public void With<TActivation>()
            where TActivation : struct, IActivation =>
            executor.Execute(new ForwardOperation<TActivation>(shape, input, mean, beta, output, slope, workspace));
    }

    private readonly struct ForwardOperation<TActivation>(
        Pool2dShape shape, DeviceView input, DeviceView mean, DeviceView beta, DeviceView output, float slope, DeviceView workspace) : IOperation
        where TActivation : struct, IActivation
    {
        public int Granularity => shape.Channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var layout = BatchNormMaxPoolLayout.For<TBackend, TVector>(shape);
            var kernel = new BatchNormMaxPoolForward<TBackend, TVector, TActivation>
            {
                Input = launcher.Bind(input),
                Output = launcher.Bind(output),
                Mean = launcher.Bind(mean),
                Scale = launcher.Bind(BatchNorm.Coefficient(workspace, shape.Channels, 0)),
                Beta = launcher.Bind(beta),
                Layout = layout,
                Tiles = RowTiles.For<TBackend, TVector>(layout.OutputRows, shape.OutputWidth, shape.Channels),
                Slope = slope,
            };
            launcher.Launch(kernel, kernel.Tiles.Items(layout.OutputRows), kernel.Tiles.Cost(TBackend.Width, 30));
        }
    }

    private readonly struct BackwardCall(
        IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView outputGradient, DeviceView gamma, DeviceView beta, DeviceView savedMean,
        DeviceView savedInverseDeviation, DeviceView inputGradient, DeviceView gammaGradient, DeviceView betaGradient, float slope, Activation gate, bool accumulate,
        DeviceView workspace) : IActivationCall
    {
        public void With<TActivation>()
            where TActivation : struct, IActivation
        {
            executor.Execute(new SumsOperation<TActivation>(
                shape, input, outputGradient, gamma, beta, savedMean, savedInverseDeviation, gammaGradient, betaGradient, slope, workspace));
            if (inputGradient.IsEmpty) return;
            var call = new InputGradientCall<TActivation>(executor, shape, input, savedMean, beta, outputGradient, inputGradient, slope, gate.Slope, accumulate, workspace);
            ActivationDispatch.Call(gate.Kind, ref call);
        }
    }

    private readonly struct SumsOperation<TActivation>(
        Pool2dShape shape, DeviceView input, DeviceView outputGradient, DeviceView gamma, DeviceView beta, DeviceView savedMean, DeviceView savedInverseDeviation,
        DeviceView gammaGradient, DeviceView betaGradient, float slope, DeviceView workspace) : IOperation
        where TActivation : struct, IActivation
    {
        public int Granularity => shape.Channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var channels = shape.Channels;
            var row = BatchNorm.RowLength(channels);
            var scale = launcher.Bind(BatchNorm.Coefficient(workspace, channels, 0));
            var partials = launcher.Bind(BatchNorm.Partials(workspace, channels));
            var outcome = new BatchNormGradientTotals<TBackend, TVector>
            {
                InverseDeviation = launcher.Bind(savedInverseDeviation),
                GammaGradient = launcher.Bind(gammaGradient),
                BetaGradient = launcher.Bind(betaGradient),
                MeanGradient = launcher.Bind(BatchNorm.Coefficient(workspace, channels, 1)),
                Projection = launcher.Bind(BatchNorm.Coefficient(workspace, channels, 2)),
            };
            if (launcher.Groups is { } limits)
            {
                var grouped = new GroupedBatchNormMaxPoolGradientSums<TBackend, TVector, TActivation>
                {
                    Input = launcher.Bind(input),
                    OutputGradient = launcher.Bind(outputGradient),
                    Mean = launcher.Bind(savedMean),
                    Gamma = launcher.Bind(gamma),
                    Beta = launcher.Bind(beta),
                    Scale = scale,
                    Partials = partials,
                    Outcome = outcome,
                    Slope = slope,
                };
                LaunchGradientSums<TBackend, TVector, TActivation>(launcher, limits, shape, grouped);
                return;
            }

            var layout = BatchNormMaxPoolLayout.For<TBackend, TVector>(shape);
            var saved = new BatchNormFromSaved<TBackend, TVector>
            {
                Gamma = launcher.Bind(gamma),
                InverseDeviation = outcome.InverseDeviation,
                Scale = scale,
                Channels = channels,
            };
            launcher.Launch(saved, layout.Vectors, 12);
            var sums = new BatchNormMaxPoolGradientSums<TBackend, TVector, TActivation>
            {
                Input = launcher.Bind(input),
                OutputGradient = launcher.Bind(outputGradient),
                Mean = launcher.Bind(savedMean),
                Scale = scale,
                Beta = launcher.Bind(beta),
                Partials = partials,
                Layout = layout,
                PartialStride = 2 * row,
                PartialRow = row,
                Slope = slope,
            };
            launcher.Launch(sums, layout.Items, layout.Cost);
            var combine = new BatchNormGradientCombine<TBackend, TVector>
            {
                Partials = partials,
                Outcome = outcome,
                // The means are over all values, those that no window holds included; the sums are those of this layout's chunks.
                Layout = new BatchNormLayout { Rows = Rows(shape), Channels = channels, Chunks = layout.Chunks, PartialStride = 2 * row, PartialRow = row },
            };
            launcher.Launch(combine, layout.Vectors, 40 + 4 * layout.Chunks);
        }
    }

    private readonly struct InputGradientCall<TActivation>(
        IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView mean, DeviceView beta, DeviceView outputGradient, DeviceView inputGradient, float slope,
        float gateSlope, bool accumulate, DeviceView workspace) : IActivationCall
        where TActivation : struct, IActivation
    {
        public void With<TGate>()
            where TGate : struct, IActivation =>
            executor.Execute(new InputGradientOperation<TActivation, TGate>(shape, input, mean, beta, outputGradient, inputGradient, slope, gateSlope, accumulate, workspace));
    }

    private readonly struct InputGradientOperation<TActivation, TGate>(
        Pool2dShape shape, DeviceView input, DeviceView mean, DeviceView beta, DeviceView outputGradient, DeviceView inputGradient, float slope, float gateSlope,
        bool accumulate, DeviceView workspace) : IOperation
        where TActivation : struct, IActivation
        where TGate : struct, IActivation
    {
        public int Granularity => shape.Channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var layout = BatchNormMaxPoolLayout.For<TBackend, TVector>(shape);
            var kernel = new BatchNormMaxPoolInputGradient<TBackend, TVector, TActivation, TGate>
            {
                Input = launcher.Bind(input),
                OutputGradient = launcher.Bind(outputGradient),
                InputGradient = launcher.Bind(inputGradient),
                Mean = launcher.Bind(mean),
                Scale = launcher.Bind(BatchNorm.Coefficient(workspace, shape.Channels, 0)),
                Beta = launcher.Bind(beta),
                MeanGradient = launcher.Bind(BatchNorm.Coefficient(workspace, shape.Channels, 1)),
                Projection = launcher.Bind(BatchNorm.Coefficient(workspace, shape.Channels, 2)),
                Layout = layout,
                Tiles = RowTiles.For<TBackend, TVector>(layout.OutputRows, shape.OutputWidth, shape.Channels),
                Slope = slope,
                GateSlope = gateSlope,
                Accumulate = accumulate,
            };
            launcher.Launch(kernel, kernel.Tiles.Items(layout.OutputRows), kernel.Tiles.Cost(TBackend.Width, 60));
        }
    }
}
