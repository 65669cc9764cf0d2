using System.Runtime.Intrinsics;
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
    public static int WorkspaceLength(Conv2dShape shape) => ShapeLimits.Length(
        "the workspace", Math.Max(TapLength(shape.InputPerGroup, shape.OutputPerGroup), TapLength(shape.OutputPerGroup, shape.InputPerGroup)),
        shape.KernelHeight * shape.KernelWidth, shape.Groups);

    /// <summary>Words of the packed weights of a forward pass, for vectors of any width.</summary>
    public static int WeightLength(Conv2dShape shape) => ShapeLimits.Length(
        "the packed weights", TapLength(shape.InputPerGroup, shape.OutputPerGroup), shape.KernelHeight * shape.KernelWidth, shape.Groups);

    /// <summary>Packs the weights of a forward pass.</summary>
    public static void PackWeights<TBackend, TVector>(ILauncher<TBackend> launcher, Conv2dShape shape, DeviceView weights, DeviceView packed)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged =>
        PackConvWeightsLaunch.Launch<TBackend, TVector>(
            launcher, shape, false, weights, packed, DirectConv2d<TBackend, TVector, Identity>.PanelVectors * TBackend.Width);

    /// <summary>
    /// Returns a shape with the same result whose tiles on the CPU take the least time. Pixels of a pointwise convolution have no neighbours, so the pixels of
    /// the batch may form an image of any extents: with few columns fewer tiles are incomplete, with many the rows of a tile are looked up less often.
    /// </summary>
    public static Conv2dShape WithFullTiles(Conv2dShape shape)
    {
        // Measured, in vector instructions.
        const int tileCost = 66, rowsCost = 80, mostColumns = 64;
        var tilePixels = DirectConv2d<Vector512Backend, Vector512<float>, Identity>.TilePixels;
        const int widestVector = 16;
        if (!shape.IsPointwise || shape.Groups != 1) return shape;
        var pixels = checked(shape.Batch * shape.InputHeight * shape.InputWidth);
        var (best, least) = (shape, Cost(shape.InputWidth));
        // Few output channels have tiles of two columns.
        var step = shape.OutputChannels <= widestVector && pixels % 2 == 0 ? 2 : 1;
        for (var columns = step; columns <= Math.Min(pixels, mostColumns); columns += step)
        {
            if (pixels % columns != 0 || Cost(columns) >= least) continue;
            (best, least) = (shape with { Batch = 1, InputHeight = pixels / columns, InputWidth = columns }, Cost(columns));
        }

        return best;

        long Cost(int columns) =>
            IntMath.DivRoundUp(pixels / columns, tilePixels) * ((long)columns * (tileCost + 2 * tilePixels * shape.InputChannels) + rowsCost);
    }

    /// <summary>Launches a pass.</summary>
    public static void Launch<TBackend, TVector, TActivation>(ILauncher<TBackend> launcher, in Conv2dArguments a)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        var shape = a.Shape;
        var panelWidth = DirectConv2d<TBackend, TVector, TActivation>.PanelVectors * TBackend.Width;
        var packed = !a.Packed.IsEmpty || a.IsBackward || a.ComputedPerGroup % TBackend.Width != 0 || (!TBackend.IsGpu && shape.OutputChannels >= LongRow);
        if (packed && a.Packed.IsEmpty) PackConvWeightsLaunch.Launch<TBackend, TVector>(launcher, shape, a.IsBackward, a.Weights, a.Workspace, panelWidth);
        var weights = !a.Packed.IsEmpty ? a.Packed : packed ? a.Workspace : a.Weights;
        var weightBytes = (long)shape.KernelHeight * shape.KernelWidth * a.SummedPerGroup * a.ComputedPerGroup * shape.Groups * sizeof(float);
        foreach (var grid in ConvGeometry.Grids(shape, a.Pass))
        {
            var tilePixels = DirectConv2d<TBackend, TVector, TActivation>.TilePixels;
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
                Weights = launcher.Bind(weights),
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

    // Packed weights of a tap of the kernel in one group.
    private static long TapLength(int summed, int computed)
    {
        const int widestPanel = 32;
        return (long)IntMath.RoundUp(computed, widestPanel) * summed;
    }
}
