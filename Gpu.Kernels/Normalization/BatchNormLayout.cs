using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// The division of a tensor [row, channel] into items: chunks of rows by groups of channel vectors. Consecutive items are groups of the same chunk. On the CPU
/// a group is four, two or one vectors, or the channels that do not fill a vector; see <see cref="BatchNormBlock"/>. On a GPU a group is one vector, so that
/// consecutive threads access consecutive memory. The layout depends only on the shape and the backend.
/// </summary>
internal struct BatchNormLayout
{
    // Words of a chunk, few enough to stay in the L1 or L2 cache until it is read again.
    private const int ChunkWords = 8 * 1024;

    private const int MaxChunks = 512;

    // Enough chunks to balance the load of the threads, and few enough that combining them costs little.
    private const int TargetChunks = 64;

    private const int MinChunkRows = 16;

    // Threads that keep a GPU busy.
    private const int MinGpuItems = 64 * 1024;

    /// <summary>Extents of the tensor.</summary>
    public int Rows, Channels;

    /// <summary>Rows of a chunk (the last may have fewer), and number of chunks.</summary>
    public int ChunkRows, Chunks;

    /// <summary>Groups that cover the channels.</summary>
    public int Groups;

    private FastDivMod _byGroups;

    /// <summary>Words from the partial results of one chunk to those of the next; words of one of their two rows of channels, a multiple of 16.</summary>
    public int PartialStride, PartialRow;

    /// <summary>Number of items: chunks times groups.</summary>
    public readonly int Items => Chunks * Groups;

    /// <summary>
    /// Returns the layout for elementwise kernels. On the CPU it is that of <see cref="For"/>, so that a thread finds the chunks that it has just read in its
    /// cache. On a GPU it has many small items.
    /// </summary>
    public static BatchNormLayout ForElementwise<TBackend, TVector>(int rows, int channels)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var layout = For<TBackend, TVector>(rows, channels);
        if (!TBackend.IsGpu) return layout;
        // Four rows share the loads of the coefficients of their channels, if there are enough items.
        layout.ChunkRows = (long)rows * layout.Groups >= 4 * MinGpuItems ? 4 : 1;
        layout.Chunks = IntMath.DivRoundUp(rows, layout.ChunkRows);
        return layout;
    }

    /// <summary>Returns the layout for kernels that reduce each chunk.</summary>
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
            chunkRows = Math.Clamp(IntMath.DivRoundUp(rows, TargetChunks), most / 2, most);
            chunkRows = Math.Max(MinChunkRows, IntMath.RoundUp(chunkRows, 4));
            groups = vectors / 4 + (vectors & 2) / 2 + (vectors & 1) + (vectors * width < channels ? 1 : 0);
        }

        chunkRows = Math.Max(chunkRows, IntMath.DivRoundUp(rows, MaxChunks));
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

    /// <summary>Returns the layout for thread groups. The partial results of its chunks fit into <see cref="WorkspaceLength"/> words.</summary>
    internal static ChannelGroups ForGroups<TBackend, TVector>(int rows, int channels, int threads)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => ChannelGroups.For<TBackend, TVector>(rows, channels, threads, MinChunkRows, ChannelGroups.MaxChunks(channels));

    /// <summary>Words of workspace for any device: four coefficients for each channel, and the partial results of all chunks.</summary>
    public static int WorkspaceLength(int rows, int channels)
    {
        ShapeLimits.RequireDimension("channels", channels);
        var row = (long)IntMath.RoundUp(channels, 16);
        var chunks = Math.Min(Math.Max(MaxChunks, ChannelGroups.MaxChunks(channels)), IntMath.DivRoundUp(rows, MinChunkRows));
        return ShapeLimits.Workspace(4 * row + chunks * 2 * row);
    }

    /// <summary>Cost of an item in vector instructions, with <paramref name="perVector"/> instructions for each vector.</summary>
    public readonly int Cost(int width, int perVector) => perVector * ChunkRows * IntMath.DivRoundUp(Channels, width * Groups);

    /// <summary>The vector of an item on a GPU: its first channel, the index of the first word of its first row, and the number of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly void GetVector(int item, int width, out int channel, out int at, out int rows)
    {
        var chunk = _byGroups.Divide(item);
        var first = chunk * ChunkRows;
        channel = (item - chunk * Groups) * width;
        at = first * Channels + channel;
        rows = Math.Min(ChunkRows, Rows - first);
    }

    /// <summary>Returns the block of an item.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly BatchNormBlock GetBlock<TBackend, TVector>(int item)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var width = TBackend.Width;
        var chunk = _byGroups.Divide(item);
        var group = item - chunk * Groups;
        if (TBackend.IsGpu) return GetBlock(chunk, group * width, 1, width);
        var vectors = Channels / width;
        var quads = vectors / 4;
        var channel = group * 4 * width;
        var vectorsPerRow = 4;
        if (group >= quads)
        {
            // After the groups of four vectors: a group of two, a group of one, and the channels that do not fill a vector, as far as there are any.
            var smallGroup = group - quads;
            channel = quads * 4 * width;
            vectorsPerRow = 1;
            if ((vectors & 2) != 0)
            {
                if (smallGroup == 0) vectorsPerRow = 2;
                else channel += (smallGroup + 1) * width;
            }
            else channel += smallGroup * width;
        }

        return GetBlock(chunk, channel, vectorsPerRow, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly BatchNormBlock GetBlock(int chunk, int channel, int vectorsPerRow, int width)
    {
        var first = chunk * ChunkRows;
        var rows = Math.Min(ChunkRows, Rows - first);
        var rowsPerIteration = 4 / vectorsPerRow;
        var iterations = rows / rowsPerIteration;
        return new BatchNormBlock
        {
            Chunk = chunk,
            Rows = rows,
            Channel = channel,
            Vectors = vectorsPerRow,
            Lanes = Math.Min(width, Channels - channel),
            Start = first * Channels + channel,
            Iterations = iterations,
            Step = rowsPerIteration * Channels,
            RemainingRows = rows - iterations * rowsPerIteration,
            Offset1 = vectorsPerRow == 1 ? Channels : width,
            Offset2 = vectorsPerRow == 1 ? 2 * Channels : vectorsPerRow == 2 ? Channels : 2 * width,
            Offset3 = vectorsPerRow == 1 ? 3 * Channels : vectorsPerRow == 2 ? Channels + width : 3 * width,
            Channel1 = vectorsPerRow == 1 ? channel : channel + width,
            Channel2 = vectorsPerRow == 4 ? channel + 2 * width : channel,
            Channel3 = vectorsPerRow == 1 ? channel : vectorsPerRow == 2 ? channel + width : channel + 3 * width,
        };
    }
}
