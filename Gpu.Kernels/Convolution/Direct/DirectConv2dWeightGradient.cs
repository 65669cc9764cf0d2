using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// The gradient of a convolution's weights and bias: gradient[ky, kx, k, c] = sum over images and output pixels of
/// input[moved pixel, k] * outputGradient[pixel, c].
/// </summary>
/// <remarks>
/// A tile is twelve (or eight, or three, or one) rows k by two vectors of c, summed in registers. An item is a group of tiles over one split of the output rows: it goes
/// through the split chunk by chunk, all its tiles over a chunk before the next, so that a chunk is read from the cache. Splits are summed afterwards,
/// in order, by <see cref="SplitKReduce{TBackend,TVector}"/>. Only the pixels that a tap really reaches are visited.
/// </remarks>
internal partial struct DirectConv2dWeightGradient<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Rows of a large tile.</summary>
    public const int TileRows = 8;

    /// <summary>Vectors of output channels in a panel.</summary>
    public const int PanelVectors = 2;

    /// <summary>Activations, and the gradient of the output; and zeros, as many as an input row has.</summary>
    public TBackend Input, OutputGradient, Zeros;

    /// <summary>Weight gradients and bias gradients, a region a split.</summary>
    public TBackend Target, BiasTarget;

    /// <summary>Sizes.</summary>
    public DirectWeightGradientGeometry Geometry;

    /// <summary>Whether the bias gradient is wanted.</summary>
    public Flag HasBias;

    /// <summary>The target holds gradients that are added to; otherwise the first chunk starts from zero.</summary>
    public Flag AddToTarget;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        ref readonly var g = ref Geometry;
        var rest = item / g.RowGroups;
        var rowGroup = item - rest * g.RowGroups;
        var split = rest / g.Panels;
        var panel = rest - split * g.Panels;
        var group = panel / g.PanelsPerGroup;
        var within = (panel - group * g.PanelsPerGroup) * PanelVectors * TBackend.Width;
        var channel = group * g.OutputPerGroup + within;
        var channels = g.OutputPerGroup - within;
        var firstTile = (int)((long)g.Tiles * rowGroup / g.RowGroups);
        var lastTile = (int)((long)g.Tiles * (rowGroup + 1) / g.RowGroups);
        var begin = (int)((long)g.OutputRows * split / g.Splits);
        var end = (int)((long)g.OutputRows * (split + 1) / g.Splits);
        var target = TBackend.Slice(Target, split * g.SplitStride);
        var first = !AddToTarget;
        for (var chunk = begin; chunk < end; chunk += g.RowsPerChunk)
        {
            var chunkEnd = Math.Min(chunk + g.RowsPerChunk, end);
            for (var tile = firstTile; tile < lastTile; tile++)
                Tile(tile, chunk, chunkEnd, first, group, channel, channels, target);
            if (HasBias && rowGroup == 0) BiasSums(chunk, chunkEnd, first, channel, channels, split);
            first = false;
        }
    }

    // Rows of a run are covered by pairs of twelve (the fewest loads a multiply-add), what is left by tiles of eight; a remainder above three by one more that overlaps its neighbour and stores the new rows alone,
    // a smaller one by three rows (overlapping likewise) or, where there are not three, by single rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Tile(int tile, int begin, int end, bool first, int group, int channel, int channels, TBackend target)
    {
        ref readonly var g = ref Geometry;
        var run = tile / g.TilesPerRun;
        var number = tile - run * g.TilesPerRun;
        if (g.ThreeTaps)
        {
            ThreeTaps(run, number, begin, end, first, group * g.InputPerGroup, channel, channels, target);
            return;
        }

        var kernelY = run / g.RunsX;
        var kernelX = run - kernelY * g.RunsX;
        var runRow = run * g.RowsPerRun;
        var start = group * g.InputPerGroup;
        if (number < g.TwelveTiles)
        {
            TwelveRows(begin, end, first, kernelY, kernelX, runRow + number * 12, start + number * 12, channel, channels, target);
            return;
        }

        number -= g.TwelveTiles;
        var done = g.TwelveTiles * 12;
        if (number < g.LargeTiles)
        {
            var wanted = done + number * TileRows;
            var k = Math.Min(wanted, g.RowsPerRun - TileRows);
            if (channels > TBackend.Width) EightRows(begin, end, first, kernelY, kernelX, runRow + k, wanted - k, start + k, channel, channels, target);
            else EightRowsOneVector(begin, end, first, kernelY, kernelX, runRow + k, wanted - k, start + k, channel, channels, target);
        }
        else if (g.RowsPerRun >= 3)
        {
            var wanted = done + g.LargeTiles * TileRows + 3 * (number - g.LargeTiles);
            var k = Math.Min(wanted, g.RowsPerRun - 3);
            ThreeRows(begin, end, first, kernelY, kernelX, runRow + k, wanted - k, start + k, channel, channels, target);
        }
        else
        {
            var k = number - g.LargeTiles;
            OneRow(begin, end, first, kernelY, kernelX, runRow + k, 0, start + k, channel, channels, target);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void ThreeTaps(int kernelY, int number, int begin, int end, bool first, int start, int channel, int channels, TBackend target)
    {
        if (Geometry.InputPerGroup <= 3)
        {
            if (channels > TBackend.Width) ThreeTapsOfThree(begin, end, first, kernelY, start, channel, channels, target);
            else ThreeTapsOfThreeOneVector(begin, end, first, kernelY, start, channel, channels, target);
            return;
        }

        var wanted = number * TileRows;
        var k = Math.Min(wanted, Geometry.InputPerGroup - TileRows);
        ThreeTapsOfEight(begin, end, first, kernelY, k, wanted - k, start + k, channel, channels, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void BiasSums(int begin, int end, bool first, int channel, int channels, int split)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= 2 * TBackend.Width;
        var target = TBackend.Slice(BiasTarget, split * g.SplitStride);
        TVector a0 = TBackend.Zero, b0 = TBackend.Zero, a1 = TBackend.Zero, b1 = TBackend.Zero;
        if (!first) Read(target, 0, channel, channels, out a0, out b0);
        var pixel = begin * g.OutputWidth;
        var last = Math.Min(g.Pixels, end * g.OutputWidth);
        var d = TBackend.Slice(OutputGradient, pixel * g.OutputChannels + channel);
        if (full)
        {
            for (; pixel + 1 < last; pixel += 2)
            {
                a0 = TBackend.Add(a0, TBackend.Load(d, 0));
                b0 = TBackend.Add(b0, TBackend.Load(d, TBackend.Width));
                d = TBackend.Slice(d, g.OutputChannels);
                a1 = TBackend.Add(a1, TBackend.Load(d, 0));
                b1 = TBackend.Add(b1, TBackend.Load(d, TBackend.Width));
                d = TBackend.Slice(d, g.OutputChannels);
            }
        }

        for (; pixel < last; pixel++)
        {
            a0 = TBackend.Add(a0, TBackend.LoadPartial(d, 0, channels));
            b0 = TBackend.Add(b0, TBackend.LoadPartial(d, TBackend.Width, channels - TBackend.Width));
            d = TBackend.Slice(d, g.OutputChannels);
        }

        Keep(target, 0, channel, channels, TBackend.Add(a0, a1), TBackend.Add(b0, b1));
    }

    // The output columns for which a kernel column lies inside the input. A merged run lies inside for all.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Columns(int kernelX, out int low, out int high)
    {
        ref readonly var g = ref Geometry;
        low = 0;
        high = g.OutputWidth;
        if (g.Merged) return;
        var before = g.PaddingLeft - kernelX * g.DilationWidth;
        if (before > 0) low = (before + g.StrideWidth - 1) / g.StrideWidth;
        var last = g.InputWidth - 1 + before;
        high = last < 0 ? 0 : Math.Min(g.OutputWidth, last / g.StrideWidth + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Read(TBackend target, int row, int channel, int channels, out TVector a, out TVector b)
    {
        var index = row * Geometry.OutputChannels + channel;
        a = TBackend.LoadPartial(target, index, channels);
        b = TBackend.LoadPartial(target, index + TBackend.Width, channels - TBackend.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Keep(TBackend target, int row, int channel, int channels, TVector a, TVector b)
    {
        var index = row * Geometry.OutputChannels + channel;
        TBackend.StorePartial(target, index, a, channels);
        TBackend.StorePartial(target, index + TBackend.Width, b, channels - TBackend.Width);
    }
}
