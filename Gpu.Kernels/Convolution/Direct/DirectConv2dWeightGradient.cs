using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Weight and bias gradient of a direct convolution: gradient[ky, kx, k, c] = sum over images and output pixels of
/// input[pixel shifted by the tap, k] * outputGradient[pixel, c].
/// </summary>
/// <remarks>
/// The sums of a tile (twelve, eight, six, three or one of the rows k, by up to two vectors of c) stay in registers, as in E. Georganas et al., "Anatomy of
/// high-performance deep learning convolutions on SIMD architectures", SC 2018. Only pixels whose tap lies inside the input are visited.
/// <para>
/// If the kernel is three columns wide, a tile may hold all three taps of a kernel row. An input value, loaded once, meets the output gradients of the three
/// pixels that it lies under. They move through registers from one column to the next. Outside the output they are zero, so padding needs no code of its own.
/// </para>
/// <para>
/// The sum over output rows is split (split-K). An item is a group of tiles over one split. It runs all its tiles over one chunk of rows before it goes to the
/// next chunk, so that the chunk is read from the cache. <see cref="SplitKReduce{TBackend,TVector}"/> adds the splits afterwards, in order. The tiles are
/// unrolled by DirectConv2dWeightGradient.tt.
/// </para>
/// </remarks>
internal partial struct DirectConv2dWeightGradient<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Rows of the tile that covers what the tiles of twelve leave. A GPU has fewer registers for a thread.</summary>
    private static int TileRows => DirectWeightGradientGeometry.TileRows(TBackend.IsGpu);

    /// <summary>Vectors of output channels in a panel.</summary>
    public const int PanelVectors = 2;

    /// <summary>Activations [n, h, w, c]; output gradient; zeros, as many as an input row has.</summary>
    public TBackend Input, OutputGradient, Zeros;

    /// <summary>Weight gradients and bias gradients, one region for each split.</summary>
    public TBackend Target, BiasTarget;

    /// <summary>Sizes.</summary>
    public DirectWeightGradientGeometry Geometry;

    /// <summary>The bias gradient is computed too.</summary>
    public Flag HasBias;

    /// <summary>The result is added to the target, instead of replacing it.</summary>
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
                SumTile(tile, chunk, chunkEnd, first, group, channel, channels, target);
            if (HasBias && rowGroup == 0) SumBias(chunk, chunkEnd, first, channel, channels, split);
            first = false;
        }
    }

    // The rows of a run are covered by tiles of twelve, in pairs (fewest loads for a multiply-add), then by tiles of eight; on a GPU only by tiles of six. A
    // remainder of more than three rows is covered by another such tile, a smaller one by tiles of three. The last tile overlaps the one before it and stores
    // only the new rows. A run of fewer than three rows is covered by tiles of one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumTile(int tile, int begin, int end, bool first, int group, int channel, int channels, TBackend target)
    {
        ref readonly var g = ref Geometry;
        var run = tile / g.TilesPerRun;
        var number = tile - run * g.TilesPerRun;
        // Neither on a GPU, where their sums do not fit the registers of a thread; the conditions are constants there.
        if (!TBackend.IsGpu && g.ThreeTaps)
        {
            SumThreeTapTile(run, number, begin, end, first, group * g.InputPerGroup, channel, channels, target);
            return;
        }

        var kernelY = run / g.RunsX;
        var kernelX = run - kernelY * g.RunsX;
        var runRow = run * g.RowsPerRun;
        var inputChannel = group * g.InputPerGroup;
        if (!TBackend.IsGpu && number < g.TwelveTiles)
        {
            Tile12x2(begin, end, first, kernelY, kernelX, runRow + number * 12, inputChannel + number * 12, channel, channels, target);
            return;
        }

        number -= g.TwelveTiles;
        var done = g.TwelveTiles * 12;
        if (number < g.LargeTiles)
        {
            var wanted = done + number * TileRows;
            var k = Math.Min(wanted, g.RowsPerRun - TileRows);
            SumRows(begin, end, first, kernelY, kernelX, runRow + k, wanted - k, inputChannel + k, channel, channels, target);
        }
        else if (g.RowsPerRun >= 3)
        {
            var wanted = done + g.LargeTiles * TileRows + 3 * (number - g.LargeTiles);
            var k = Math.Min(wanted, g.RowsPerRun - 3);
            Tile3x2(begin, end, first, kernelY, kernelX, runRow + k, wanted - k, inputChannel + k, channel, channels, target);
        }
        else
        {
            var k = number - g.LargeTiles;
            Tile1x2(begin, end, first, kernelY, kernelX, runRow + k, inputChannel + k, channel, channels, target);
        }
    }

    // A tile of TileRows rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumRows(
        int begin, int end, bool first, int kernelY, int kernelX, int row, int storeFrom, int inputChannel, int channel, int channels, TBackend target)
    {
        if (TBackend.IsGpu)
        {
            if (channels > TBackend.Width) Tile6x2(begin, end, first, kernelY, kernelX, row, storeFrom, inputChannel, channel, channels, target);
            else Tile6x1(begin, end, first, kernelY, kernelX, row, storeFrom, inputChannel, channel, channels, target);
        }
        else if (channels > TBackend.Width)
        {
            Tile8x2(begin, end, first, kernelY, kernelX, row, storeFrom, inputChannel, channel, channels, target);
        }
        else
        {
            Tile8x1(begin, end, first, kernelY, kernelX, row, storeFrom, inputChannel, channel, channels, target);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumThreeTapTile(int kernelY, int number, int begin, int end, bool first, int inputChannel, int channel, int channels, TBackend target)
    {
        if (Geometry.InputPerGroup <= 3)
        {
            if (channels > TBackend.Width) ThreeTaps3x2(begin, end, first, kernelY, inputChannel, channel, channels, target);
            else ThreeTaps3x1(begin, end, first, kernelY, inputChannel, channel, channels, target);
            return;
        }

        var wanted = number * TileRows;
        var k = Math.Min(wanted, Geometry.InputPerGroup - TileRows);
        ThreeTaps8x1(begin, end, first, kernelY, k, wanted - k, inputChannel + k, channel, channels, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void SumBias(int begin, int end, bool first, int channel, int channels, int split)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= 2 * TBackend.Width;
        var target = TBackend.Slice(BiasTarget, split * g.SplitStride);
        TVector a0 = TBackend.Zero, b0 = TBackend.Zero, a1 = TBackend.Zero, b1 = TBackend.Zero;
        if (!first) LoadPair(target, 0, channel, channels, out a0, out b0);
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

        StorePair(target, 0, channel, channels, TBackend.Add(a0, a1), TBackend.Add(b0, b1));
    }

    // The output columns whose tap of a kernel column lies inside the input: all of them if the run is merged.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void ColumnRange(int kernelX, out int low, out int high)
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
    private readonly void LoadPair(TBackend target, int row, int channel, int channels, out TVector a, out TVector b)
    {
        var index = row * Geometry.OutputChannels + channel;
        a = TBackend.LoadPartial(target, index, channels);
        b = TBackend.LoadPartial(target, index + TBackend.Width, channels - TBackend.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void StorePair(TBackend target, int row, int channel, int channels, TVector a, TVector b)
    {
        var index = row * Geometry.OutputChannels + channel;
        TBackend.StorePartial(target, index, a, channels);
        TBackend.StorePartial(target, index + TBackend.Width, b, channels - TBackend.Width);
    }
}
