using Gpu.Kernels.Launching;

namespace Gpu.Kernels.Normalization;

/// <summary>How rows by channels are cut up: chunks of rows by blocks of <see cref="BlockVectors"/> channel vectors. From the shape alone.</summary>
public struct BatchNormLayout
{
    /// <summary>Channel vectors that an item holds in registers.</summary>
    public const int BlockVectors = 4;

    // Words of a chunk: small enough that reading it a second time comes from the first- or second-level cache.
    private const int ChunkWords = 8 * 1024;
    private const int MostChunks = 512;

    /// <summary>Extents.</summary>
    public int Rows, Channels;

    /// <summary>Rows of a chunk (the last may have fewer) and their number.</summary>
    public int ChunkRows, Chunks;

    /// <summary>Blocks that cover the channels.</summary>
    public int Blocks;

    /// <summary>Words from one chunk's partial results to the next one's (two rows of channels, each on a vector's boundary).</summary>
    public int PartialStride, PartialRow;

    /// <summary>Cuts up for vectors of a width.</summary>
    public static BatchNormLayout For(int rows, int channels, int width, bool manyThreads)
    {
        var blockChannels = BlockVectors * width;
        var chunkRows = manyThreads ? 64 : Math.Max(16, ChunkWords / Math.Min(channels, blockChannels));
        chunkRows = Math.Max(chunkRows, Items.Covering(rows, MostChunks));
        var row = Items.Covering(channels, 16) * 16;
        return new BatchNormLayout
        {
            Rows = rows,
            Channels = channels,
            ChunkRows = chunkRows,
            Chunks = Items.Covering(rows, chunkRows),
            Blocks = Items.Covering(channels, blockChannels),
            PartialRow = row,
            PartialStride = 2 * row,
        };
    }

    /// <summary>Words of workspace for any machine: the partial results of all chunks, and four coefficients a channel.</summary>
    public static int WorkspaceLength(int rows, int channels)
    {
        var row = Items.Covering(channels, 16) * 16;
        return 4 * row + Math.Min(MostChunks, Math.Max(1, Items.Covering(rows, 16))) * 2 * row;
    }
}
