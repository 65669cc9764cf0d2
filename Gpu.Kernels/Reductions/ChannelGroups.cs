using System.Numerics;
using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using ILGPU;

namespace Gpu.Kernels.Reductions;

/// <summary>
/// How groups of threads share rows by channels: a group has a chunk of rows and a block of channel vectors. Its threads are a table of rows by vectors:
/// neighbours read neighbouring words, and each thread goes down its chunk by as many rows as the table has. From shape, vector width and group size alone.
/// </summary>
internal struct ChannelGroups
{
    /// <summary>Floats side by side that fill a cache line or two; more would leave fewer rows to a group.</summary>
    public const int WholeLine = 64;

    /// <summary>Floats side by side, where there is little to read and many threads are to share it, that are still read in one piece.</summary>
    public const int ShortLine = 8;

    // Groups that fill a large GPU, and chunks at least for shapes with many channels.
    private const int ChunksTimesChannels = 64 * 1024;
    private const int LeastMaxChunks = 64;
    private const int GreatestMaxChunks = 1024;

    /// <summary>Rows that a thread of a chunk has at least, and at most where one chunk is to do for all.</summary>
    private const int MinRowsPerThread = 4, MaxRowsPerThreadOfOneChunk = 16;

    /// <summary>Extents.</summary>
    public int Rows, Channels;

    /// <summary>Threads side by side, a power of two and its logarithm; threads below each other, its logarithm.</summary>
    public int Lanes, LaneShift, RowShift;

    /// <summary>Blocks of lanes that cover the channels; rows of a chunk (the last may have fewer); chunks.</summary>
    public int Blocks, ChunkRows, Chunks;

    /// <summary>Threads of a group.</summary>
    public readonly int Threads => 1 << (LaneShift + RowShift);

    /// <summary>Groups: chunks times blocks, the blocks of a chunk one after the other.</summary>
    public readonly int Groups => Chunks * Blocks;

    /// <summary>Chunks that shapes with so many channels are cut into at most, on any machine.</summary>
    public static int MaxChunks(int channels) => Math.Clamp(ChunksTimesChannels / channels, LeastMaxChunks, GreatestMaxChunks);

    /// <summary>The cut for a machine.</summary>
    /// <param name="rows">rows</param>
    /// <param name="channels">channels; a multiple of the vector width</param>
    /// <param name="threads">threads of a group, a power of two</param>
    /// <param name="fewestRows">rows of a chunk at least</param>
    /// <param name="mostChunks">chunks at most</param>
    /// <param name="line">floats side by side at most, a power of two</param>
    public static ChannelGroups For<TBackend, TVector>(int rows, int channels, int threads, int fewestRows, int mostChunks, int line = WholeLine)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var vectors = channels / TBackend.Width;
        var lanes = LanesFor(vectors, Math.Min(threads, line / TBackend.Width));
        var cut = new ChannelGroups
        {
            Rows = rows,
            Channels = channels,
            Lanes = lanes,
            LaneShift = BitOperations.Log2((uint)lanes),
            RowShift = BitOperations.Log2((uint)(threads / lanes)),
            Blocks = IntMath.DivRoundUp(vectors, lanes),
        };
        var deep = 1 << cut.RowShift;
        var chunkRows = rows <= MaxRowsPerThreadOfOneChunk * deep ? rows : Math.Max(fewestRows, MinRowsPerThread * deep);
        cut.ChunkRows = Math.Max(chunkRows, IntMath.DivRoundUp(rows, mostChunks));
        cut.Chunks = IntMath.DivRoundUp(rows, cut.ChunkRows);
        return cut;
    }

    /// <summary>The cut of the rows that a stage before has left, into blocks of channels alone: a group has all rows.</summary>
    public static ChannelGroups ForCombining<TBackend, TVector>(int rows, int channels, int threads)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => For<TBackend, TVector>(rows, channels, threads, rows, 1, ShortLine);

    /// <summary>The cut of rows whose chunks are given: images, say, one after the other.</summary>
    public static ChannelGroups ForChunks<TBackend, TVector>(int chunks, int chunkRows, int channels, int threads)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var cut = For<TBackend, TVector>(chunkRows, channels, threads, chunkRows, 1);
        cut.Rows = checked(chunks * chunkRows);
        cut.Chunks = chunks;
        return cut;
    }

    // As many as can be, but half as many where too many of them would have no channels, and fewer then.
    private static int LanesFor(int vectors, int most)
    {
        var lanes = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(vectors, most));
        while (lanes > 2 && 4 * Slots(lanes) > 5 * vectors && Slots(lanes / 2) < Slots(lanes)) lanes /= 2;
        return lanes;

        int Slots(int side) => IntMath.RoundUp(vectors, side);
    }

    /// <summary>Where a thread is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly ChannelPosition GetPosition(int width)
    {
        var thread = Group.IdxX;
        var chunk = Grid.IdxX / Blocks;
        var down = thread >> LaneShift;
        var channel = ((Grid.IdxX - chunk * Blocks) * Lanes + (thread & (Lanes - 1))) * width;
        var first = chunk * ChunkRows;
        return new ChannelPosition
        {
            Chunk = chunk,
            ThreadRow = down,
            Channel = channel,
            // Threads behind the last channel read its values once more, and write nothing.
            ReadChannel = Math.Min(channel, Channels - width),
            FirstRow = first,
            EndRow = Math.Min(first + ChunkRows, Rows),
            RowStep = 1 << RowShift,
        };
    }
}

/// <summary>A thread's place in a <see cref="ChannelGroups"/>.</summary>
internal struct ChannelPosition
{
    /// <summary>The chunk, and the thread's row in the group's table.</summary>
    public int Chunk, ThreadRow;

    /// <summary>The thread's first channel, which may lie behind the last, and the one that it reads.</summary>
    public int Channel, ReadChannel;

    /// <summary>The chunk's first row and its end; rows from one of the thread's to the next.</summary>
    public int FirstRow, EndRow, RowStep;
}
