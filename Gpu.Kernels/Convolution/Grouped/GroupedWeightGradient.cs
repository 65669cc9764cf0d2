using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using ILGPU;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// <see cref="ConvolutionWeightGradient{TMachine,TVector}"/> for groups of threads, without channel groups: an implicit matrix product of rows (tap, input channel) by
/// output channels, whose elements are sums over all output pixels. The pixels are cut into splits, whose sums are added afterwards, in order, by
/// <see cref="SumSplits{TMachine,TVector}"/>. The groups with the first rows also sum the gradient of the bias, from what they read anyway.
/// </summary>
public struct GroupedWeightGradient<TMachine, TVector, TTile> : IGroupedKernel
    where TMachine : struct, IMachine<TMachine, TVector>, IGpuMachine<TMachine>
    where TVector : unmanaged
    where TTile : struct, IGroupTile
{
    /// <summary>Activations [n, h, w, c], and the gradient of the output [n, oh, ow, k].</summary>
    public TMachine Input, OutputGradient;

    /// <summary>Gradients of weights [taps, c, k] and bias [k], a region a split.</summary>
    public TMachine Target, BiasTarget;

    /// <summary>Sizes; tiles, chunks and splits are not used.</summary>
    public WeightGradientGeometry Geometry;

    /// <summary>Columns of the kernel; rows of the product: taps by input channels.</summary>
    public int TapsX, Rows;

    /// <summary>How the product is cut into groups.</summary>
    public GroupGrid Grid;

    /// <summary>Words from the region of one split to that of the next.</summary>
    public int SplitStride;

    /// <summary>Whether the bias gradient is wanted.</summary>
    public Flag HasBias;

    /// <summary>The target holds gradients that are added to; otherwise the sums are stored as they are.</summary>
    public Flag AddToTarget;

    /// <summary>Input channels may be read four at a time: they are a multiple of four, and begin at a multiple of four words.</summary>
    public Flag Quads;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Run()
    {
        var memory = SharedMemory.Allocate<Float4>(2 * TileMemory.HalfQuads<TTile>());
        var thread = Group.IdxX;
        var threadY = thread / TTile.ThreadsX;
        var threadX = thread - threadY * TTile.ThreadsX;
        Grid.Locate(ILGPU.Grid.IdxX, out var rowBlock, out var columnBlock, out var split);
        var firstRow = rowBlock * TileMemory.Rows<TTile>();
        var firstColumn = columnBlock * TileMemory.Columns<TTile>();
        var firstStep = split * Grid.StepsPerSplit;
        var steps = Math.Min(Grid.StepsPerSplit, Grid.Steps - firstStep);

        var tile = default(TTile);
        var fetch = new Fetch(this, thread, firstRow, firstColumn, firstStep * TileMemory.Depth);
        if (steps > 0)
        {
            fetch.Next(this);
            fetch.Store(memory, 0);
            SharedBarrier.Wait();
            for (var step = 1; step < steps; step++)
            {
                fetch.Next(this);
                TileMemory.MultiplyAdd(memory, (step - 1) & 1, threadX, threadY, ref tile);
                fetch.Store(memory, step & 1);
                SharedBarrier.Wait();
            }

            TileMemory.MultiplyAdd(memory, (steps - 1) & 1, threadX, threadY, ref tile);
        }

        var column = firstColumn + 4 * threadX;
        var left = Geometry.OutputChannels - column;
        for (var i = 0; i < TTile.RowsEach; i++)
        {
            var row = firstRow + 4 * threadY + (i & 3) + (i >> 2) * 4 * TTile.ThreadsY;
            if (row < Rows)
            {
                var index = split * SplitStride + row * Geometry.OutputChannels + column;
                Write(Target, index, tile.Left, left);
                if (TTile.ColumnsEach == 8) Write(Target, index + 4 * TTile.ThreadsX, tile.Right, left - 4 * TTile.ThreadsX);
            }

            tile.Next();
        }

        // Each thread has summed a quad of columns over some of the pixels. The barriers stand outside of the condition, though it is the same for all threads of a
        // group: PoCL 3.1 mixes the groups' sums up otherwise.
        SharedBarrier.Wait();
        memory[thread] = fetch.ColumnSums;
        SharedBarrier.Wait();
        if (HasBias && rowBlock == 0) BiasSums(memory, thread, firstColumn, split);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void BiasSums(ArrayView<Float4> memory, int thread, int firstColumn, int split)
    {
        const int quad = 4;
        var quads = TileMemory.Columns<TTile>() / quad;
        if (thread >= quads) return;
        var sum = memory[thread];
        for (var other = thread + quads; other < TileMemory.Threads<TTile>(); other += quads) sum = Gpu4.Add(sum, memory[other]);
        var column = firstColumn + quad * thread;
        Write(BiasTarget, split * SplitStride + column, sum, Geometry.OutputChannels - column);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write(TMachine target, int index, Float4 value, int count)
    {
        if (AddToTarget) value = Gpu4.Add(TMachine.LoadFour(target, index, count), value);
        TMachine.StoreFour(target, index, value, count);
    }

    // The quads of both operands that a thread brings from global to shared memory: four input channels of one tap, and four output channels, of a pixel.
    private struct Fetch
    {
        private readonly int _leftDepth, _leftQuad, _row, _rightDepth, _rightQuad, _column;
        private readonly TapWalk _walk;
        private Pixel _pixel0, _pixel1;
        private int _rightPixel;
        private Float4 _left0, _left1, _right0, _right1;

        public Float4 ColumnSums;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Fetch(in GroupedWeightGradient<TMachine, TVector, TTile> kernel, int thread, int firstRow, int firstColumn, int firstPixel)
        {
            _leftDepth = thread / (TileMemory.Rows<TTile>() / 4);
            _leftQuad = thread - _leftDepth * (TileMemory.Rows<TTile>() / 4);
            _row = firstRow + 4 * _leftQuad;
            _walk = TapWalk.At(_row, kernel.Geometry.InputChannels, kernel.TapsX);
            _pixel0 = new Pixel(kernel.Geometry, firstPixel + _leftDepth);
            _pixel1 = TileMemory.LeftFetches<TTile>() == 2 ? new Pixel(kernel.Geometry, firstPixel + _leftDepth + TileMemory.Depth / 2) : _pixel0;
            _rightDepth = thread / (TileMemory.Columns<TTile>() / 4);
            _rightQuad = thread - _rightDepth * (TileMemory.Columns<TTile>() / 4);
            _column = firstColumn + 4 * _rightQuad;
            _rightPixel = firstPixel + _rightDepth;
            _left0 = _left1 = _right0 = _right1 = ColumnSums = Gpu4.Zero;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Next(in GroupedWeightGradient<TMachine, TVector, TTile> kernel)
        {
            _left0 = kernel.Left(_pixel0, _walk, _row);
            _pixel0.Advance(kernel.Geometry);
            if (TileMemory.LeftFetches<TTile>() == 2)
            {
                _left1 = kernel.Left(_pixel1, _walk, _row);
                _pixel1.Advance(kernel.Geometry);
            }

            // More threads than quads: the rest must not add to the sums of columns.
            _right0 = !TileMemory.SparesThreads<TTile>() || _rightDepth < TileMemory.Depth ? kernel.Right(_rightPixel, _column) : Gpu4.Zero;
            ColumnSums = Gpu4.Add(ColumnSums, _right0);
            if (TileMemory.RightFetches<TTile>() == 2)
            {
                _right1 = kernel.Right(_rightPixel + TileMemory.Depth / 2, _column);
                ColumnSums = Gpu4.Add(ColumnSums, _right1);
            }

            _rightPixel += TileMemory.Depth;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(ArrayView<Float4> memory, int half)
        {
            var left = half * TileMemory.HalfQuads<TTile>();
            var right = left + TileMemory.LeftQuads<TTile>();
            memory[left + _leftDepth * TileMemory.LeftStride<TTile>() + _leftQuad] = _left0;
            if (TileMemory.LeftFetches<TTile>() == 2) memory[left + (_leftDepth + TileMemory.Depth / 2) * TileMemory.LeftStride<TTile>() + _leftQuad] = _left1;
            if (!TileMemory.SparesThreads<TTile>() || _rightDepth < TileMemory.Depth) memory[right + _rightDepth * TileMemory.RightStride<TTile>() + _rightQuad] = _right0;
            if (TileMemory.RightFetches<TTile>() == 2) memory[right + (_rightDepth + TileMemory.Depth / 2) * TileMemory.RightStride<TTile>() + _rightQuad] = _right1;
        }
    }

    // An output pixel on the way through all of them, and where its first tap reads.
    private struct Pixel
    {
        public int Number, Row, Column, Image;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Pixel(in WeightGradientGeometry g, int pixel)
        {
            Number = pixel;
            Row = pixel / g.OutputWidth;
            Column = pixel - Row * g.OutputWidth;
            Image = Row / g.OutputHeight;
            Row -= Image * g.OutputHeight;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Advance(in WeightGradientGeometry g)
        {
            Number += TileMemory.Depth;
            Column += TileMemory.Depth;
            while (Column >= g.OutputWidth)
            {
                Column -= g.OutputWidth;
                Row++;
                if (Row < g.OutputHeight) continue;
                Row = 0;
                Image++;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Float4 Left(in Pixel pixel, TapWalk walk, int row)
    {
        if (Quads) return Inside(pixel, walk, row, out var index) ? TMachine.LoadFour(Input, index, 4) : Gpu4.Zero;
        var x = Word(pixel, walk, row);
        walk.Advance(1, Geometry.InputChannels, TapsX);
        var y = Word(pixel, walk, row + 1);
        walk.Advance(1, Geometry.InputChannels, TapsX);
        var z = Word(pixel, walk, row + 2);
        walk.Advance(1, Geometry.InputChannels, TapsX);
        return new(x, y, z, Word(pixel, walk, row + 3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float Word(in Pixel pixel, in TapWalk walk, int row) => Inside(pixel, walk, row, out var index) ? TMachine.LoadScalar(Input, index) : 0f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool Inside(in Pixel pixel, in TapWalk walk, int row, out int index)
    {
        var y = pixel.Row * Geometry.StrideHeight - Geometry.PaddingTop + walk.TapY * Geometry.DilationHeight;
        var x = pixel.Column * Geometry.StrideWidth - Geometry.PaddingLeft + walk.TapX * Geometry.DilationWidth;
        index = ((pixel.Image * Geometry.InputHeight + y) * Geometry.InputWidth + x) * Geometry.InputChannels + walk.Channel;
        return (row < Rows) & (pixel.Number < Geometry.Pixels) & ((uint)y < (uint)Geometry.InputHeight) & ((uint)x < (uint)Geometry.InputWidth);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Float4 Right(int pixel, int column) => pixel < Geometry.Pixels
        ? TMachine.LoadFour(OutputGradient, pixel * Geometry.OutputChannels + column, Geometry.OutputChannels - column) : Gpu4.Zero;
}
