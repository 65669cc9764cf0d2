using System.Numerics;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Convolution.TensorCore;
using Gpu.Kernels.Devices;
using Gpu.Kernels.MatrixProducts;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Packs the weights where that pays and launches <see cref="DirectConv2d{TBackend,TVector,TActivation}"/>: the forward pass of a shape, or the
/// gradient of its input.
/// </summary>
internal readonly struct Conv2dOperation<TActivation>(
    Conv2dShape shape, bool backward, DeviceView input, DeviceView weights, DeviceView bias, DeviceView output, DeviceView saved,
    bool gated, bool accumulate, float slope, DeviceView workspace) : IOperation
    where TActivation : struct, IActivation
{
    // Vector instructions that an item should take at least, so that taking it costs nothing beside it.
    private const int ItemCost = 6_000;

    // Below this many bytes all panels stay in a core's second-level cache together, so that the panels of one strip can follow each other.
    private const int CachedWeights = 384 * 1024;

    // Rows of weights as far apart as this or further are read faster from packed panels: they would share few places of the caches, and lie on many pages.
    private const int LongRow = 256;

    /// <summary>Words that packed weights take, for vectors of any width and either role.</summary>
    public static int PackedLength(Conv2dShape shape)
    {
        const int widest = 32;
        var taps = shape.KernelHeight * shape.KernelWidth;
        var forward = (long)Items.Covering(shape.OutputPerGroup, widest) * widest * shape.InputPerGroup;
        var transposed = (long)Items.Covering(shape.InputPerGroup, widest) * widest * shape.OutputPerGroup;
        return checked((int)(Math.Max(forward, transposed) * taps * shape.Groups));
    }

    /// <summary>Words of workspace that an operation may use.</summary>
    public static int WorkspaceLength(Conv2dShape shape) =>
        Math.Max(PackedLength(shape), WinogradChoice.IsPossible(shape) ? WinogradConv2dLaunch<TActivation>.WorkspaceLength(shape) : 0);

    public int Granularity => backward ? shape.InputPerGroup : shape.OutputPerGroup;

    public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        if (WinogradChoice.IsTaken(shape, backward, TBackend.IsGpu))
        {
            var winograd = new WinogradConv2dLaunch<TActivation>(shape, backward, input, weights, bias, output, saved, gated, accumulate, slope, workspace);
            winograd.Launch<TBackend, TVector>(launcher);
            return;
        }

        if (!TBackend.IsGpu && MatrixProductChoice.PaysForGather(shape, backward))
        {
            MatrixProductLaunch<TActivation>.Gather(shape, backward, input, weights, bias, output, saved, gated, accumulate, slope, workspace)
                .Launch<TBackend, TVector>(launcher);
            return;
        }

        var perGroup = backward ? shape.InputPerGroup : shape.OutputPerGroup;
        var rows = backward ? shape.OutputPerGroup : shape.InputPerGroup;
        var taps = shape.KernelHeight * shape.KernelWidth;
        var tensor = UsesTensorCores(launcher);
        var panelWidth = tensor ? TensorCoreConv2dLaunch.PanelWidth : DirectConv2d<TBackend, TVector, TActivation>.PanelVectors * TBackend.Width;
        var panels = Items.Covering(perGroup, panelWidth);
        var grouped = !tensor && ImplicitGemmConv2dLaunch.Suits(launcher.Groups, shape);
        var packed = tensor ? PacksForTensorCores
            : !grouped && (backward || perGroup % TBackend.Width != 0 || (!TBackend.IsGpu && shape.OutputChannels >= LongRow));
        var geometry = new ConvGeometry
        {
            InputPerGroup = rows,
            OutputPerGroup = perGroup,
            PanelsPerGroup = panels,
            Panels = panels * shape.Groups,
            WeightRowStride = packed ? panelWidth : shape.OutputChannels,
            WeightPanelStride = packed ? taps * rows * panelWidth : panelWidth,
            WeightGroupStride = packed ? panels * taps * rows * panelWidth : shape.OutputPerGroup,
            PanelsInner = (long)taps * rows * perGroup * shape.Groups * sizeof(float) <= CachedWeights,
        };
        var kernel = new DirectConv2d<TBackend, TVector, TActivation>
        {
            Input = launcher.Bind(input),
            Weights = launcher.Bind(packed ? workspace : weights),
            Bias = launcher.Bind(bias),
            Output = launcher.Bind(output),
            Saved = launcher.Bind(saved),
            Zeros = launcher.Zeros((shape.KernelWidth + 1) * rows),
            Slope = slope,
            HasBias = !bias.IsEmpty,
            Gated = gated,
            Accumulate = accumulate,
        };
        if (packed)
        {
            var pack = new PackConvWeights<TBackend, TVector>
            {
                Weights = launcher.Bind(weights),
                Packed = launcher.Bind(workspace),
                OutputChannels = shape.OutputChannels,
                Taps = taps,
                InputPerGroup = shape.InputPerGroup,
                OutputPerGroup = shape.OutputPerGroup,
                PanelWidth = panelWidth,
                PanelsPerGroup = panels,
                Transposed = backward,
            };
            var rowsOfItem = PackConvWeights<TBackend, TVector>.RowsPerItem;
            launcher.Launch(pack, shape.Groups * panels * taps * Items.Covering(rows, rowsOfItem), 8 * rowsOfItem);
        }

        if (backward) LaunchPhases<TBackend, TVector>(launcher, kernel, geometry);
        else LaunchForward<TBackend, TVector>(launcher, kernel, geometry);
    }

    private void LaunchForward<TBackend, TVector>(ILauncher<TBackend> launcher, DirectConv2d<TBackend, TVector, TActivation> kernel, ConvGeometry g)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        (g.InputHeight, g.InputWidth, g.InputChannels) = (shape.InputHeight, shape.InputWidth, shape.InputChannels);
        (g.OutputHeight, g.OutputWidth, g.OutputChannels) = (shape.OutputHeight, shape.OutputWidth, shape.OutputChannels);
        (g.OutputStepY, g.OutputStepX) = (1, 1);
        (g.Rows, g.Columns) = (g.OutputHeight, g.OutputWidth);
        (g.InputY, g.InputX) = (-shape.PaddingTop, -shape.PaddingLeft);
        (g.InputStepY, g.InputStepX) = (shape.StrideHeight, shape.StrideWidth);
        (g.TapsY, g.TapsX) = (shape.KernelHeight, shape.KernelWidth);
        (g.TapStepY, g.TapStepX) = (shape.DilationHeight, shape.DilationWidth);
        (g.WeightTapY, g.WeightTapX) = (shape.KernelWidth, 1);
        LaunchGrid<TBackend, TVector>(launcher, kernel, g);
    }

    // The gradient of the input gathers from the output. Input row y gets something from output row (y + padding - ky * dilation) / stride where that
    // is whole. The rows y = phase, phase + stride, ... all take the same kernel rows, every (stride / gcd(stride, dilation))-th one, so each phase
    // is a convolution of stride 1: no tap is tried in vain.
    private void LaunchPhases<TBackend, TVector>(ILauncher<TBackend> launcher, DirectConv2d<TBackend, TVector, TActivation> kernel, ConvGeometry g)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        (g.InputHeight, g.InputWidth, g.InputChannels) = (shape.OutputHeight, shape.OutputWidth, shape.OutputChannels);
        (g.OutputHeight, g.OutputWidth, g.OutputChannels) = (shape.InputHeight, shape.InputWidth, shape.InputChannels);
        (g.InputStepY, g.InputStepX) = (1, 1);
        (g.OutputStepY, g.OutputStepX) = (shape.StrideHeight, shape.StrideWidth);
        for (var phaseY = 0; phaseY < Math.Min(shape.StrideHeight, shape.InputHeight); phaseY++)
        {
            var y = Phase(phaseY, shape.PaddingTop, shape.KernelHeight, shape.StrideHeight, shape.DilationHeight);
            for (var phaseX = 0; phaseX < Math.Min(shape.StrideWidth, shape.InputWidth); phaseX++)
            {
                var x = Phase(phaseX, shape.PaddingLeft, shape.KernelWidth, shape.StrideWidth, shape.DilationWidth);
                (g.OutputY, g.OutputX) = (phaseY, phaseX);
                g.Rows = Items.Covering(shape.InputHeight - phaseY, shape.StrideHeight);
                g.Columns = Items.Covering(shape.InputWidth - phaseX, shape.StrideWidth);
                (g.InputY, g.InputX) = (y.Start, x.Start);
                // A phase that no tap reaches still writes its zeros.
                (g.TapsY, g.TapsX) = y.Taps == 0 || x.Taps == 0 ? (0, 0) : (y.Taps, x.Taps);
                (g.TapStepY, g.TapStepX) = (y.Step, x.Step);
                g.WeightTap = y.FirstTap * shape.KernelWidth + x.FirstTap;
                (g.WeightTapY, g.WeightTapX) = (y.TapStride * shape.KernelWidth, x.TapStride);
                LaunchGrid<TBackend, TVector>(launcher, kernel, g);
            }
        }
    }

    private void LaunchGrid<TBackend, TVector>(ILauncher<TBackend> launcher, DirectConv2d<TBackend, TVector, TActivation> kernel, ConvGeometry g)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        g.GridRows = shape.Batch * g.Rows;
        g.Pixels = g.GridRows * g.Columns;
        if (UsesTensorCores(launcher))
        {
            var packed = PacksForTensorCores;
            new TensorCoreConv2dLaunch(
                launcher.Matrices!, g, shape.Groups, packed ? g.PanelsPerGroup * TensorCoreConv2dLaunch.PanelWidth : g.OutputPerGroup, input, packed ? workspace : weights, bias, output, saved,
                gated, accumulate, slope).Launch<TActivation>();
            return;
        }

        const int tilePixels = DirectConv2d<TBackend, TVector, TActivation>.TilePixels;
        g.Merged = g.TapStepX == 1 && g.WeightTapX == 1 && shape.Groups == 1;
        g.Shared = g.Merged && g.InputStepX == 1 && g.TapsX > 0;
        var tileCost = 40 + Math.Max(1, g.TapsY * g.TapsX) * g.InputPerGroup * 2 * tilePixels;
        g.Tiles = Items.Covering(g.GridRows, tilePixels) * g.Columns;
        g.TilesPerStrip = TBackend.IsGpu ? 1 : Math.Clamp(Items.Covering(ItemCost, tileCost), 1, Math.Max(1, g.Tiles * g.Panels / 64));
        g.Strips = Items.Covering(g.Tiles, g.TilesPerStrip);
        kernel.Geometry = g;
        if (ImplicitGemmConv2dLaunch.Suits(launcher.Groups, shape))
        {
            var aligned = input.Offset % 4 == 0 && weights.Offset % 4 == 0;
            ImplicitGemmConv2dLaunch.Launch(launcher, kernel, workspace, shape.KernelHeight * shape.KernelWidth, backward, aligned);
            return;
        }

        launcher.Launch(kernel, g.Strips * g.Panels, g.TilesPerStrip * tileCost);
    }

    private bool PacksForTensorCores => backward || !TensorCoreConv2dLaunch.ReadsPlain(shape, weights);

    private bool UsesTensorCores<TBackend>(ILauncher<TBackend> launcher)
        where TBackend : struct
    {
        var (summed, computed) = backward ? (shape.OutputPerGroup, shape.InputPerGroup) : (shape.InputPerGroup, shape.OutputPerGroup);
        var rows = shape.Batch * (backward ? shape.InputHeight * shape.InputWidth : shape.OutputHeight * shape.OutputWidth);
        return TensorCoreDispatch.Suits(launcher.Matrices, shape.MultiplyAdds, summed, computed)
            && TensorCoreDispatch.IsSooner(launcher.Matrices!, rows, computed * shape.Groups, shape.KernelHeight * shape.KernelWidth * summed);
    }

    // Which taps (counted from the last) reach the input rows of a phase, and where in the output the first of them begins.
    private static (int FirstTap, int TapStride, int Taps, int Start, int Step) Phase(int phase, int padding, int kernel, int stride, int dilation)
    {
        var tapStride = stride / (int)BigInteger.GreatestCommonDivisor(stride, dilation);
        for (var tap = 0; tap < Math.Min(tapStride, kernel); tap++)
        {
            var distance = phase + padding - tap * dilation;
            if (distance % stride != 0) continue;
            // From the last tap to the first, as the packed weights have them: that goes forward in the output.
            var taps = Items.Covering(kernel - tap, tapStride);
            var step = tapStride * dilation / stride;
            return (kernel - 1 - tap - (taps - 1) * tapStride, tapStride, taps, distance / stride - (taps - 1) * step, step);
        }

        return (0, tapStride, 0, 0, 1);
    }
}
