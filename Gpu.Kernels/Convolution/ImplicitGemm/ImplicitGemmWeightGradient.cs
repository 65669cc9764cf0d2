using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Weight gradient as an implicit GEMM for thread groups, with the same results as <see cref="DirectConv2dWeightGradient{TBackend,TVector}"/> for one channel
/// group. The rows of the product are taps by input channels, the columns are output channels, and k runs over the output pixels. With split-K,
/// <see cref="SplitKReduce{TBackend,TVector}"/> adds the sums of the splits, in order.
/// </summary>
/// <remarks>The groups of the first row of tiles also compute the bias gradient, from the output gradient that they load for the product.</remarks>
internal struct ImplicitGemmWeightGradient<TBackend, TVector, TTile> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>, IGpuBackend<TBackend>
    where TVector : unmanaged
    where TTile : struct, IGemmTile
{
    /// <summary>Activations [n, h, w, c] and output gradient [n, oh, ow, k].</summary>
    public TBackend Input, OutputGradient;

    /// <summary>Gradients of weights [tap, c, k] and bias [k], one region for each split.</summary>
    public TBackend Target, BiasTarget;

    /// <summary>Sizes. Tiles, chunks and splits are not used.</summary>
    public DirectWeightGradientGeometry Geometry;

    /// <summary>Columns of the kernel; rows of the product, the taps times the input channels.</summary>
    public int TapsX, Rows;

    /// <summary>The division of the product into thread groups.</summary>
    public GemmGrid Grid;

    /// <summary>Words from the region of one split to the region of the next.</summary>
    public int SplitStride;

    /// <summary>The bias gradient is computed too.</summary>
    public Flag HasBias;

    /// <summary>The result is added to the target, instead of replacing it.</summary>
    public Flag AddToTarget;

    /// <summary>The input channels are loaded as quads: their number is a multiple of four, and the input is aligned to four words.</summary>
    public Flag Quads;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Run()
    {
        var memory = SharedMemory.Allocate<Float4>(GemmTileMemory.Quads<TTile>());
        var thread = Group.IdxX;
        var threadY = thread / TTile.ThreadsX;
        var threadX = thread - threadY * TTile.ThreadsX;
        Grid.GetTile(ILGPU.Grid.IdxX, out var rowBlock, out var columnBlock, out var split);
        var firstRow = rowBlock * GemmTileMemory.Rows<TTile>();
        var firstColumn = columnBlock * GemmTileMemory.Columns<TTile>();
        var firstStep = split * Grid.StepsPerSplit;
        var steps = Math.Min(Grid.StepsPerSplit, Grid.Steps - firstStep);

        var tile = default(TTile);
        var loader = new TileLoader(this, thread, firstRow, firstColumn, firstStep * GemmTileMemory.Depth);
        if (steps > 0)
        {
            loader.LoadNext(this);
            loader.Store(memory, 0);
            GroupBarrier.Wait();
            for (var step = 1; step < steps; step++)
            {
                loader.LoadNext(this);
                GemmTileMemory.MultiplyAdd(memory, (step - 1) & 1, threadX, threadY, ref tile);
                loader.Store(memory, step & 1);
                GroupBarrier.Wait();
            }

            GemmTileMemory.MultiplyAdd(memory, (steps - 1) & 1, threadX, threadY, ref tile);
        }

        var column = firstColumn + 4 * threadX;
        var left = Geometry.OutputChannels - column;
        for (var i = 0; i < TTile.RowsPerThread; i++)
        {
            var row = firstRow + 4 * threadY + (i & 3) + (i >> 2) * 4 * TTile.ThreadsY;
            if (row < Rows)
            {
                var index = split * SplitStride + row * Geometry.OutputChannels + column;
                Write(Target, index, tile.Left, left);
                if (TTile.ColumnsPerThread == 8) Write(Target, index + 4 * TTile.ThreadsX, tile.Right, left - 4 * TTile.ThreadsX);
            }

            tile.ShiftRows();
        }

        // Each thread has the sums of four columns over some of the pixels. The barriers are outside the condition, although it is uniform in a group:
        // otherwise PoCL 3.1 mixes up the sums of the groups.
        GroupBarrier.Wait();
        memory[thread] = loader.ColumnSums;
        GroupBarrier.Wait();
        if (HasBias && rowBlock == 0) WriteBias(memory, thread, firstColumn, split);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteBias(ArrayView<Float4> memory, int thread, int firstColumn, int split)
    {
        const int quad = 4;
        var quads = GemmTileMemory.Columns<TTile>() / quad;
        if (thread >= quads) return;
        var sum = memory[thread];
        for (var other = thread + quads; other < GemmTileMemory.Threads<TTile>(); other += quads) sum = GpuVector4Backend.Add(sum, memory[other]);
        var column = firstColumn + quad * thread;
        Write(BiasTarget, split * SplitStride + column, sum, Geometry.OutputChannels - column);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write(TBackend target, int index, Float4 value, int count)
    {
        if (AddToTarget) value = GpuVector4Backend.Add(TBackend.LoadFour(target, index, count), value);
        TBackend.StoreFour(target, index, value, count);
    }

    // Loads the quads of a thread from global memory into registers, and stores them to shared memory: for one pixel, four rows of the product (four input
    // channels of one tap, if Quads) and four output channels.
    private struct TileLoader
    {
        private readonly int _leftDepth, _leftQuad, _rightDepth, _rightQuad, _column;
        private readonly Taps _taps;
        private Pixel _pixel0, _pixel1;
        private int _rightPixel;
        private Float4 _left0, _left1, _right0, _right1;
        // The masks are applied when the quads are stored. Earlier, the thread would have to wait for its loads.
        private int _leftMask0, _leftMask1, _rightMask0, _rightMask1;

        public Float4 ColumnSums;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TileLoader(in ImplicitGemmWeightGradient<TBackend, TVector, TTile> kernel, int thread, int firstRow, int firstColumn, int firstPixel)
        {
            _leftDepth = thread / (GemmTileMemory.Rows<TTile>() / 4);
            _leftQuad = thread - _leftDepth * (GemmTileMemory.Rows<TTile>() / 4);
            _taps = new Taps(kernel, firstRow + 4 * _leftQuad);
            _pixel0 = new Pixel(kernel.Geometry, firstPixel + _leftDepth);
            _pixel1 = GemmTileMemory.LeftQuadsPerThread<TTile>() == 2
                ? new Pixel(kernel.Geometry, firstPixel + _leftDepth + GemmTileMemory.Depth / 2) : _pixel0;
            _rightDepth = thread / (GemmTileMemory.Columns<TTile>() / 4);
            _rightQuad = thread - _rightDepth * (GemmTileMemory.Columns<TTile>() / 4);
            _column = firstColumn + 4 * _rightQuad;
            _rightPixel = firstPixel + _rightDepth;
            _left0 = _left1 = _right0 = _right1 = ColumnSums = GpuVector4Backend.Zero;
            _leftMask0 = _leftMask1 = _rightMask0 = _rightMask1 = -1;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void LoadNext(in ImplicitGemmWeightGradient<TBackend, TVector, TTile> kernel)
        {
            _left0 = kernel.LoadInput(_pixel0, _taps, out _leftMask0);
            if (GemmTileMemory.LeftQuadsPerThread<TTile>() == 2) _left1 = kernel.LoadInput(_pixel1, _taps, out _leftMask1);
            // Threads without a quad must not add to the sums of the columns.
            _right0 = kernel.LoadGradient(_rightPixel, _column, GemmTileMemory.HasIdleThreads<TTile>() ? _rightDepth : 0, out _rightMask0);
            if (GemmTileMemory.RightQuadsPerThread<TTile>() == 2)
                _right1 = kernel.LoadGradient(_rightPixel + GemmTileMemory.Depth / 2, _column, 0, out _rightMask1);
            _rightPixel += GemmTileMemory.Depth;
            _pixel0.Advance(kernel.Geometry);
            if (GemmTileMemory.LeftQuadsPerThread<TTile>() == 2) _pixel1.Advance(kernel.Geometry);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(ArrayView<Float4> memory, int stage)
        {
            var left = stage * GemmTileMemory.StageQuads<TTile>();
            var right = left + GemmTileMemory.LeftQuads<TTile>();
            _right0 = Masks.Keep(_right0, _rightMask0);
            memory[left + _leftDepth * GemmTileMemory.LeftStride<TTile>() + _leftQuad] = Masks.Keep(_left0, _leftMask0);
            if (GemmTileMemory.LeftQuadsPerThread<TTile>() == 2)
                memory[left + (_leftDepth + GemmTileMemory.Depth / 2) * GemmTileMemory.LeftStride<TTile>() + _leftQuad] = Masks.Keep(_left1, _leftMask1);
            if (!GemmTileMemory.HasIdleThreads<TTile>() || _rightDepth < GemmTileMemory.Depth)
                memory[right + _rightDepth * GemmTileMemory.RightStride<TTile>() + _rightQuad] = _right0;
            ColumnSums = GpuVector4Backend.Add(ColumnSums, _right0);
            if (GemmTileMemory.RightQuadsPerThread<TTile>() != 2) return;
            _right1 = Masks.Keep(_right1, _rightMask1);
            memory[right + (_rightDepth + GemmTileMemory.Depth / 2) * GemmTileMemory.RightStride<TTile>() + _rightQuad] = _right1;
            ColumnSums = GpuVector4Backend.Add(ColumnSums, _right1);
        }
    }

    // An output pixel, advancing through all images without divisions: its number, and the row, column and word that its first tap reads. Row and column may
    // lie outside the input.
    private struct Pixel
    {
        public int Number, Y, X, Source;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Pixel(in DirectWeightGradientGeometry g, int pixel)
        {
            Number = pixel;
            var row = pixel / g.OutputWidth;
            X = (pixel - row * g.OutputWidth) * g.StrideWidth - g.PaddingLeft;
            var image = row / g.OutputHeight;
            Y = (row - image * g.OutputHeight) * g.StrideHeight - g.PaddingTop;
            Source = ((image * g.InputHeight + Y) * g.InputWidth + X) * g.InputChannels;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Advance(in DirectWeightGradientGeometry g)
        {
            Number += GemmTileMemory.Depth;
            X += GemmTileMemory.Depth * g.StrideWidth;
            Source += GemmTileMemory.Depth * g.StrideWidth * g.InputChannels;
            Wrap(g);
            // With rows shorter than a step, one step passes several ends of rows.
            for (var passed = g.OutputWidth; passed < GemmTileMemory.Depth; passed += g.OutputWidth) Wrap(g);
        }

        // If the pixel is after the end of its row, moves it to the next row, and likewise to the next image.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Wrap(in DirectWeightGradientGeometry g)
        {
            var width = g.OutputWidth * g.StrideWidth;
            var wraps = (width - g.PaddingLeft - 1 - X) >> 31;
            X -= wraps & width;
            Y += wraps & g.StrideHeight;
            Source += wraps & ((g.StrideHeight * g.InputWidth - width) * g.InputChannels);
            var height = g.OutputHeight * g.StrideHeight;
            wraps = (height - g.PaddingTop - 1 - Y) >> 31;
            Y -= wraps & height;
            Source += wraps & ((g.InputHeight - height) * g.InputWidth * g.InputChannels);
        }
    }

    // Offsets of four rows of the product from the first tap of a pixel. If Quads, the first row is enough.
    private readonly struct Taps
    {
        public readonly Tap Tap0, Tap1, Tap2, Tap3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Taps(in ImplicitGemmWeightGradient<TBackend, TVector, TTile> kernel, int row)
        {
            Tap0 = new Tap(kernel, row);
            Tap1 = new Tap(kernel, row + 1);
            Tap2 = new Tap(kernel, row + 2);
            Tap3 = new Tap(kernel, row + 3);
        }
    }

    private readonly struct Tap
    {
        public readonly int Y, X, Offset;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Tap(in ImplicitGemmWeightGradient<TBackend, TVector, TTile> kernel, int row)
        {
            var g = kernel.Geometry;
            var position = TapIterator.At(row, g.InputChannels, kernel.TapsX);
            Y = position.TapY * g.DilationHeight;
            X = position.TapX * g.DilationWidth;
            Offset = (Y * g.InputWidth + X) * g.InputChannels + position.Channel;
            // Rows after the last one get a row of the input that does not exist.
            Y -= ~Masks.FromSign(Masks.Beyond(row, kernel.Rows)) & (1 << 30);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Float4 LoadInput(in Pixel pixel, in Taps taps, out int mask)
    {
        mask = -1;
        if (!Quads) return new(LoadWord(pixel, taps.Tap0), LoadWord(pixel, taps.Tap1), LoadWord(pixel, taps.Tap2), LoadWord(pixel, taps.Tap3));
        mask = InsideMask(pixel, taps.Tap0);
        return TBackend.LoadFour(Input, (pixel.Source + taps.Tap0.Offset) & mask, 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float LoadWord(in Pixel pixel, in Tap tap)
    {
        var mask = InsideMask(pixel, tap);
        return Masks.Keep(TBackend.LoadScalar(Input, (pixel.Source + tap.Offset) & mask), mask);
    }

    // A mask of ones if the tap of a pixel lies inside the input.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int InsideMask(in Pixel pixel, in Tap tap) => Masks.FromSign(
        Masks.Beyond(pixel.Number, Geometry.Pixels)
        | Masks.Outside(pixel.Y + tap.Y, Geometry.InputHeight) | Masks.Outside(pixel.X + tap.X, Geometry.InputWidth));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Float4 LoadGradient(int pixel, int column, int depth, out int mask)
    {
        var outside = Masks.Beyond(pixel, Geometry.Pixels) | Masks.Beyond(depth, GemmTileMemory.Depth);
        if (TBackend.Width == 4) outside |= Masks.Beyond(column, Geometry.OutputChannels);
        mask = Masks.FromSign(outside);
        var count = TBackend.Width == 4 ? 4 : Geometry.OutputChannels - column;
        return TBackend.LoadFour(OutputGradient, (pixel * Geometry.OutputChannels + column) & mask, count);
    }
}
