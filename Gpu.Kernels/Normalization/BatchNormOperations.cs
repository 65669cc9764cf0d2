using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// Computes the statistics of the batch: <see cref="BatchNormStatistics{TBackend,TVector}"/> of chunks, then <see cref="BatchNormCombine{TBackend,TVector}"/>.
/// With thread groups, their grouped variants, and only one launch if one group for each block of channels is enough.
/// </summary>
internal readonly struct BatchNormStatisticsOperation(
    int rows, int channels, DeviceView input, BatchNormParameters parameters, BatchNormSaved saved, float momentum, float epsilon, DeviceView workspace)
    : IOperation
{
    public int Granularity => channels;

    public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var memory = new BatchNormWorkspace(workspace, channels);
        var partials = launcher.Bind(memory.Partials);
        var coefficients = new BatchNormCoefficients<TBackend, TVector>
        {
            Gamma = launcher.Bind(parameters.Gamma),
            RunningMean = launcher.Bind(parameters.RunningMean),
            RunningVariance = launcher.Bind(parameters.RunningVariance),
            SavedMean = launcher.Bind(saved.Mean),
            SavedInverseDeviation = launcher.Bind(saved.InverseDeviation),
            Scale = launcher.Bind(memory.Scale),
            Momentum = momentum,
            Epsilon = epsilon,
        };
        if (launcher.Groups is { } limits)
        {
            LaunchGroups(launcher, limits, partials, coefficients);
            return;
        }

        var layout = BatchNormLayout.For<TBackend, TVector>(rows, channels);
        var statistics = new BatchNormStatistics<TBackend, TVector> { Input = launcher.Bind(input), Partials = partials, Layout = layout };
        launcher.Launch(statistics, layout.Items, layout.Cost(TBackend.Width, 6));
        var combine = new BatchNormCombine<TBackend, TVector> { Partials = partials, Coefficients = coefficients, Layout = layout };
        launcher.Launch(combine, IntMath.DivRoundUp(channels, TBackend.Width), 40 + 10 * layout.Chunks);
    }

    private void LaunchGroups<TBackend, TVector>(
        ILauncher<TBackend> launcher, GroupLimits limits, TBackend partials, BatchNormCoefficients<TBackend, TVector> coefficients)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var threads = GroupThreads.For(limits);
        var layout = BatchNormLayout.ForGroups<TBackend, TVector>(rows, channels, threads);
        var row = BatchNormWorkspace.RowLength(channels);
        var statistics = new GroupedBatchNormStatistics<TBackend, TVector>
        {
            Input = launcher.Bind(input),
            Partials = partials,
            Coefficients = coefficients,
            Layout = layout,
            PartialStride = 2 * row,
            PartialRow = row,
        };
        launcher.LaunchGroups(statistics, layout.Groups, layout.Threads);
        if (layout.Chunks == 1) return;
        var chunks = ChannelGroups.ForCombining<TBackend, TVector>(layout.Chunks, channels, threads);
        var combine = new GroupedBatchNormCombine<TBackend, TVector>
        {
            Input = statistics.Input,
            Partials = partials,
            Coefficients = coefficients,
            Layout = chunks,
            Rows = rows,
            ChunkRows = layout.ChunkRows,
            PartialStride = 2 * row,
            PartialRow = row,
        };
        launcher.LaunchGroups(combine, chunks.Groups, chunks.Threads);
    }
}

/// <summary>Computes the scale gamma / deviation from the running variance, for evaluation.</summary>
internal readonly struct BatchNormScaleOperation(int channels, BatchNormParameters parameters, float epsilon, DeviceView workspace) : IOperation
{
    public int Granularity => channels;

    public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var kernel = new BatchNormScaleFromRunning<TBackend, TVector>
        {
            Gamma = launcher.Bind(parameters.Gamma),
            RunningVariance = launcher.Bind(parameters.RunningVariance),
            Scale = launcher.Bind(new BatchNormWorkspace(workspace, channels).Scale),
            Channels = channels,
            Epsilon = epsilon,
        };
        launcher.Launch(kernel, IntMath.DivRoundUp(channels, TBackend.Width), 40);
    }
}

