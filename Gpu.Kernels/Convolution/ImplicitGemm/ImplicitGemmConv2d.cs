using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Convolution as an implicit GEMM for thread groups, with the same results as <see cref="DirectConv2d{TBackend,TVector,TActivation}"/> for one channel group.
/// The rows of the product are output pixels, the columns are output channels, and k runs over taps and input channels. A thread group computes one tile. Its
/// operands pass through shared memory, <see cref="GemmTileMemory.Depth"/> values of k at a time; the next stage is loaded while the current one is multiplied.
/// </summary>
/// <remarks>
/// The im2col matrix (the left operand) is never stored: its elements are loaded from the input. The weights are not packed either. In the forward pass, a row
/// of the weights is a row of the right operand. For an input gradient (<see cref="Transposed"/>), a thread loads four output channels of one input channel,
/// as it loads four channels of one pixel, and stores them transposed. Two consecutive threads then read 32 contiguous bytes, the smallest transaction of GPU
/// memory, so packing the weights would save nothing.
/// Each element is summed in the order of taps and channels, one chain of additions for each split; see
/// <see cref="SplitKEpilogue{TBackend,TVector,TActivation}"/>.
/// </remarks>
internal struct ImplicitGemmConv2d<TBackend, TVector, TActivation, TTile> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>, IGpuBackend<TBackend>
    where TVector : unmanaged
    where TActivation : struct, IActivation
    where TTile : struct, IGemmTile
{
    /// <summary>Activations [n, h, w, c], weights [tap, in, out], bias [c].</summary>
    public TBackend Input, Weights, Bias;

    /// <summary>Output [n, h, w, c]. If <see cref="Partial"/>, partial sums [split, pixel, c].</summary>
    public TBackend Output;

    /// <summary>The activated values at which the derivative is taken; read if <see cref="Gated"/>.</summary>
    public TBackend Saved;

    /// <summary>Sizes and the mapping from output pixel and tap to input pixel. Panels, strips and strides of the weights are not used.</summary>
    public ConvGeometry Geometry;

    /// <summary>Taps of the weights; extent of k, the taps of the geometry times the input channels.</summary>
    public int WeightTaps, Products;

    /// <summary>The division of the product into thread groups.</summary>
    public GemmGrid Grid;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>The bias is added before the activation.</summary>
    public Flag HasBias;

    /// <summary>The result is multiplied by the activation's derivative at <see cref="Saved"/>, instead of passing through the activation.</summary>
    public Flag Gated;

    /// <summary>The result is added to the output, instead of replacing it.</summary>
    public Flag Accumulate;

    /// <summary>The columns are input channels of the weights, and the order of the taps is reversed.</summary>
    public Flag Transposed;

    /// <summary>
    /// The input channels, and transposed weights, are loaded as quads: their number is a multiple of four and at least <see cref="GemmTileMemory.Depth"/>, and
    /// the tensors are aligned to four words.
    /// </summary>
    public Flag Quads;

    /// <summary>The pixels of the output are the pixels of the grid, in the same order.</summary>
    public Flag ContiguousOutput;

    /// <summary>The sums are stored without bias and activation, for the epilogue of split-K.</summary>
    public Flag Partial;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Run()
    {
        var memory = SharedMemory.Allocate<Float4>(GemmTileMemory.Quads<TTile>());
        var words = memory.Cast<float>();
        var thread = Group.IdxX;
        var threadY = thread / TTile.ThreadsX;
        var threadX = thread - threadY * TTile.ThreadsX;
        Grid.GetTile(ILGPU.Grid.IdxX, out var rowBlock, out var columnBlock, out var split);
        var firstPixel = rowBlock * GemmTileMemory.Rows<TTile>();
        var firstColumn = columnBlock * GemmTileMemory.Columns<TTile>();
        var firstStep = split * Grid.StepsPerSplit;
        var steps = Math.Min(Grid.StepsPerSplit, Grid.Steps - firstStep);

        var tile = default(TTile);
        if (steps > 0)
        {
            var loader = new TileLoader(this, thread, firstPixel, firstColumn, firstStep * GemmTileMemory.Depth);
            loader.LoadNext(this);
            loader.Store(this, memory, words, 0);
            GroupBarrier.Wait();
            for (var step = 1; step < steps; step++)
            {
                loader.LoadNext(this);
                GemmTileMemory.MultiplyAdd(memory, (step - 1) & 1, threadX, threadY, ref tile);
                loader.Store(this, memory, words, step & 1);
                GroupBarrier.Wait();
            }

            GemmTileMemory.MultiplyAdd(memory, (steps - 1) & 1, threadX, threadY, ref tile);
        }

        var column = firstColumn + 4 * threadX;
        var left = Geometry.OutputChannels - column;
        var leftBias = Float4Zero;
        var rightBias = Float4Zero;
        if (HasBias)
        {
            leftBias = TBackend.LoadFour(Bias, column, left);
            if (TTile.ColumnsPerThread == 8) rightBias = TBackend.LoadFour(Bias, column + 4 * TTile.ThreadsX, left - 4 * TTile.ThreadsX);
        }

        for (var i = 0; i < TTile.RowsPerThread; i++)
        {
            var pixel = firstPixel + 4 * threadY + (i & 3) + (i >> 2) * 4 * TTile.ThreadsY;
            if (pixel < Geometry.Pixels)
            {
                var index = OutputIndex(pixel, split) + column;
                Write(index, tile.Left, leftBias, left);
                if (TTile.ColumnsPerThread == 8) Write(index + 4 * TTile.ThreadsX, tile.Right, rightBias, left - 4 * TTile.ThreadsX);
            }

            tile.ShiftRows();
        }
    }

    private static Float4 Float4Zero => GpuVector4Backend.Zero;

    // The index of the first word that a pixel of the grid is written to.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int OutputIndex(int pixel, int split)
    {
        if (Partial) return (split * Geometry.Pixels + pixel) * Geometry.OutputChannels;
        return ContiguousOutput ? pixel * Geometry.OutputChannels : Geometry.OutputIndex(pixel);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write(int index, Float4 value, Float4 bias, int count)
    {
        if (!Partial)
        {
            value = GpuVector4Backend.Add(value, bias);
            if (Gated) value = TActivation.Backward<GpuVector4Backend, Float4>(TBackend.LoadFour(Saved, index, count), value, Slope);
            else value = TActivation.Forward<GpuVector4Backend, Float4>(value, Slope);
            if (Accumulate) value = GpuVector4Backend.Add(value, TBackend.LoadFour(Output, index, count));
        }

        TBackend.StoreFour(Output, index, value, count);
    }

    // Loads the quads of a thread from global memory into registers, and stores them to shared memory.
    private struct TileLoader
    {
        private readonly int _depth, _row, _column, _number, _weightDepth, _weightColumn;
        private readonly Pixel _pixel0, _pixel1;
        private TapIterator _position;
        private int _weightRow;
        private Float4 _left0, _left1, _right0, _right1;
        // The masks are applied when the quads are stored. Earlier, the thread would have to wait for its loads.
        private int _leftMask0, _leftMask1, _rightMask0, _rightMask1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TileLoader(in ImplicitGemmConv2d<TBackend, TVector, TActivation, TTile> kernel, int thread, int firstPixel, int firstColumn, int firstProduct)
        {
            // Left operand, and transposed right operand: a quad is four channels of one row (or column), so two quads cover a stage.
            _number = thread >> 1;
            _depth = (thread & 1) * 4;
            _row = firstPixel + _number;
            _pixel0 = new Pixel(kernel.Geometry, _row);
            _pixel1 = GemmTileMemory.LeftQuadsPerThread<TTile>() == 2 ? new Pixel(kernel.Geometry, _row + GemmTileMemory.Threads<TTile>() / 2) : _pixel0;
            _position = TapIterator.At(firstProduct + _depth, kernel.Geometry.InputChannels, kernel.Geometry.TapsX);
            // Right operand: a quad is four columns of one row of the weights.
            _weightDepth = thread / (GemmTileMemory.Columns<TTile>() / 4);
            _weightColumn = thread - _weightDepth * (GemmTileMemory.Columns<TTile>() / 4);
            _weightRow = firstProduct + _weightDepth;
            _column = firstColumn + (kernel.Transposed ? _number : 4 * _weightColumn);
            _left0 = _left1 = _right0 = _right1 = Float4Zero;
            _leftMask0 = _leftMask1 = _rightMask0 = _rightMask1 = -1;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void LoadNext(in ImplicitGemmConv2d<TBackend, TVector, TActivation, TTile> kernel)
        {
            var channels = kernel.Geometry.InputChannels;
            var tapsX = kernel.Geometry.TapsX;
            if (kernel.Quads)
            {
                var tap = new Tap(kernel.Geometry, _position);
                _left0 = kernel.LoadQuad(_pixel0, tap, out _leftMask0);
                if (GemmTileMemory.LeftQuadsPerThread<TTile>() == 2) _left1 = kernel.LoadQuad(_pixel1, tap, out _leftMask1);
                if (kernel.Transposed)
                {
                    _right0 = kernel.LoadWeightQuad(_column, _position, tap, out _rightMask0);
                    if (GemmTileMemory.RightQuadsPerThread<TTile>() == 2)
                        _right1 = kernel.LoadWeightQuad(_column + GemmTileMemory.Threads<TTile>() / 2, _position, tap, out _rightMask1);
                }
                else
                {
                    LoadWeightRows(kernel);
                }

                _position.AdvanceWithin(GemmTileMemory.Depth, channels, tapsX);
            }
            else
            {
                LoadWords(kernel, out _left0.X, out _left1.X, out _right0.X, out _right1.X);
                _position.AdvanceWithin(1, channels, tapsX);
                LoadWords(kernel, out _left0.Y, out _left1.Y, out _right0.Y, out _right1.Y);
                _position.AdvanceWithin(1, channels, tapsX);
                LoadWords(kernel, out _left0.Z, out _left1.Z, out _right0.Z, out _right1.Z);
                _position.AdvanceWithin(1, channels, tapsX);
                LoadWords(kernel, out _left0.W, out _left1.W, out _right0.W, out _right1.W);
                _position.Advance(GemmTileMemory.Depth - 3, channels, tapsX);
                if (!kernel.Transposed) LoadWeightRows(kernel);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void LoadWeightRows(in ImplicitGemmConv2d<TBackend, TVector, TActivation, TTile> kernel)
        {
            _right0 = kernel.LoadWeightRow(_weightRow, _column, out _rightMask0);
            if (GemmTileMemory.RightQuadsPerThread<TTile>() == 2)
                _right1 = kernel.LoadWeightRow(_weightRow + GemmTileMemory.Depth / 2, _column, out _rightMask1);
            _weightRow += GemmTileMemory.Depth;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(
            in ImplicitGemmConv2d<TBackend, TVector, TActivation, TTile> kernel, ArrayView<Float4> memory, ArrayView<float> words, int stage)
        {
            var left = stage * GemmTileMemory.StageQuads<TTile>();
            var right = left + GemmTileMemory.LeftQuads<TTile>();
            var leftStride = GemmTileMemory.LeftStride<TTile>();
            var rightStride = GemmTileMemory.RightStride<TTile>();
            GemmTileMemory.StoreTransposed(words, left, leftStride, _depth, _number, Masks.Keep(_left0, _leftMask0));
            if (GemmTileMemory.LeftQuadsPerThread<TTile>() == 2)
                GemmTileMemory.StoreTransposed(words, left, leftStride, _depth, _number + GemmTileMemory.Threads<TTile>() / 2, Masks.Keep(_left1, _leftMask1));
            if (kernel.Transposed)
            {
                if (!GemmTileMemory.HasIdleThreads<TTile>() || _number < GemmTileMemory.Columns<TTile>())
                    GemmTileMemory.StoreTransposed(words, right, rightStride, _depth, _number, Masks.Keep(_right0, _rightMask0));
                if (GemmTileMemory.RightQuadsPerThread<TTile>() == 2)
                    GemmTileMemory.StoreTransposed(
                        words, right, rightStride, _depth, _number + GemmTileMemory.Threads<TTile>() / 2, Masks.Keep(_right1, _rightMask1));
            }
            else
            {
                if (!GemmTileMemory.HasIdleThreads<TTile>() || _weightDepth < GemmTileMemory.Depth)
                    memory[right + _weightDepth * rightStride + _weightColumn] = Masks.Keep(_right0, _rightMask0);
                if (GemmTileMemory.RightQuadsPerThread<TTile>() == 2)
                    memory[right + (_weightDepth + GemmTileMemory.Depth / 2) * rightStride + _weightColumn] = Masks.Keep(_right1, _rightMask1);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void LoadWords(
            in ImplicitGemmConv2d<TBackend, TVector, TActivation, TTile> kernel, out float left0, out float left1, out float right0, out float right1)
        {
            var tap = new Tap(kernel.Geometry, _position);
            left0 = kernel.LoadWord(_pixel0, tap);
            left1 = GemmTileMemory.LeftQuadsPerThread<TTile>() == 2 ? kernel.LoadWord(_pixel1, tap) : 0f;
            right0 = right1 = 0f;
            if (kernel.Transposed)
            {
                right0 = kernel.LoadWeightWord(_column, _position, tap);
                if (GemmTileMemory.RightQuadsPerThread<TTile>() == 2)
                    right1 = kernel.LoadWeightWord(_column + GemmTileMemory.Threads<TTile>() / 2, _position, tap);
            }
        }
    }

    // The input pixel of the first tap of an output pixel: its row and column, which may lie outside the input, and the index of its first word.
    private readonly struct Pixel
    {
        public readonly int Source, Y, X;

        // Clamped to the last pixel. The rows of the tile after it are not written.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Pixel(in ConvGeometry g, int pixel)
        {
            pixel = Math.Min(pixel, g.Pixels - 1);
            var row = pixel / g.Columns;
            var column = pixel - row * g.Columns;
            var n = row / g.Rows;
            row -= n * g.Rows;
            Y = g.InputY + row * g.InputStepY;
            X = g.InputX + column * g.InputStepX;
            Source = ((n * g.InputHeight + Y) * g.InputWidth + X) * g.InputChannels;
        }
    }

    // A tap and a channel: their offset from the first tap of a pixel in rows, columns and words. Outside is negative after the last tap.
    private readonly struct Tap
    {
        public readonly int Y, X, Offset, Outside;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Tap(in ConvGeometry g, in TapIterator position)
        {
            Y = position.TapY * g.TapStepY;
            X = position.TapX * g.TapStepX;
            Offset = (Y * g.InputWidth + X) * g.InputChannels + position.Channel;
            Outside = Masks.Beyond(position.TapY, g.TapsY);
        }
    }

    // A mask of ones if the tap of a pixel lies inside the input.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int InsideMask(in Pixel pixel, in Tap tap) =>
        Masks.FromSign(tap.Outside | Masks.Outside(pixel.Y + tap.Y, Geometry.InputHeight) | Masks.Outside(pixel.X + tap.X, Geometry.InputWidth));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Float4 LoadQuad(in Pixel pixel, in Tap tap, out int mask)
    {
        mask = InsideMask(pixel, tap);
        return TBackend.LoadFour(Input, (pixel.Source + tap.Offset) & mask, 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float LoadWord(in Pixel pixel, in Tap tap)
    {
        var mask = InsideMask(pixel, tap);
        return Masks.Keep(TBackend.LoadScalar(Input, (pixel.Source + tap.Offset) & mask), mask);
    }

    // Four columns of one row of the weights in their original order: taps, then input channels.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Float4 LoadWeightRow(int product, int column, out int mask)
    {
        var outside = Masks.Beyond(product, Products);
        if (TBackend.Width == 4) outside |= Masks.Beyond(column, Geometry.OutputChannels);
        mask = Masks.FromSign(outside);
        var count = TBackend.Width == 4 ? 4 : Geometry.OutputChannels - column;
        return TBackend.LoadFour(Weights, (product * Geometry.OutputChannels + column) & mask, count);
    }

    // A mask of ones if the column and the tap exist, and the index of the weight.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int WeightMask(int column, in TapIterator position, in Tap offset, out int index)
    {
        var tap = WeightTaps - 1 - Geometry.WeightTap - position.TapY * Geometry.WeightTapY - position.TapX * Geometry.WeightTapX;
        var mask = Masks.FromSign(offset.Outside | Masks.Beyond(column, Geometry.OutputChannels));
        index = ((tap * Geometry.OutputChannels + column) * Geometry.InputChannels + position.Channel) & mask;
        return mask;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Float4 LoadWeightQuad(int column, in TapIterator position, in Tap offset, out int mask)
    {
        mask = WeightMask(column, position, offset, out var index);
        return TBackend.LoadFour(Weights, index, 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float LoadWeightWord(int column, in TapIterator position, in Tap offset)
    {
        var mask = WeightMask(column, position, offset, out var index);
        return Masks.Keep(TBackend.LoadScalar(Weights, index), mask);
    }
}
