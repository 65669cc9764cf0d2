using Gpu.Kernels.Activations;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>Launches <see cref="TensorCoreConv2d{TActivation,TUnit,TTile}"/> for one grid of pixels.</summary>
internal readonly struct TensorCoreConv2dLaunch(
    ITensorCoreLauncher matrices, ConvGeometry geometry, int groups, int weightColumns, DeviceView input, DeviceView weights, DeviceView bias, DeviceView output, DeviceView saved,
    bool gated, bool accumulate, float slope)
{
    /// <summary>Columns of a panel of packed weights, and the run of columns that a kernel takes for contiguous in any case.</summary>
    public const int PanelWidth = 32;

    /// <summary>Whether the weights can be read as they are, by 16 bytes.</summary>
    public static bool ReadsPlain(Conv2dShape shape, DeviceView weights) => shape.OutputPerGroup % 4 == 0 && weights.Offset % 4 == 0;

    /// <summary>Launches.</summary>
    public void Launch<TActivation>()
        where TActivation : struct, IActivation
    {
        var call = new Call<TActivation>(this);
        TensorCoreDispatch.Call(matrices, geometry.Pixels, geometry.OutputPerGroup, groups, ref call);
    }

    private void Launch<TActivation, TUnit, TTile>()
        where TActivation : struct, IActivation
        where TUnit : struct, ITensorCoreUnit
        where TTile : struct, IBlockTile
    {
        var channels = Items.Covering(geometry.InputPerGroup, 4) * 4;
        var kernel = new TensorCoreConv2d<TActivation, TUnit, TTile>
        {
            Input = matrices.View(input),
            Weights = matrices.View(weights),
            Bias = matrices.View(bias),
            Output = matrices.View(output),
            Saved = matrices.View(saved),
            InputAddress = matrices.Address(input),
            WeightsAddress = matrices.Address(weights),
            Geometry = geometry,
            Taps = MixedRadixCounter.By(TUnit.Depth, channels, Math.Max(1, geometry.TapsX)),
            Steps = Items.Covering(geometry.TapsY * geometry.TapsX * channels, TUnit.Depth),
            RowTiles = Items.Covering(geometry.Pixels, TTile.Rows),
            ColumnTiles = Items.Covering(geometry.OutputPerGroup, TTile.Columns),
            WeightColumns = weightColumns,
            Slope = slope,
            HasBias = !bias.IsEmpty,
            Gated = gated,
            Accumulate = accumulate,
            VectorInput = geometry.InputPerGroup % 4 == 0 && input.Offset % 4 == 0,
            VectorOutput = geometry.OutputPerGroup % 4 == 0 && output.Offset % 4 == 0 && (!gated || saved.Offset % 4 == 0) && bias.Offset % 4 == 0,
        };
        matrices.LaunchGroups(kernel, kernel.RowTiles * kernel.ColumnTiles * groups, SharedTiles<TUnit, TTile>.Threads);
    }

    private readonly struct Call<TActivation>(TensorCoreConv2dLaunch gathers) : ITensorCoreCall
        where TActivation : struct, IActivation
    {
        public void With<TUnit, TTile>()
            where TUnit : struct, ITensorCoreUnit
            where TTile : struct, IBlockTile => gathers.Launch<TActivation, TUnit, TTile>();
    }
}
