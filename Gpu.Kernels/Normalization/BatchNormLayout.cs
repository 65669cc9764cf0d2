using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// How rows by channels are cut into items: chunks of rows by groups of channel vectors, the groups of a chunk following each other. On the CPU a group is
/// four, two or one vectors, or the channels that do not fill one (<see cref="BatchNormBlock"/>); on a GPU, where neighbouring threads read neighbouring
/// words, it is one. From the shape and the machine alone.
/// </summary>
internal struct BatchNormLayout
{
    // Words of a chunk: small enough that reading it a second time comes from the first- or second-level cache.
    private const int ChunkWords = 8 * 1024;
    private const int MostChunks = 512;
    // Enough chunks to share evenly, but not so short that adding them up counts.
    private const int ChunksToShare = 64;
    private const int FewestRows = 16;
    // Threads that keep a GPU busy.
    private const int ItemsToFill = 64 * 1024;

    /// <summary>Extents.</summary>
    public int Rows, Channels;

    /// <summary>Rows of a chunk (the last may have fewer) and their number.</summary>
    public int ChunkRows, Chunks;

    /// <summary>Groups that cover the channels.</summary>
    public int Groups;

    private FastDivMod _byGroups;

    /// <summary>Words from one chunk's partial results to the next one's (two rows of channels, each on a vector's boundary).</summary>
    public int PartialStride, PartialRow;

    /// <summary>Items: chunks times groups.</summary>
    public readonly int Items => Chunks * Groups;

    /// <summary>
    /// Cuts up for a machine where every value has a result of its own: as <see cref="For"/> on the CPU, where the chunks should be those that were just
    /// read; into many small items on a GPU.
    /// </summary>
    public static BatchNormLayout ForEach<TBackend, TVector>(int rows, int channels)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var layout = For<TBackend, TVector>(rows, channels);
        if (!TBackend.IsGpu) return layout;
        // Four rows share the loads of their channels' coefficients, where that leaves enough items.
        layout.ChunkRows = (long)rows * layout.Groups >= 4 * ItemsToFill ? 4 : 1;
        layout.Chunks = IntMath.DivRoundUp(rows, layout.ChunkRows);
        return layout;
    }

    /// <summary>Cuts up for a machine.</summary>
    public static BatchNormLayout For<TBackend, TVector>(int rows, int channels)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var width = TBackend.Width;
        var vectors = channels / width;
        var chunkRows = 64;
        var groups = vectors;
        if (!TBackend.IsGpu)
        {
            var most = ChunkWords / Math.Min(channels, 4 * width);
            chunkRows = Math.Clamp(IntMath.DivRoundUp(rows, ChunksToShare), most / 2, most);
            chunkRows = Math.Max(FewestRows, IntMath.RoundUp(chunkRows, 4));
            groups = vectors / 4 + (vectors & 2) / 2 + (vectors & 1) + (vectors * width < channels ? 1 : 0);
        }

        chunkRows = Math.Max(chunkRows, IntMath.DivRoundUp(rows, MostChunks));
        var row = IntMath.RoundUp(channels, 16);
        return new BatchNormLayout
        {
            Rows = rows,
            Channels = channels,
            ChunkRows = chunkRows,
            Chunks = IntMath.DivRoundUp(rows, chunkRows),
            Groups = groups,
            _byGroups = FastDivMod.By(groups),
            PartialRow = row,
            PartialStride = 2 * row,
        };
    }

    /// <summary>Cuts up for groups of threads, whose chunks fit the same workspace.</summary>
    internal static ChannelGroups ForGroups<TBackend, TVector>(int rows, int channels, int threads)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => ChannelGroups.For<TBackend, TVector>(rows, channels, threads, FewestRows, ChannelGroups.MaxChunks(channels));

    /// <summary>Words of workspace for any machine: the partial results of all chunks, and four coefficients a channel.</summary>
    public static int WorkspaceLength(int rows, int channels)
    {
        var row = IntMath.RoundUp(channels, 16);
        var chunks = Math.Min(Math.Max(MostChunks, ChannelGroups.MaxChunks(channels)), IntMath.DivRoundUp(rows, FewestRows));
        return 4 * row + chunks * 2 * row;
    }

    /// <summary>What an item costs, in vector instructions, at <paramref name="perVector"/> instructions a vector.</summary>
    public readonly int Cost(int width, int perVector) => perVector * ChunkRows * IntMath.DivRoundUp(Channels, width * Groups);

    /// <summary>Where an item begins on a GPU: its first channel, the first word of its first row, and its rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly void Locate(int item, int width, out int channel, out int at, out int rows)
    {
        var chunk = _byGroups.Divide(item);
        var first = chunk * ChunkRows;
        channel = (item - chunk * Groups) * width;
        at = first * Channels + channel;
        rows = Math.Min(ChunkRows, Rows - first);
    }

    /// <summary>The way of an item through its rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly BatchNormBlock Walk<TBackend, TVector>(int item)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var width = TBackend.Width;
        var chunk = _byGroups.Divide(item);
        var group = item - chunk * Groups;
        if (TBackend.IsGpu) return Walk(chunk, group * width, 1, width);
        var vectors = Channels / width;
        var quads = vectors / 4;
        var channel = group * 4 * width;
        var side = 4;
        if (group >= quads)
        {
            // Behind the groups of four: one of two, one of one, and the channels that do not fill a vector, each where there is one.
            var behind = group - quads;
            channel = quads * 4 * width;
            side = 1;
            if ((vectors & 2) != 0)
            {
                if (behind == 0) side = 2;
                else channel += (behind + 1) * width;
            }
            else channel += behind * width;
        }

        return Walk(chunk, channel, side, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly BatchNormBlock Walk(int chunk, int channel, int side, int width)
    {
        var first = chunk * ChunkRows;
        var rows = Math.Min(ChunkRows, Rows - first);
        var down = 4 / side;
        var turns = rows / down;
        return new BatchNormBlock
        {
            Chunk = chunk,
            Rows = rows,
            Channel = channel,
            Vectors = side,
            Lanes = Math.Min(width, Channels - channel),
            Start = first * Channels + channel,
            Turns = turns,
            Step = down * Channels,
            Rest = rows - turns * down,
            Offset1 = side == 1 ? Channels : width,
            Offset2 = side == 1 ? 2 * Channels : side == 2 ? Channels : 2 * width,
            Offset3 = side == 1 ? 3 * Channels : side == 2 ? Channels + width : 3 * width,
            Channel1 = side == 1 ? channel : channel + width,
            Channel2 = side == 4 ? channel + 2 * width : channel,
            Channel3 = side == 1 ? channel : side == 2 ? channel + width : channel + 3 * width,
        };
    }
}
