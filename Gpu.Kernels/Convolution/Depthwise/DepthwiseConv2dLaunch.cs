using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Launches <see cref="DepthwiseConv2d{TBackend,TVector,TActivation}"/>, once for each grid of the pass.</summary>
internal static class DepthwiseConv2dLaunch
{
    /// <summary>Launches a pass. It needs no workspace.</summary>
    public static void Launch<TBackend, TVector, TActivation>(ILauncher<TBackend> launcher, in Conv2dArguments a)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        foreach (var grid in ConvGeometry.Grids(a.Shape, a.Pass))
        {
            var g = a.IsBackward ? InUnpackedWeights(grid, a.Shape) : grid;
            var lastTap = (g.TapsX - 1) * g.TapStepX;
            var kernel = new DepthwiseConv2d<TBackend, TVector, TActivation>
            {
                Input = launcher.Bind(a.Input),
                Weights = launcher.Bind(a.Weights),
                Bias = launcher.Bind(a.Bias),
                Output = launcher.Bind(a.Output),
                Saved = launcher.Bind(a.Saved),
                Geometry = g,
                Tiles = RowTiles.For<TBackend, TVector>(g.GridRows, g.Columns, g.OutputChannels),
                ByRows = FastDivMod.By(g.Rows),
                ByTapStepY = FastDivMod.By(g.TapStepY),
                ByTapStepX = FastDivMod.By(g.TapStepX),
                InsideBegin = g.InputX < 0 ? IntMath.DivRoundUp(-g.InputX, g.InputStepX) : 0,
                InsideEnd = Math.Max(0, IntMath.DivRoundUp(g.InputWidth - lastTap - g.InputX, g.InputStepX)),
                Slope = a.Activation.Slope,
                HasBias = !a.Bias.IsEmpty,
                Gated = a.Gated,
                Accumulate = a.Accumulate,
            };
            launcher.Launch(kernel, kernel.Tiles.Items(g.GridRows), kernel.Tiles.Cost(TBackend.Width, 6 + 2 * g.TapsY * g.TapsX));
        }
    }

    // The taps of an input gradient count in packed weights, whose order is reversed. Depthwise weights are read in place.
    private static ConvGeometry InUnpackedWeights(ConvGeometry g, Conv2dShape shape)
    {
        g.WeightTap = shape.KernelHeight * shape.KernelWidth - 1 - g.WeightTap;
        (g.WeightTapY, g.WeightTapX) = (-g.WeightTapY, -g.WeightTapX);
        return g;
    }
}
