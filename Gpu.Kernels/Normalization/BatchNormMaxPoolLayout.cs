using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// Sizes of batch normalisation with 2x2 maximum pooling behind it, and the cut of its sums into items: chunks of output rows by vectors of channels, the
/// vectors of a chunk following each other so that they read it from the cache. From the shape and the machine alone.
/// </summary>
internal struct BatchNormMaxPoolLayout
{
    // Words of a chunk of the input: it stays in the first- or second-level cache from the first vector of channels to the last.
    private const int ChunkWords = 8 * 1024;
    private const int MaxChunks = 512;
    // Enough chunks to share evenly.
    private const int TargetChunks = 64;

    /// <summary>Rows and columns of the input.</summary>
    public int InputHeight, InputWidth;

    /// <summary>Rows and columns of the output: half as many, rounded down.</summary>
    public int OutputHeight, OutputWidth;

    private FastDivMod _byOutputHeight;

    /// <summary>Channels of both.</summary>
    public int Channels;

    /// <summary>Output rows of all images; of a chunk (the last may have fewer); chunks.</summary>
    public int OutputRows, ChunkRows, Chunks;

    /// <summary>Vectors that cover the channels.</summary>
    public int Vectors;

    /// <summary>Items: chunks times vectors.</summary>
    public readonly int Items => Chunks * Vectors;

    /// <summary>Cuts up for a machine.</summary>
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

    /// <summary>Words that the chunks' partial results take at most: two rows of channels each.</summary>
    public static int PartialLength(Pool2dShape shape) =>
        Math.Min(MaxChunks, shape.Batch * shape.OutputHeight) * 2 * IntMath.RoundUp(shape.Channels, 16);

    /// <summary>What an item of the sums costs, in vector instructions.</summary>
    public readonly int Cost => 40 * ChunkRows * OutputWidth;

    /// <summary>Words from a row of the input to the next.</summary>
    public readonly int RowStride => InputWidth * Channels;

    /// <summary>The first word of the input's two rows under an output row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int InputRow(int outputRow)
    {
        var sample = _byOutputHeight.Divide(outputRow);
        return (sample * InputHeight + 2 * (outputRow - sample * OutputHeight)) * RowStride;
    }
}
