using System.Numerics;
using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using ILGPU;

namespace Gpu.Kernels.Reductions;

/// <summary>
/// Divides an array [rows, channels] among groups of threads. A group processes a chunk of rows and a block of channel vectors. Its threads form a table of
/// thread rows by lanes: consecutive lanes read consecutive vectors, and each thread processes every n-th row of the chunk, with n thread rows. The division
/// depends only on the shape, the vector width and the group size, so the order of sums is deterministic.
/// </summary>
internal struct ChannelGroups
{
    /// <summary>Adjacent floats per row that fill one or two cache lines. With more, a group would have fewer thread rows.</summary>
    public const int WholeLine = 64;

    /// <summary>Adjacent floats per row for small arrays that many threads share; still a single memory transaction.</summary>
    public const int ShortLine = 8;

    // The maximum number of chunks: enough to fill a large GPU, inversely proportional to the channels between two bounds.
    private const int ChunksTimesChannels = 64 * 1024;
    private const int LeastMaxChunks = 64;
    private const int GreatestMaxChunks = 1024;

    // The fewest rows per thread of a chunk; and the most if a single chunk has all rows.
    private const int MinRowsPerThread = 4, MaxRowsPerThreadOfOneChunk = 16;

    /// <summary>Sizes of the array.</summary>
    public int Rows, Channels;

    /// <summary>Threads along the channels, a power of two, and its logarithm; the logarithm of the number of thread rows.</summary>
    public int Lanes, LaneShift, RowShift;

    /// <summary>Blocks of channels; rows per chunk (the last may have fewer); chunks.</summary>
    public int Blocks, ChunkRows, Chunks;

    /// <summary>Threads per group.</summary>
    public readonly int Threads => 1 << (LaneShift + RowShift);

    /// <summary>The number of groups: chunks times blocks. Consecutive groups are the blocks of a chunk.</summary>
    public readonly int Groups => Chunks * Blocks;

    /// <summary>The most chunks of an array with so many channels, on any device.</summary>
    public static int MaxChunks(int channels) => Math.Clamp(ChunksTimesChannels / channels, LeastMaxChunks, GreatestMaxChunks);

    /// <summary>The division for a backend.</summary>
    /// <param name="rows">rows</param>
    /// <param name="channels">channels, a multiple of the vector width</param>
    /// <param name="threads">threads per group, a power of two</param>
    /// <param name="minRows">the fewest rows per chunk</param>
    /// <param name="maxChunks">the most chunks</param>
    /// <param name="line">the most adjacent floats per row, a power of two</param>
    public static ChannelGroups For<TBackend, TVector>(int rows, int channels, int threads, int minRows, int maxChunks, int line = WholeLine)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var vectors = channels / TBackend.Width;
        var lanes = LanesFor(vectors, Math.Min(threads, line / TBackend.Width));
        var groups = new ChannelGroups
        {
            Rows = rows,
            Channels = channels,
            Lanes = lanes,
            LaneShift = BitOperations.Log2((uint)lanes),
            RowShift = BitOperations.Log2((uint)(threads / lanes)),
            Blocks = IntMath.DivRoundUp(vectors, lanes),
        };
        var threadRows = 1 << groups.RowShift;
        var chunkRows = rows <= MaxRowsPerThreadOfOneChunk * threadRows ? rows : Math.Max(minRows, MinRowsPerThread * threadRows);
        groups.ChunkRows = Math.Max(chunkRows, IntMath.DivRoundUp(rows, maxChunks));
        groups.Chunks = IntMath.DivRoundUp(rows, groups.ChunkRows);
        return groups;
    }

    /// <summary>The division for the partial results of an earlier stage: blocks of channels only, so a group has all rows.</summary>
    public static ChannelGroups ForCombining<TBackend, TVector>(int rows, int channels, int threads)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => For<TBackend, TVector>(rows, channels, threads, rows, 1, ShortLine);

    /// <summary>The division of rows whose chunks are given, such as images.</summary>
    public static ChannelGroups ForChunks<TBackend, TVector>(int chunks, int chunkRows, int channels, int threads)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var groups = For<TBackend, TVector>(chunkRows, channels, threads, chunkRows, 1);
        groups.Rows = checked(chunks * chunkRows);
        groups.Chunks = chunks;
        return groups;
    }

    // As many lanes as possible, but half as many while more than a fifth of them would have no channels and halving reduces that.
    private static int LanesFor(int vectors, int most)
    {
        var lanes = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(vectors, most));
        while (lanes > 2 && 4 * Slots(lanes) > 5 * vectors && Slots(lanes / 2) < Slots(lanes)) lanes /= 2;
        return lanes;

        int Slots(int side) => IntMath.RoundUp(vectors, side);
    }

    /// <summary>The position of the calling thread.</summary>
    /// <param name="width">the vector width</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly ChannelPosition GetPosition(int width)
    {
        var thread = Group.IdxX;
        var chunk = Grid.IdxX / Blocks;
        var threadRow = thread >> LaneShift;
        var channel = ((Grid.IdxX - chunk * Blocks) * Lanes + (thread & (Lanes - 1))) * width;
        var first = chunk * ChunkRows;
        return new ChannelPosition
        {
            Chunk = chunk,
            ThreadRow = threadRow,
            Channel = channel,
            // Threads past the last channel read the last vector again, and write nothing.
            ReadChannel = Math.Min(channel, Channels - width),
            FirstRow = first,
            EndRow = Math.Min(first + ChunkRows, Rows),
            RowStep = 1 << RowShift,
        };
    }
}

/// <summary>The position of a thread in a <see cref="ChannelGroups"/>.</summary>
internal struct ChannelPosition
{
    /// <summary>The chunk, and the thread row.</summary>
    public int Chunk, ThreadRow;

    /// <summary>The first channel of the thread, which may be past the last one; and the first channel that it reads.</summary>
    public int Channel, ReadChannel;

    /// <summary>The first row and the end of the chunk; the number of thread rows, by which a thread steps through the chunk.</summary>
    public int FirstRow, EndRow, RowStep;
}
