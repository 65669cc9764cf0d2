using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Sizes for <see cref="DepthwiseWeightGradient{TBackend,TVector}"/>.</summary>
internal struct DepthwiseGradientGeometry
{
    // On the CPU: bytes of input and output gradient of a chunk, which is read once for each kernel row and should stay in the L2 cache.
    private const int ChunkBytes = 128 * 1024;

    // Pixels of a split at least, so that the sum of the splits takes little time beside them.
    private const int MinSplitPixels = 256;

    // Enough items to balance the load of a CPU with many threads, and to fill a GPU.
    private const int CpuItems = 64, GpuItems = 32 * 1024;

    /// <summary>Sizes of the convolution.</summary>
    public int InputHeight, InputWidth, OutputHeight, OutputWidth, Channels, KernelHeight, KernelWidth;

    /// <summary>Stride, padding and dilation.</summary>
    public int StrideHeight, StrideWidth, PaddingTop, PaddingLeft, DilationHeight, DilationWidth;

    /// <summary>Output rows of the whole batch; output rows of a chunk.</summary>
    public int OutputRows, RowsPerChunk;

    /// <summary>Parts of the output rows; words from the sums of one part to those of the next.</summary>
    public int Splits, SplitStride;

    /// <summary>Kernel rows of an item and number of such parts; channels of an item, a multiple of the vector width, and number of such parts.</summary>
    public int RowsPerItem, RowParts, ChannelsPerItem, ChannelParts;

    /// <summary>Fast divisions by the sizes of the same names.</summary>
    public FastDivMod ByOutputHeight, ByStrideWidth;

    /// <summary>The sizes for vectors of a width.</summary>
    public static DepthwiseGradientGeometry For(Conv2dShape shape, int width, bool isGpu)
    {
        var vectors = IntMath.DivRoundUp(shape.InputChannels, width);
        var g = new DepthwiseGradientGeometry
        {
            InputHeight = shape.InputHeight, InputWidth = shape.InputWidth, OutputHeight = shape.OutputHeight, OutputWidth = shape.OutputWidth,
            Channels = shape.InputChannels, KernelHeight = shape.KernelHeight, KernelWidth = shape.KernelWidth,
            StrideHeight = shape.StrideHeight, StrideWidth = shape.StrideWidth, PaddingTop = shape.PaddingTop, PaddingLeft = shape.PaddingLeft,
            DilationHeight = shape.DilationHeight, DilationWidth = shape.DilationWidth,
            OutputRows = shape.Batch * shape.OutputHeight,
            SplitStride = IntMath.RoundUp(shape.WeightLength + shape.OutputChannels, 16),
            // On a GPU an item is one vector of one kernel row.
            RowsPerItem = isGpu ? 1 : shape.KernelHeight,
            ByOutputHeight = FastDivMod.By(shape.OutputHeight),
            ByStrideWidth = FastDivMod.By(shape.StrideWidth),
        };
        g.RowParts = shape.KernelHeight / g.RowsPerItem;
        var mostSplits = Math.Max(1, (int)Math.Min(g.OutputRows, (long)g.OutputRows * g.OutputWidth / MinSplitPixels));
        g.Splits = Math.Clamp(isGpu ? GpuItems / (vectors * g.RowParts) : CpuItems, 1, mostSplits);
        var channelParts = isGpu ? vectors : Math.Min(vectors, IntMath.DivRoundUp(CpuItems, g.Splits));
        g.ChannelsPerItem = IntMath.DivRoundUp(vectors, channelParts) * width;
        g.ChannelParts = IntMath.DivRoundUp(shape.InputChannels, g.ChannelsPerItem);
        var rowBytes = sizeof(float) * (long)g.ChannelsPerItem * (g.OutputWidth + (long)g.InputWidth * Math.Min(g.StrideHeight, g.KernelHeight));
        g.RowsPerChunk = isGpu ? g.OutputRows : (int)Math.Max(1, ChunkBytes / rowBytes);
        return g;
    }
}

