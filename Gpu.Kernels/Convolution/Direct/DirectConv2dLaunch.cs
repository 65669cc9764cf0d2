using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Packs the weights where that pays, and launches <see cref="DirectConv2d{TBackend,TVector,TActivation}"/>.</summary>
internal static class DirectConv2dLaunch
{
    // Vector instructions that an item should take at least, so that handing it out costs little beside it.
    private const int ItemCost = 6_000;

    // Below this many bytes all panels stay in a core's second-level cache together, so that the panels of one strip can follow each other.
    private const int CachedWeightBytes = 384 * 1024;

    // Rows of weights that are this far apart or further are read faster from packed panels: in place they compete for few cache sets and lie on many pages.
    private const int LongRow = 256;

    /// <summary>Words of workspace: packed weights, for vectors of any width and either pass.</summary>
    public static int WorkspaceLength(Conv2dShape shape)
    {
        const int widestPanel = 32;
        var taps = shape.KernelHeight * shape.KernelWidth;
        var forward = (long)IntMath.RoundUp(shape.OutputPerGroup, widestPanel) * shape.InputPerGroup;
        var transposed = (long)IntMath.RoundUp(shape.InputPerGroup, widestPanel) * shape.OutputPerGroup;
        return ShapeLimits.Length("the workspace", Math.Max(forward, transposed), taps, shape.Groups);
    }

    /// <summary>Launches a pass.</summary>
    public static void Launch<TBackend, TVector, TActivation>(ILauncher<TBackend> launcher, in Conv2dArguments a)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        var shape = a.Shape;
        var panelWidth = DirectConv2d<TBackend, TVector, TActivation>.PanelVectors * TBackend.Width;
        var packed = a.IsBackward || a.ComputedPerGroup % TBackend.Width != 0 || (!TBackend.IsGpu && shape.OutputChannels >= LongRow);
        if (packed) PackConvWeightsLaunch.Launch<TBackend, TVector>(launcher, a, panelWidth);
        var weightBytes = (long)shape.KernelHeight * shape.KernelWidth * a.SummedPerGroup * a.ComputedPerGroup * shape.Groups * sizeof(float);
        foreach (var grid in ConvGeometry.Grids(shape, a.Pass))
        {
            const int tilePixels = DirectConv2d<TBackend, TVector, TActivation>.TilePixels;
            var g = grid.WithWeights(shape, panelWidth, packed);
            g.PanelsInner = weightBytes <= CachedWeightBytes;
            g.Merged = g.TapStepX == 1 && g.WeightTapX == 1 && shape.Groups == 1;
            g.Shared = g.Merged && g.InputStepX == 1 && g.TapsX > 0;
            var tileCost = (int)Math.Min(1 << 24, 40 + (long)Math.Max(1, g.TapsY * g.TapsX) * g.InputPerGroup * 2 * tilePixels);
            g.Tiles = IntMath.DivRoundUp(g.GridRows, tilePixels) * g.Columns;
            g.TilesPerStrip = TBackend.IsGpu ? 1 : Math.Clamp(IntMath.DivRoundUp(ItemCost, tileCost), 1, Math.Max(1, g.Tiles * g.Panels / 64));
            g.Strips = IntMath.DivRoundUp(g.Tiles, g.TilesPerStrip);
            var kernel = new DirectConv2d<TBackend, TVector, TActivation>
            {
                Input = launcher.Bind(a.Input),
                Weights = launcher.Bind(packed ? a.Workspace : a.Weights),
                Bias = launcher.Bind(a.Bias),
                Output = launcher.Bind(a.Output),
                Saved = launcher.Bind(a.Saved),
                Zeros = launcher.Zeros(ShapeLimits.Length("a kernel row", shape.KernelWidth + 1L, a.SummedPerGroup)),
                Geometry = g,
                Slope = a.Activation.Slope,
                HasBias = !a.Bias.IsEmpty,
                Gated = a.Gated,
                Accumulate = a.Accumulate,
            };
            launcher.Launch(kernel, checked(g.Strips * g.Panels), (int)Math.Min(int.MaxValue, (long)g.TilesPerStrip * tileCost));
        }
    }
}
