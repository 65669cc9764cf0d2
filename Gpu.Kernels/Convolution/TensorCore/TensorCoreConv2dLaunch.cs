using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>Packs the weights if they cannot be read in place, and launches <see cref="TensorCoreConv2d{TActivation,TUnit,TTile}"/>.</summary>
internal static class TensorCoreConv2dLaunch
{
    /// <summary>Columns of a panel of packed weights. The kernel treats unpacked weights as panels of the same width.</summary>
    public const int PanelWidth = 32;

    /// <summary>Launches a forward pass or an input gradient.</summary>
    public static void Launch<TBackend, TVector, TActivation>(ILauncher<TBackend> launcher, in Conv2dArguments a)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        // The kernel reads weights 16 bytes at a time, which unpacked weights must be aligned to. An input gradient needs transposed weights.
        var packed = a.IsBackward || a.Shape.OutputPerGroup % 4 != 0 || a.Weights.Offset % 4 != 0;
        if (packed) PackConvWeightsLaunch.Launch<TBackend, TVector>(launcher, a.Shape, a.IsBackward, a.Weights, a.Workspace, PanelWidth);
        foreach (var grid in ConvGeometry.Grids(a.Shape, a.Pass))
        {
            var g = grid.WithWeights(a.Shape, PanelWidth, packed);
            var call = new TileCall<TActivation>(launcher.TensorCores!, a, g, packed);
            TensorCoreDispatch.Call(launcher.TensorCores!, g.Pixels, g.OutputPerGroup, a.Shape.Groups, ref call);
        }
    }

    private readonly struct TileCall<TActivation>(ITensorCoreLauncher launcher, Conv2dArguments a, ConvGeometry g, bool packed) : ITensorCoreCall
        where TActivation : struct, IActivation
    {
        public void Invoke<TUnit, TTile>()
            where TUnit : struct, ITensorCoreUnit
            where TTile : struct, IBlockTile
        {
            var weights = packed ? a.Workspace : a.Weights;
            var channels = IntMath.RoundUp(g.InputPerGroup, 4);
            var kernel = new TensorCoreConv2d<TActivation, TUnit, TTile>
            {
                Input = launcher.View(a.Input),
                Weights = launcher.View(weights),
                Bias = launcher.View(a.Bias),
                Output = launcher.View(a.Output),
                Saved = launcher.View(a.Saved),
                InputAddress = launcher.Address(a.Input),
                WeightsAddress = launcher.Address(weights),
                Geometry = g,
                Taps = MixedRadixCounter.By(TUnit.Depth, channels, Math.Max(1, g.TapsX)),
                Steps = IntMath.DivRoundUp(g.TapsY * g.TapsX * channels, TUnit.Depth),
                RowTiles = IntMath.DivRoundUp(g.Pixels, TTile.Rows),
                ColumnTiles = IntMath.DivRoundUp(g.OutputPerGroup, TTile.Columns),
                WeightColumns = packed ? g.PanelsPerGroup * PanelWidth : g.OutputPerGroup,
                Slope = a.Activation.Slope,
                HasBias = !a.Bias.IsEmpty,
                Gated = a.Gated,
                Accumulate = a.Accumulate,
                VectorInput = g.InputPerGroup % 4 == 0 && a.Input.Offset % 4 == 0,
                VectorOutput =
                    g.OutputPerGroup % 4 == 0 && a.Output.Offset % 4 == 0 && (!a.Gated || a.Saved.Offset % 4 == 0) && a.Bias.Offset % 4 == 0,
            };
            launcher.LaunchGroups(kernel, kernel.RowTiles * kernel.ColumnTiles * a.Shape.Groups, SharedTiles<TUnit, TTile>.Threads);
        }
    }
}
