using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// Sizes of batch normalization followed by 2x2 max pooling, and the division of its reductions into items: chunks of output rows by vectors of channels.
/// Consecutive items are vectors of the same chunk, which they read from the cache. The layout depends only on the shape and the backend.
/// </summary>
internal struct BatchNormMaxPoolLayout
{
    // Words of the input in a chunk, few enough to stay in the L1 or L2 cache from the first vector of channels to the last.
    private const int ChunkWords = 8 * 1024;

    private const int MaxChunks = 512;

    // Enough chunks to balance the load of the threads.
    private const int TargetChunks = 64;

    /// <summary>Rows and columns of the input.</summary>
    public int InputHeight, InputWidth;

    /// <summary>Rows and columns of the output: half of the input's, rounded down.</summary>
    public int OutputHeight, OutputWidth;

    private FastDivMod _byOutputHeight;

    /// <summary>Channels of input and output.</summary>
    public int Channels;

    /// <summary>Output rows of all images, output rows of a chunk (the last may have fewer), number of chunks.</summary>
    public int OutputRows, ChunkRows, Chunks;

    /// <summary>Vectors that cover the channels.</summary>
    public int Vectors;

    /// <summary>Number of items: chunks times vectors.</summary>
    public readonly int Items => Chunks * Vectors;

    /// <summary>Returns the layout for a shape.</summary>
    public static BatchNormMaxPoolLayout For<TBackend, TVector>(Pool2dShape shape)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var rows = shape.Batch * shape.OutputHeight;
        var chunkRows = 1;
        if (!TBackend.IsGpu)
            chunkRows = Math.Clamp(ChunkWords / (2 * shape.InputWidth * shape.Channels), 1, Math.Max(1, rows / TargetChunks));
        chunkRows = Math.Max(chunkRows, IntMath.DivRoundUp(rows, MaxChunks));
        return new BatchNormMaxPoolLayout
        {
            InputHeight = shape.InputHeight,
            InputWidth = shape.InputWidth,
            OutputHeight = shape.OutputHeight,
            OutputWidth = shape.OutputWidth,
            Channels = shape.Channels,
            OutputRows = rows,
            ChunkRows = chunkRows,
            Chunks = IntMath.DivRoundUp(rows, chunkRows),
            Vectors = IntMath.DivRoundUp(shape.Channels, TBackend.Width),
            _byOutputHeight = FastDivMod.By(shape.OutputHeight),
        };
    }

    /// <summary>Maximum words of the partial results: two rows of channels for each chunk.</summary>
    public static int PartialLength(Pool2dShape shape) =>
        ShapeLimits.Workspace(Math.Min(MaxChunks, (long)shape.Batch * shape.OutputHeight) * 2 * IntMath.RoundUp(shape.Channels, 16));

    /// <summary>Cost of an item of the reductions, in vector instructions.</summary>
    public readonly int Cost => 40 * ChunkRows * OutputWidth;

    /// <summary>Words from one row of the input to the next.</summary>
    public readonly int RowStride => InputWidth * Channels;

    /// <summary>Index of the first word of the two input rows of an output row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int InputRow(int outputRow)
    {
        var sample = _byOutputHeight.Divide(outputRow);
        return (sample * InputHeight + 2 * (outputRow - sample * OutputHeight)) * RowStride;
    }
}