/// <summary>
/// Weight and bias gradient of a depthwise convolution: gradient[tap, c] = sum over images and output pixels of input[pixel shifted by the tap, c] *
/// outputGradient[pixel, c]. The lanes of a vector are channels. The sum over output rows is split; an item is one split of a range of channels and kernel
/// rows. <see cref="SplitKReduce{TBackend,TVector}"/> adds the splits afterwards, in order.
/// </summary>
internal struct DepthwiseWeightGradient<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Activations [n, h, w, c]; output gradient [n, oh, ow, c].</summary>
    public TBackend Input, OutputGradient;

    /// <summary>Weight gradients [tap, c] and bias gradients [c], one region for each split.</summary>
    public TBackend Target, BiasTarget;

    /// <summary>Sizes.</summary>
    public DepthwiseGradientGeometry Geometry;

    /// <summary>The bias gradient is computed too.</summary>
    public Flag HasBias;

    /// <summary>The result is added to the target, instead of replacing it.</summary>
    public Flag AddToTarget;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var rest = item / Geometry.ChannelParts;
        var channel = (item - rest * Geometry.ChannelParts) * Geometry.ChannelsPerItem;
        var channelEnd = Math.Min(Geometry.Channels, channel + Geometry.ChannelsPerItem);
        var split = rest / Geometry.RowParts;
        var kernelY = (rest - split * Geometry.RowParts) * Geometry.RowsPerItem;
        var kernelEnd = kernelY + Geometry.RowsPerItem;
        var begin = (int)((long)Geometry.OutputRows * split / Geometry.Splits);
        var end = (int)((long)Geometry.OutputRows * (split + 1) / Geometry.Splits);
        var target = split * Geometry.SplitStride;
        var adds = AddToTarget ? 1 : 0;
        for (var chunk = begin; chunk < end; chunk += Geometry.RowsPerChunk)
        {
            var chunkEnd = Math.Min(end, chunk + Geometry.RowsPerChunk);
            var c = channel;
            for (; c + TBackend.Width <= channelEnd; c += TBackend.Width)
                SumChunk<WholeVector>(chunk, chunkEnd, kernelY, kernelEnd, c, target, adds, TBackend.Width);
            if (c < channelEnd) SumChunk<PartialVector>(chunk, chunkEnd, kernelY, kernelEnd, c, target, adds, channelEnd - c);
            adds = 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumChunk<TAccess>(int begin, int end, int kernelY, int kernelEnd, int c, int target, int adds, int count)
        where TAccess : struct, IVectorAccess
    {
        if (HasBias && kernelY == 0) SumBias<TAccess>(begin, end, c, target, adds, count);
        for (; kernelY < kernelEnd; kernelY++)
        {
            var to = target + kernelY * Geometry.KernelWidth * Geometry.Channels + c;
            if (Geometry.KernelWidth == 3)
            {
                SumThreeTaps<TAccess>(begin, end, kernelY, c, to, adds, count);
            }
            else
            {
                for (var left = Geometry.KernelWidth; left > 0; left--)
                {
                    SumTap<TAccess>(begin, end, kernelY, Geometry.KernelWidth - left, c, to, adds, count);
                    to += Geometry.Channels;
                }
            }
        }
    }

    // The first words of the output gradient and of the input under the kernel row, and whether the latter lies inside the input.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool GetRow(int outputRow, int kernelY, int c, out int gradient, out int input)
    {
        var n = Geometry.ByOutputHeight.Divide(outputRow);
        var y = (outputRow - n * Geometry.OutputHeight) * Geometry.StrideHeight - Geometry.PaddingTop + kernelY * Geometry.DilationHeight;
        gradient = outputRow * Geometry.OutputWidth * Geometry.Channels + c;
        input = (n * Geometry.InputHeight + y) * Geometry.InputWidth * Geometry.Channels + c;
        return (uint)y < (uint)Geometry.InputHeight;
    }

    // The input column of a tap for output column 0, and the output columns for which it lies inside the input.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void GetColumns(int kernelX, out int first, out int from, out int end)
    {
        first = kernelX * Geometry.DilationWidth - Geometry.PaddingLeft;
        from = Geometry.ByStrideWidth.Divide(Math.Max(0, Geometry.StrideWidth - 1 - first));
        end = Math.Min(Geometry.OutputWidth, Geometry.ByStrideWidth.Divide(Math.Max(0, Geometry.InputWidth - 1 - first + Geometry.StrideWidth)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumTap<TAccess>(int begin, int end, int kernelY, int kernelX, int c, int to, int adds, int count)
        where TAccess : struct, IVectorAccess
    {
        GetColumns(kernelX, out var first, out var from, out var columnEnd);
        var sum = TBackend.Zero;
        for (var row = begin; row < end; row++)
        {
            if (!GetRow(row, kernelY, c, out var gradient, out var input)) continue;
            sum = TBackend.Add(sum, SumColumns<TAccess>(gradient, input, first, from, columnEnd, count));
        }

        Add<TAccess>(Target, to, sum, adds, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector SumColumns<TAccess>(int gradient, int input, int first, int from, int end, int count)
        where TAccess : struct, IVectorAccess
    {
        var (sum, other) = (TBackend.Zero, TBackend.Zero);
        var step = Geometry.StrideWidth * Geometry.Channels;
        var d = gradient + from * Geometry.Channels;
        var at = input + first * Geometry.Channels + from * step;
        var left = end - from;
        for (; left > 1; left -= 2)
        {
            sum = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Input, at, count), TAccess.Load<TBackend, TVector>(OutputGradient, d, count), sum);
            other = TBackend.MultiplyAdd(
                TAccess.Load<TBackend, TVector>(Input, at + step, count), TAccess.Load<TBackend, TVector>(OutputGradient, d + Geometry.Channels, count), other);
            at += 2 * step;
            d += 2 * Geometry.Channels;
        }

        if (left > 0)
            sum = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Input, at, count), TAccess.Load<TBackend, TVector>(OutputGradient, d, count), sum);
        return TBackend.Add(sum, other);
    }

    // All three taps of a kernel row in one pass over the columns that have all of them, so that an output gradient is loaded once for three products.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumThreeTaps<TAccess>(int begin, int end, int kernelY, int c, int to, int adds, int count)
        where TAccess : struct, IVectorAccess
    {
        GetColumns(0, out var first0, out var from0, out var end0);
        GetColumns(1, out var first1, out var from1, out var end1);
        GetColumns(2, out var first2, out var from2, out var end2);
        // From left to right, the taps enter the input at their right end, and leave it in the same order.
        var from = from0;
        var columnEnd = Math.Max(from, end2);
        var step = Geometry.StrideWidth * Geometry.Channels;
        var tapStep = Geometry.DilationWidth * Geometry.Channels;
        var (sum0, sum1, sum2) = (TBackend.Zero, TBackend.Zero, TBackend.Zero);
        for (var row = begin; row < end; row++)
        {
            if (!GetRow(row, kernelY, c, out var gradient, out var input)) continue;
            // The columns at the edges, where some tap lies outside.
            var row0 = SumColumns<TAccess>(gradient, input, first0, columnEnd, end0, count);
            var row1 = TBackend.Add(
                SumColumns<TAccess>(gradient, input, first1, from1, Math.Min(from, end1), count),
                SumColumns<TAccess>(gradient, input, first1, Math.Max(columnEnd, from1), end1, count));
            var row2 = SumColumns<TAccess>(gradient, input, first2, from2, Math.Min(from, end2), count);
            var (other0, other1, other2) = (TBackend.Zero, TBackend.Zero, TBackend.Zero);
            var d = gradient + from * Geometry.Channels;
            var at = input + first0 * Geometry.Channels + from * step;
            var left = columnEnd - from;
            for (; left > 1; left -= 2)
            {
                var g = TAccess.Load<TBackend, TVector>(OutputGradient, d, count);
                var next = TAccess.Load<TBackend, TVector>(OutputGradient, d + Geometry.Channels, count);
                row0 = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Input, at, count), g, row0);
                row1 = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Input, at + tapStep, count), g, row1);
                row2 = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Input, at + 2 * tapStep, count), g, row2);
                at += step;
                other0 = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Input, at, count), next, other0);
                other1 = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Input, at + tapStep, count), next, other1);
                other2 = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Input, at + 2 * tapStep, count), next, other2);
                at += step;
                d += 2 * Geometry.Channels;
            }

            if (left > 0)
            {
                var g = TAccess.Load<TBackend, TVector>(OutputGradient, d, count);
                row0 = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Input, at, count), g, row0);
                row1 = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Input, at + tapStep, count), g, row1);
                row2 = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Input, at + 2 * tapStep, count), g, row2);
            }

            sum0 = TBackend.Add(sum0, TBackend.Add(row0, other0));
            sum1 = TBackend.Add(sum1, TBackend.Add(row1, other1));
            sum2 = TBackend.Add(sum2, TBackend.Add(row2, other2));
        }

        Add<TAccess>(Target, to, sum0, adds, count);
        Add<TAccess>(Target, to + Geometry.Channels, sum1, adds, count);
        Add<TAccess>(Target, to + 2 * Geometry.Channels, sum2, adds, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumBias<TAccess>(int begin, int end, int c, int target, int adds, int count)
        where TAccess : struct, IVectorAccess
    {
        var sum = TBackend.Zero;
        for (var row = begin; row < end; row++)
        {
            var at = row * Geometry.OutputWidth * Geometry.Channels + c;
            var rowSum = TBackend.Zero;
            for (var left = Geometry.OutputWidth; left > 0; left--)
            {
                rowSum = TBackend.Add(rowSum, TAccess.Load<TBackend, TVector>(OutputGradient, at, count));
                at += Geometry.Channels;
            }

            sum = TBackend.Add(sum, rowSum);
        }

        Add<TAccess>(BiasTarget, target + c, sum, adds, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TAccess>(TBackend target, int index, TVector sum, int adds, int count)
        where TAccess : struct, IVectorAccess
    {
        if (adds != 0) sum = TBackend.Add(sum, TAccess.Load<TBackend, TVector>(target, index, count));
        TAccess.Store(target, index, sum, count);
    }
}
