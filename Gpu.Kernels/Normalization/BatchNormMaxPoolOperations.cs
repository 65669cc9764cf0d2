using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;

namespace Gpu.Kernels.Normalization;

/// <summary>Normalizes, applies the activation and pools. The scale is read from the workspace.</summary>
internal readonly struct BatchNormMaxPoolForwardOperation<TActivation>(
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
            Scale = launcher.Bind(new BatchNormWorkspace(workspace, shape.Channels).Scale),
            Beta = launcher.Bind(beta),
            Layout = layout,
            Tiles = RowTiles.For<TBackend, TVector>(layout.OutputRows, shape.OutputWidth, shape.Channels),
            Slope = slope,
        };
        launcher.Launch(kernel, kernel.Tiles.Items(layout.OutputRows), kernel.Tiles.Cost(TBackend.Width, 30));
    }
}

/// <summary>Computes the gradients of gamma and beta, and the coefficients of the input gradient. The maximum of each window is recomputed.</summary>
internal readonly struct BatchNormMaxPoolGradientSumsOperation<TActivation>(Pool2dShape shape, BatchNormBackwardArguments a) : IOperation
    where TActivation : struct, IActivation
{
    public int Granularity => shape.Channels;

    private int Rows => checked(shape.Batch * shape.InputHeight * shape.InputWidth);

    public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var channels = shape.Channels;
        var memory = new BatchNormWorkspace(a.Workspace, channels);
        var totals = BatchNormGradientSumsLaunch.Totals<TBackend, TVector>(launcher, a, memory);
        var partials = launcher.Bind(memory.Partials);
        var row = BatchNormWorkspace.RowLength(channels);
        if (launcher.Groups is { } limits)
        {
            // The rows of the layout are windows, each as much work as four rows of plain batch normalization. The workspace is large enough for the chunks of
            // plain batch normalization, which has more rows.
            var groups = BatchNormLayout.ForGroups<TBackend, TVector>(shape.Batch * shape.OutputHeight * shape.OutputWidth, channels, GroupThreads.For(limits));
            var grouped = new GroupedBatchNormMaxPoolGradientSums<TBackend, TVector, TActivation>
            {
                Input = launcher.Bind(a.Input),
                OutputGradient = launcher.Bind(a.OutputGradient),
                Mean = launcher.Bind(a.Saved.Mean),
                Gamma = launcher.Bind(a.Parameters.Gamma),
                Beta = launcher.Bind(a.Parameters.Beta),
                Scale = launcher.Bind(memory.Scale),
                Partials = partials,
                Totals = totals,
                Layout = groups,
                Windows = WindowIterator.For(shape, 1 << groups.RowShift),
                Below = shape.InputWidth * channels,
                Values = Rows,
                PartialStride = 2 * row,
                PartialRow = row,
                Slope = a.Activation.Slope,
            };
            launcher.LaunchGroups(grouped, groups.Groups, groups.Threads);
            BatchNormGradientSumsLaunch.Combine(launcher, limits, Rows, channels, groups.Chunks, partials, totals);
            return;
        }

        BatchNormGradientSumsLaunch.Scale<TBackend, TVector>(launcher, a, memory);
        var layout = BatchNormMaxPoolLayout.For<TBackend, TVector>(shape);
        var sums = new BatchNormMaxPoolGradientSums<TBackend, TVector, TActivation>
        {
            Input = launcher.Bind(a.Input),
            OutputGradient = launcher.Bind(a.OutputGradient),
            Mean = launcher.Bind(a.Saved.Mean),
            Scale = launcher.Bind(memory.Scale),
            Beta = launcher.Bind(a.Parameters.Beta),
            Partials = partials,
            Layout = layout,
            PartialStride = 2 * row,
            PartialRow = row,
            Slope = a.Activation.Slope,
        };
        launcher.Launch(sums, layout.Items, layout.Cost);
        // The means are over all values, including those outside all windows. The chunks are those of the sums.
        var chunks = new BatchNormLayout { Rows = Rows, Channels = channels, Chunks = layout.Chunks, PartialStride = 2 * row, PartialRow = row };
        BatchNormGradientSumsLaunch.Combine(launcher, chunks, partials, totals);
    }
}

/// <summary>Computes the input gradient. The coefficients are read from the workspace.</summary>
internal readonly struct BatchNormMaxPoolInputGradientOperation<TActivation, TGate>(Pool2dShape shape, BatchNormBackwardArguments a) : IOperation
    where TActivation : struct, IActivation
    where TGate : struct, IActivation
{
    public int Granularity => shape.Channels;

    public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var memory = new BatchNormWorkspace(a.Workspace, shape.Channels);
        var layout = BatchNormMaxPoolLayout.For<TBackend, TVector>(shape);
        var kernel = new BatchNormMaxPoolInputGradient<TBackend, TVector, TActivation, TGate>
        {
            Input = launcher.Bind(a.Input),
            OutputGradient = launcher.Bind(a.OutputGradient),
            InputGradient = launcher.Bind(a.InputGradient),
            Mean = launcher.Bind(a.Saved.Mean),
            Scale = launcher.Bind(memory.Scale),
            Beta = launcher.Bind(a.Parameters.Beta),
            MeanGradient = launcher.Bind(memory.MeanGradient),
            Projection = launcher.Bind(memory.Projection),
            Layout = layout,
            Tiles = RowTiles.For<TBackend, TVector>(layout.OutputRows, shape.OutputWidth, shape.Channels),
            Slope = a.Activation.Slope,
            GateSlope = a.Gate.Slope,
            Accumulate = a.Accumulate,
        };
        launcher.Launch(kernel, kernel.Tiles.Items(layout.OutputRows), kernel.Tiles.Cost(TBackend.Width, 60));
    }
}