/// <summary>Normalizes and applies the activation. The scale is read from the workspace.</summary>
internal readonly struct BatchNormForwardOperation<TActivation>(
    int rows, int channels, DeviceView input, DeviceView mean, DeviceView beta, DeviceView output, float slope, DeviceView workspace) : IOperation
    where TActivation : struct, IActivation
{
    public int Granularity => channels;

    public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var layout = BatchNormLayout.ForElementwise<TBackend, TVector>(rows, channels);
        var kernel = new BatchNormForward<TBackend, TVector, TActivation>
        {
            Input = launcher.Bind(input),
            Output = launcher.Bind(output),
            Mean = launcher.Bind(mean),
            Scale = launcher.Bind(new BatchNormWorkspace(workspace, channels).Scale),
            Beta = launcher.Bind(beta),
            Layout = layout,
            Slope = slope,
        };
        launcher.Launch(kernel, layout.Items, layout.Cost(TBackend.Width, 4));
    }
}

/// <summary>Computes the gradients of gamma and beta, and the coefficients of the input gradient.</summary>
internal readonly struct BatchNormGradientSumsOperation<TActivation>(int rows, int channels, BatchNormBackwardArguments a) : IOperation
    where TActivation : struct, IActivation
{
    public int Granularity => channels;

    public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var memory = new BatchNormWorkspace(a.Workspace, channels);
        var totals = BatchNormGradientSumsLaunch.Totals<TBackend, TVector>(launcher, a, memory);
        var partials = launcher.Bind(memory.Partials);
        if (launcher.Groups is { } limits)
        {
            var layout = BatchNormLayout.ForGroups<TBackend, TVector>(rows, channels, GroupThreads.For(limits));
            var row = BatchNormWorkspace.RowLength(channels);
            var grouped = new GroupedBatchNormGradientSums<TBackend, TVector, TActivation>
            {
                Input = launcher.Bind(a.Input),
                OutputGradient = launcher.Bind(a.OutputGradient),
                Mean = launcher.Bind(a.Saved.Mean),
                Gamma = launcher.Bind(a.Parameters.Gamma),
                Beta = launcher.Bind(a.Parameters.Beta),
                Scale = launcher.Bind(memory.Scale),
                Partials = partials,
                Totals = totals,
                Layout = layout,
                PartialStride = 2 * row,
                PartialRow = row,
                Slope = a.Activation.Slope,
            };
            launcher.LaunchGroups(grouped, layout.Groups, layout.Threads);
            BatchNormGradientSumsLaunch.Combine(launcher, limits, rows, channels, layout.Chunks, partials, totals);
            return;
        }

        BatchNormGradientSumsLaunch.Scale<TBackend, TVector>(launcher, a, memory);
        var plain = BatchNormLayout.For<TBackend, TVector>(rows, channels);
        var sums = new BatchNormGradientSums<TBackend, TVector, TActivation>
        {
            Input = launcher.Bind(a.Input),
            OutputGradient = launcher.Bind(a.OutputGradient),
            Mean = launcher.Bind(a.Saved.Mean),
            Scale = launcher.Bind(memory.Scale),
            Beta = launcher.Bind(a.Parameters.Beta),
            Partials = partials,
            Layout = plain,
            Slope = a.Activation.Slope,
        };
        launcher.Launch(sums, plain.Items, plain.Cost(TBackend.Width, 6));
        BatchNormGradientSumsLaunch.Combine(launcher, plain, partials, totals);
    }
}

