using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// The gradient of a convolution's weights and bias: gradient[ky, kx, k, c] = sum over images and output pixels of
/// input[moved pixel, k] * outputGradient[pixel, c].
/// </summary>
/// <remarks>
/// A tile is twelve (or eight, or three, or one) rows k by two vectors of c, summed in registers. An item is a group of tiles over one split of the output rows: it goes
/// through the split chunk by chunk, all its tiles over a chunk before the next, so that a chunk is read from the cache. Splits are summed afterwards,
/// in order, by <see cref="SumSplits{TMachine,TVector}"/>. Only the pixels that a tap really reaches are visited.
/// </remarks>
public struct ConvolutionWeightGradient<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>Rows of a large tile.</summary>
    public const int TileRows = 8;

    /// <summary>Vectors of output channels in a panel.</summary>
    public const int PanelVectors = 2;

    /// <summary>Activations, and the gradient of the output.</summary>
    public TMachine Input, OutputGradient;

    /// <summary>Weight gradients and bias gradients, a region a split.</summary>
    public TMachine Target, BiasTarget;

    /// <summary>Sizes.</summary>
    public WeightGradientGeometry Geometry;

    /// <summary>Whether the bias gradient is wanted.</summary>
    public Flag HasBias;

    /// <summary>The target holds gradients that are added to; otherwise the first chunk starts from zero.</summary>
    public Flag AddToTarget;

    /// <inheritdoc/>
    public void Run(int item)
    {
        ref readonly var g = ref Geometry;
        var rest = item / g.RowGroups;
        var rowGroup = item - rest * g.RowGroups;
        var split = rest / g.Panels;
        var panel = rest - split * g.Panels;
        var group = panel / g.PanelsPerGroup;
        var within = (panel - group * g.PanelsPerGroup) * PanelVectors * TMachine.Width;
        var channel = group * g.OutputPerGroup + within;
        var channels = g.OutputPerGroup - within;
        var firstTile = (int)((long)g.Tiles * rowGroup / g.RowGroups);
        var lastTile = (int)((long)g.Tiles * (rowGroup + 1) / g.RowGroups);
        var begin = (int)((long)g.OutputRows * split / g.Splits);
        var end = (int)((long)g.OutputRows * (split + 1) / g.Splits);
        var target = TMachine.Slice(Target, split * g.SplitStride);
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
    private readonly void Tile(int tile, int begin, int end, bool first, int group, int channel, int channels, TMachine target)
    {
        ref readonly var g = ref Geometry;
        var run = tile / g.TilesPerRun;
        var number = tile - run * g.TilesPerRun;
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
            if (channels > TMachine.Width) EightRows(begin, end, first, kernelY, kernelX, runRow + k, wanted - k, start + k, channel, channels, target);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void TwelveRows(int begin, int end, bool first, int kernelY, int kernelX, int row, int source, int channel, int channels, TMachine target)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= 2 * TMachine.Width;
        TVector a0 = TMachine.Zero, b0 = TMachine.Zero, a1 = TMachine.Zero, b1 = TMachine.Zero, a2 = TMachine.Zero, b2 = TMachine.Zero, a3 = TMachine.Zero, b3 = TMachine.Zero, a4 = TMachine.Zero, b4 = TMachine.Zero, a5 = TMachine.Zero, b5 = TMachine.Zero, a6 = TMachine.Zero, b6 = TMachine.Zero, a7 = TMachine.Zero, b7 = TMachine.Zero, a8 = TMachine.Zero, b8 = TMachine.Zero, a9 = TMachine.Zero, b9 = TMachine.Zero,
            a10 = TMachine.Zero, b10 = TMachine.Zero, a11 = TMachine.Zero, b11 = TMachine.Zero;
        if (!first)
        {
            Read(target, row + 0, channel, channels, out a0, out b0);
            Read(target, row + 1, channel, channels, out a1, out b1);
            Read(target, row + 2, channel, channels, out a2, out b2);
            Read(target, row + 3, channel, channels, out a3, out b3);
            Read(target, row + 4, channel, channels, out a4, out b4);
            Read(target, row + 5, channel, channels, out a5, out b5);
            Read(target, row + 6, channel, channels, out a6, out b6);
            Read(target, row + 7, channel, channels, out a7, out b7);
            Read(target, row + 8, channel, channels, out a8, out b8);
            Read(target, row + 9, channel, channels, out a9, out b9);
            Read(target, row + 10, channel, channels, out a10, out b10);
            Read(target, row + 11, channel, channels, out a11, out b11);
        }

        Columns(kernelX, out var low, out var high);
        var inputStep = g.StrideWidth * g.InputChannels;
        var dx = low * g.StrideWidth - g.PaddingLeft + kernelX * g.DilationWidth;
        for (var outputRow = begin; outputRow < end; outputRow++)
        {
            var n = outputRow / g.OutputHeight;
            var y = (outputRow - n * g.OutputHeight) * g.StrideHeight - g.PaddingTop + kernelY * g.DilationHeight;
            if ((uint)y >= (uint)g.InputHeight) continue;
            var pixels = Math.Min(high, g.Pixels - outputRow * g.OutputWidth) - low;
            var x = TMachine.Slice(Input, ((n * g.InputHeight + y) * g.InputWidth + dx) * g.InputChannels + source);
            var d = TMachine.Slice(OutputGradient, (outputRow * g.OutputWidth + low) * g.OutputChannels + channel);
            for (var pixel = 0; pixel < pixels; pixel++)
            {
                var d0 = full ? TMachine.Load(d, 0) : TMachine.LoadPartial(d, 0, channels);
                var d1 = full ? TMachine.Load(d, TMachine.Width) : TMachine.LoadPartial(d, TMachine.Width, channels - TMachine.Width);
                var v0 = TMachine.Broadcast(x, 0);
                a0 = TMachine.MultiplyAdd(v0, d0, a0);
                b0 = TMachine.MultiplyAdd(v0, d1, b0);
                var v1 = TMachine.Broadcast(x, 1);
                a1 = TMachine.MultiplyAdd(v1, d0, a1);
                b1 = TMachine.MultiplyAdd(v1, d1, b1);
                var v2 = TMachine.Broadcast(x, 2);
                a2 = TMachine.MultiplyAdd(v2, d0, a2);
                b2 = TMachine.MultiplyAdd(v2, d1, b2);
                var v3 = TMachine.Broadcast(x, 3);
                a3 = TMachine.MultiplyAdd(v3, d0, a3);
                b3 = TMachine.MultiplyAdd(v3, d1, b3);
                var v4 = TMachine.Broadcast(x, 4);
                a4 = TMachine.MultiplyAdd(v4, d0, a4);
                b4 = TMachine.MultiplyAdd(v4, d1, b4);
                var v5 = TMachine.Broadcast(x, 5);
                a5 = TMachine.MultiplyAdd(v5, d0, a5);
                b5 = TMachine.MultiplyAdd(v5, d1, b5);
                var v6 = TMachine.Broadcast(x, 6);
                a6 = TMachine.MultiplyAdd(v6, d0, a6);
                b6 = TMachine.MultiplyAdd(v6, d1, b6);
                var v7 = TMachine.Broadcast(x, 7);
                a7 = TMachine.MultiplyAdd(v7, d0, a7);
                b7 = TMachine.MultiplyAdd(v7, d1, b7);
                var v8 = TMachine.Broadcast(x, 8);
                a8 = TMachine.MultiplyAdd(v8, d0, a8);
                b8 = TMachine.MultiplyAdd(v8, d1, b8);
                var v9 = TMachine.Broadcast(x, 9);
                a9 = TMachine.MultiplyAdd(v9, d0, a9);
                b9 = TMachine.MultiplyAdd(v9, d1, b9);
                var v10 = TMachine.Broadcast(x, 10);
                a10 = TMachine.MultiplyAdd(v10, d0, a10);
                b10 = TMachine.MultiplyAdd(v10, d1, b10);
                var v11 = TMachine.Broadcast(x, 11);
                a11 = TMachine.MultiplyAdd(v11, d0, a11);
                b11 = TMachine.MultiplyAdd(v11, d1, b11);
                x = TMachine.Slice(x, inputStep);
                d = TMachine.Slice(d, g.OutputChannels);
            }
        }

        Keep(target, row + 0, channel, channels, a0, b0);
        Keep(target, row + 1, channel, channels, a1, b1);
        Keep(target, row + 2, channel, channels, a2, b2);
        Keep(target, row + 3, channel, channels, a3, b3);
        Keep(target, row + 4, channel, channels, a4, b4);
        Keep(target, row + 5, channel, channels, a5, b5);
        Keep(target, row + 6, channel, channels, a6, b6);
        Keep(target, row + 7, channel, channels, a7, b7);
        Keep(target, row + 8, channel, channels, a8, b8);
        Keep(target, row + 9, channel, channels, a9, b9);
        Keep(target, row + 10, channel, channels, a10, b10);
        Keep(target, row + 11, channel, channels, a11, b11);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void EightRows(int begin, int end, bool first, int kernelY, int kernelX, int row, int storeFrom, int source, int channel, int channels, TMachine target)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= 2 * TMachine.Width;
        TVector a0 = TMachine.Zero, b0 = TMachine.Zero, a1 = TMachine.Zero, b1 = TMachine.Zero, a2 = TMachine.Zero, b2 = TMachine.Zero, a3 = TMachine.Zero, b3 = TMachine.Zero, a4 = TMachine.Zero, b4 = TMachine.Zero, a5 = TMachine.Zero, b5 = TMachine.Zero, a6 = TMachine.Zero, b6 = TMachine.Zero, a7 = TMachine.Zero, b7 = TMachine.Zero;
        if (!first)
        {
            Read(target, row + 0, channel, channels, out a0, out b0);
            Read(target, row + 1, channel, channels, out a1, out b1);
            Read(target, row + 2, channel, channels, out a2, out b2);
            Read(target, row + 3, channel, channels, out a3, out b3);
            Read(target, row + 4, channel, channels, out a4, out b4);
            Read(target, row + 5, channel, channels, out a5, out b5);
            Read(target, row + 6, channel, channels, out a6, out b6);
            Read(target, row + 7, channel, channels, out a7, out b7);
        }

        Columns(kernelX, out var low, out var high);
        var inputStep = g.StrideWidth * g.InputChannels;
        var dx = low * g.StrideWidth - g.PaddingLeft + kernelX * g.DilationWidth;
        for (var outputRow = begin; outputRow < end; outputRow++)
        {
            var n = outputRow / g.OutputHeight;
            var y = (outputRow - n * g.OutputHeight) * g.StrideHeight - g.PaddingTop + kernelY * g.DilationHeight;
            if ((uint)y >= (uint)g.InputHeight) continue;
            var pixels = Math.Min(high, g.Pixels - outputRow * g.OutputWidth) - low;
            var x = TMachine.Slice(Input, ((n * g.InputHeight + y) * g.InputWidth + dx) * g.InputChannels + source);
            var d = TMachine.Slice(OutputGradient, (outputRow * g.OutputWidth + low) * g.OutputChannels + channel);
            for (var pixel = 0; pixel < pixels; pixel++)
            {
                var d0 = full ? TMachine.Load(d, 0) : TMachine.LoadPartial(d, 0, channels);
                var d1 = full ? TMachine.Load(d, TMachine.Width) : TMachine.LoadPartial(d, TMachine.Width, channels - TMachine.Width);
                var v0 = TMachine.Broadcast(x, 0);
                a0 = TMachine.MultiplyAdd(v0, d0, a0);
                b0 = TMachine.MultiplyAdd(v0, d1, b0);
                var v1 = TMachine.Broadcast(x, 1);
                a1 = TMachine.MultiplyAdd(v1, d0, a1);
                b1 = TMachine.MultiplyAdd(v1, d1, b1);
                var v2 = TMachine.Broadcast(x, 2);
                a2 = TMachine.MultiplyAdd(v2, d0, a2);
                b2 = TMachine.MultiplyAdd(v2, d1, b2);
                var v3 = TMachine.Broadcast(x, 3);
                a3 = TMachine.MultiplyAdd(v3, d0, a3);
                b3 = TMachine.MultiplyAdd(v3, d1, b3);
                var v4 = TMachine.Broadcast(x, 4);
                a4 = TMachine.MultiplyAdd(v4, d0, a4);
                b4 = TMachine.MultiplyAdd(v4, d1, b4);
                var v5 = TMachine.Broadcast(x, 5);
                a5 = TMachine.MultiplyAdd(v5, d0, a5);
                b5 = TMachine.MultiplyAdd(v5, d1, b5);
                var v6 = TMachine.Broadcast(x, 6);
                a6 = TMachine.MultiplyAdd(v6, d0, a6);
                b6 = TMachine.MultiplyAdd(v6, d1, b6);
                var v7 = TMachine.Broadcast(x, 7);
                a7 = TMachine.MultiplyAdd(v7, d0, a7);
                b7 = TMachine.MultiplyAdd(v7, d1, b7);
                x = TMachine.Slice(x, inputStep);
                d = TMachine.Slice(d, g.OutputChannels);
            }
        }

        if (storeFrom <= 0) Keep(target, row + 0, channel, channels, a0, b0);
        if (storeFrom <= 1) Keep(target, row + 1, channel, channels, a1, b1);
        if (storeFrom <= 2) Keep(target, row + 2, channel, channels, a2, b2);
        if (storeFrom <= 3) Keep(target, row + 3, channel, channels, a3, b3);
        if (storeFrom <= 4) Keep(target, row + 4, channel, channels, a4, b4);
        if (storeFrom <= 5) Keep(target, row + 5, channel, channels, a5, b5);
        if (storeFrom <= 6) Keep(target, row + 6, channel, channels, a6, b6);
        if (storeFrom <= 7) Keep(target, row + 7, channel, channels, a7, b7);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void EightRowsOneVector(int begin, int end, bool first, int kernelY, int kernelX, int row, int storeFrom, int source, int channel, int channels, TMachine target)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= TMachine.Width;
        TVector a0 = TMachine.Zero, a1 = TMachine.Zero, a2 = TMachine.Zero, a3 = TMachine.Zero, a4 = TMachine.Zero, a5 = TMachine.Zero, a6 = TMachine.Zero, a7 = TMachine.Zero;
        if (!first)
        {
            Read(target, row + 0, channel, channels, out a0, out _);
            Read(target, row + 1, channel, channels, out a1, out _);
            Read(target, row + 2, channel, channels, out a2, out _);
            Read(target, row + 3, channel, channels, out a3, out _);
            Read(target, row + 4, channel, channels, out a4, out _);
            Read(target, row + 5, channel, channels, out a5, out _);
            Read(target, row + 6, channel, channels, out a6, out _);
            Read(target, row + 7, channel, channels, out a7, out _);
        }

        Columns(kernelX, out var low, out var high);
        var inputStep = g.StrideWidth * g.InputChannels;
        var dx = low * g.StrideWidth - g.PaddingLeft + kernelX * g.DilationWidth;
        for (var outputRow = begin; outputRow < end; outputRow++)
        {
            var n = outputRow / g.OutputHeight;
            var y = (outputRow - n * g.OutputHeight) * g.StrideHeight - g.PaddingTop + kernelY * g.DilationHeight;
            if ((uint)y >= (uint)g.InputHeight) continue;
            var pixels = Math.Min(high, g.Pixels - outputRow * g.OutputWidth) - low;
            var x = TMachine.Slice(Input, ((n * g.InputHeight + y) * g.InputWidth + dx) * g.InputChannels + source);
            var d = TMachine.Slice(OutputGradient, (outputRow * g.OutputWidth + low) * g.OutputChannels + channel);
            for (var pixel = 0; pixel < pixels; pixel++)
            {
                var d0 = full ? TMachine.Load(d, 0) : TMachine.LoadPartial(d, 0, channels);
                var v0 = TMachine.Broadcast(x, 0);
                a0 = TMachine.MultiplyAdd(v0, d0, a0);
                var v1 = TMachine.Broadcast(x, 1);
                a1 = TMachine.MultiplyAdd(v1, d0, a1);
                var v2 = TMachine.Broadcast(x, 2);
                a2 = TMachine.MultiplyAdd(v2, d0, a2);
                var v3 = TMachine.Broadcast(x, 3);
                a3 = TMachine.MultiplyAdd(v3, d0, a3);
                var v4 = TMachine.Broadcast(x, 4);
                a4 = TMachine.MultiplyAdd(v4, d0, a4);
                var v5 = TMachine.Broadcast(x, 5);
                a5 = TMachine.MultiplyAdd(v5, d0, a5);
                var v6 = TMachine.Broadcast(x, 6);
                a6 = TMachine.MultiplyAdd(v6, d0, a6);
                var v7 = TMachine.Broadcast(x, 7);
                a7 = TMachine.MultiplyAdd(v7, d0, a7);
                x = TMachine.Slice(x, inputStep);
                d = TMachine.Slice(d, g.OutputChannels);
            }
        }

        if (storeFrom <= 0) Keep(target, row + 0, channel, channels, a0, TMachine.Zero);
        if (storeFrom <= 1) Keep(target, row + 1, channel, channels, a1, TMachine.Zero);
        if (storeFrom <= 2) Keep(target, row + 2, channel, channels, a2, TMachine.Zero);
        if (storeFrom <= 3) Keep(target, row + 3, channel, channels, a3, TMachine.Zero);
        if (storeFrom <= 4) Keep(target, row + 4, channel, channels, a4, TMachine.Zero);
        if (storeFrom <= 5) Keep(target, row + 5, channel, channels, a5, TMachine.Zero);
        if (storeFrom <= 6) Keep(target, row + 6, channel, channels, a6, TMachine.Zero);
        if (storeFrom <= 7) Keep(target, row + 7, channel, channels, a7, TMachine.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void ThreeRows(int begin, int end, bool first, int kernelY, int kernelX, int row, int storeFrom, int source, int channel, int channels, TMachine target)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= 2 * TMachine.Width;
        TVector a0 = TMachine.Zero, b0 = TMachine.Zero, a1 = TMachine.Zero, b1 = TMachine.Zero, a2 = TMachine.Zero, b2 = TMachine.Zero;
        if (!first)
        {
            Read(target, row + 0, channel, channels, out a0, out b0);
            Read(target, row + 1, channel, channels, out a1, out b1);
            Read(target, row + 2, channel, channels, out a2, out b2);
        }

        Columns(kernelX, out var low, out var high);
        var inputStep = g.StrideWidth * g.InputChannels;
        var dx = low * g.StrideWidth - g.PaddingLeft + kernelX * g.DilationWidth;
        for (var outputRow = begin; outputRow < end; outputRow++)
        {
            var n = outputRow / g.OutputHeight;
            var y = (outputRow - n * g.OutputHeight) * g.StrideHeight - g.PaddingTop + kernelY * g.DilationHeight;
            if ((uint)y >= (uint)g.InputHeight) continue;
            var pixels = Math.Min(high, g.Pixels - outputRow * g.OutputWidth) - low;
            var x = TMachine.Slice(Input, ((n * g.InputHeight + y) * g.InputWidth + dx) * g.InputChannels + source);
            var d = TMachine.Slice(OutputGradient, (outputRow * g.OutputWidth + low) * g.OutputChannels + channel);
            for (var pixel = 0; pixel < pixels; pixel++)
            {
                var d0 = full ? TMachine.Load(d, 0) : TMachine.LoadPartial(d, 0, channels);
                var d1 = full ? TMachine.Load(d, TMachine.Width) : TMachine.LoadPartial(d, TMachine.Width, channels - TMachine.Width);
                var v0 = TMachine.Broadcast(x, 0);
                a0 = TMachine.MultiplyAdd(v0, d0, a0);
                b0 = TMachine.MultiplyAdd(v0, d1, b0);
                var v1 = TMachine.Broadcast(x, 1);
                a1 = TMachine.MultiplyAdd(v1, d0, a1);
                b1 = TMachine.MultiplyAdd(v1, d1, b1);
                var v2 = TMachine.Broadcast(x, 2);
                a2 = TMachine.MultiplyAdd(v2, d0, a2);
                b2 = TMachine.MultiplyAdd(v2, d1, b2);
                x = TMachine.Slice(x, inputStep);
                d = TMachine.Slice(d, g.OutputChannels);
            }
        }

        if (storeFrom <= 0) Keep(target, row + 0, channel, channels, a0, b0);
        if (storeFrom <= 1) Keep(target, row + 1, channel, channels, a1, b1);
        if (storeFrom <= 2) Keep(target, row + 2, channel, channels, a2, b2);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void OneRow(int begin, int end, bool first, int kernelY, int kernelX, int row, int storeFrom, int source, int channel, int channels, TMachine target)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= 2 * TMachine.Width;
        TVector a0 = TMachine.Zero, b0 = TMachine.Zero;
        if (!first)
        {
            Read(target, row + 0, channel, channels, out a0, out b0);
        }

        Columns(kernelX, out var low, out var high);
        var inputStep = g.StrideWidth * g.InputChannels;
        var dx = low * g.StrideWidth - g.PaddingLeft + kernelX * g.DilationWidth;
        for (var outputRow = begin; outputRow < end; outputRow++)
        {
            var n = outputRow / g.OutputHeight;
            var y = (outputRow - n * g.OutputHeight) * g.StrideHeight - g.PaddingTop + kernelY * g.DilationHeight;
            if ((uint)y >= (uint)g.InputHeight) continue;
            var pixels = Math.Min(high, g.Pixels - outputRow * g.OutputWidth) - low;
            var x = TMachine.Slice(Input, ((n * g.InputHeight + y) * g.InputWidth + dx) * g.InputChannels + source);
            var d = TMachine.Slice(OutputGradient, (outputRow * g.OutputWidth + low) * g.OutputChannels + channel);
            for (var pixel = 0; pixel < pixels; pixel++)
            {
                var d0 = full ? TMachine.Load(d, 0) : TMachine.LoadPartial(d, 0, channels);
                var d1 = full ? TMachine.Load(d, TMachine.Width) : TMachine.LoadPartial(d, TMachine.Width, channels - TMachine.Width);
                var v0 = TMachine.Broadcast(x, 0);
                a0 = TMachine.MultiplyAdd(v0, d0, a0);
                b0 = TMachine.MultiplyAdd(v0, d1, b0);
                x = TMachine.Slice(x, inputStep);
                d = TMachine.Slice(d, g.OutputChannels);
            }
        }

        Keep(target, row + 0, channel, channels, a0, b0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void BiasSums(int begin, int end, bool first, int channel, int channels, int split)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= 2 * TMachine.Width;
        var target = TMachine.Slice(BiasTarget, split * g.SplitStride);
        TVector a0 = TMachine.Zero, b0 = TMachine.Zero, a1 = TMachine.Zero, b1 = TMachine.Zero;
        if (!first) Read(target, 0, channel, channels, out a0, out b0);
        var pixel = begin * g.OutputWidth;
        var last = Math.Min(g.Pixels, end * g.OutputWidth);
        var d = TMachine.Slice(OutputGradient, pixel * g.OutputChannels + channel);
        if (full)
        {
            for (; pixel + 1 < last; pixel += 2)
            {
                a0 = TMachine.Add(a0, TMachine.Load(d, 0));
                b0 = TMachine.Add(b0, TMachine.Load(d, TMachine.Width));
                d = TMachine.Slice(d, g.OutputChannels);
                a1 = TMachine.Add(a1, TMachine.Load(d, 0));
                b1 = TMachine.Add(b1, TMachine.Load(d, TMachine.Width));
                d = TMachine.Slice(d, g.OutputChannels);
            }
        }

        for (; pixel < last; pixel++)
        {
            a0 = TMachine.Add(a0, TMachine.LoadPartial(d, 0, channels));
            b0 = TMachine.Add(b0, TMachine.LoadPartial(d, TMachine.Width, channels - TMachine.Width));
            d = TMachine.Slice(d, g.OutputChannels);
        }

        Keep(target, 0, channel, channels, TMachine.Add(a0, a1), TMachine.Add(b0, b1));
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
    private readonly void Read(TMachine target, int row, int channel, int channels, out TVector a, out TVector b)
    {
        var index = row * Geometry.OutputChannels + channel;
        a = TMachine.LoadPartial(target, index, channels);
        b = TMachine.LoadPartial(target, index + TMachine.Width, channels - TMachine.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Keep(TMachine target, int row, int channel, int channels, TVector a, TVector b)
    {
        var index = row * Geometry.OutputChannels + channel;
        TMachine.StorePartial(target, index, a, channels);
        TMachine.StorePartial(target, index + TMachine.Width, b, channels - TMachine.Width);
    }
}