/// <summary>Computes the input gradient. The coefficients are read from the workspace.</summary>
internal readonly struct BatchNormInputGradientOperation<TActivation, TGate>(int rows, int channels, BatchNormBackwardArguments a) : IOperation
    where TActivation : struct, IActivation
    where TGate : struct, IActivation
{
    public int Granularity => channels;

    public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var memory = new BatchNormWorkspace(a.Workspace, channels);
        var layout = BatchNormLayout.ForElementwise<TBackend, TVector>(rows, channels);
        var kernel = new BatchNormInputGradient<TBackend, TVector, TActivation, TGate>
        {
            Input = launcher.Bind(a.Input),
            OutputGradient = launcher.Bind(a.OutputGradient),
            InputGradient = launcher.Bind(a.InputGradient),
            Mean = launcher.Bind(a.Saved.Mean),
            Scale = launcher.Bind(memory.Scale),
            Beta = launcher.Bind(a.Parameters.Beta),
            MeanGradient = a.ConstantStatistics ? launcher.Zeros(channels) : launcher.Bind(memory.MeanGradient),
            Projection = a.ConstantStatistics ? launcher.Zeros(channels) : launcher.Bind(memory.Projection),
            Layout = layout,
            Slope = a.Activation.Slope,
            GateSlope = a.Gate.Slope,
            Accumulate = a.Accumulate,
        };
        launcher.Launch(kernel, layout.Items, layout.Cost(TBackend.Width, 6));
    }
}

/// <summary>Launches that the gradient sums with and without pooling share.</summary>
internal static class BatchNormGradientSumsLaunch
{
    /// <summary>Returns the tensors that the totals are stored to.</summary>
    public static BatchNormGradientTotals<TBackend, TVector> Totals<TBackend, TVector>(
        ILauncher<TBackend> launcher, in BatchNormBackwardArguments a, BatchNormWorkspace memory)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => new()
        {
            InverseDeviation = launcher.Bind(a.Saved.InverseDeviation),
            GammaGradient = launcher.Bind(a.Gradients.Gamma),
            BetaGradient = launcher.Bind(a.Gradients.Beta),
            MeanGradient = launcher.Bind(memory.MeanGradient),
            Projection = launcher.Bind(memory.Projection),
        };

    /// <summary>Computes the scale gamma / deviation from the saved statistics. Grouped kernels compute it themselves.</summary>
    public static void Scale<TBackend, TVector>(ILauncher<TBackend> launcher, in BatchNormBackwardArguments a, BatchNormWorkspace memory)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var kernel = new BatchNormScaleFromSaved<TBackend, TVector>
        {
            Gamma = launcher.Bind(a.Parameters.Gamma),
            InverseDeviation = launcher.Bind(a.Saved.InverseDeviation),
            Scale = launcher.Bind(memory.Scale),
            Channels = memory.Channels,
        };
        launcher.Launch(kernel, IntMath.DivRoundUp(memory.Channels, TBackend.Width), 12);
    }

    /// <summary>Adds the partial sums of all chunks.</summary>
    public static void Combine<TBackend, TVector>(
        ILauncher<TBackend> launcher, BatchNormLayout layout, TBackend partials, BatchNormGradientTotals<TBackend, TVector> totals)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var combine = new BatchNormGradientCombine<TBackend, TVector> { Partials = partials, Totals = totals, Layout = layout };
        launcher.Launch(combine, IntMath.DivRoundUp(layout.Channels, TBackend.Width), 40 + 4 * layout.Chunks);
    }

    /// <summary>Adds the partial sums of all chunks with thread groups. Does nothing for one chunk, whose kernel has stored the totals itself.</summary>
    /// <param name="launcher">launcher of the device</param>
    /// <param name="limits">limits of its thread groups</param>
    /// <param name="rows">values of a channel</param>
    /// <param name="channels">number of channels</param>
    /// <param name="chunks">number of chunks</param>
    /// <param name="partials">partial sums [chunk, 2, channel], in rows of <see cref="BatchNormWorkspace.RowLength"/> words</param>
    /// <param name="totals">tensors that the totals are stored to</param>
    public static void Combine<TBackend, TVector>(
        ILauncher<TBackend> launcher, GroupLimits limits, int rows, int channels, int chunks, TBackend partials,
        BatchNormGradientTotals<TBackend, TVector> totals)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        if (chunks == 1) return;
        var layout = ChannelGroups.ForCombining<TBackend, TVector>(chunks, channels, GroupThreads.For(limits));
        var row = BatchNormWorkspace.RowLength(channels);
        var combine = new GroupedBatchNormGradientCombine<TBackend, TVector>
        {
            Partials = partials,
            Totals = totals,
            Layout = layout,
            Rows = rows,
            PartialStride = 2 * row,
            PartialRow = row,
        };
        launcher.LaunchGroups(combine, layout.Groups, layout.Threads);
    }
}
