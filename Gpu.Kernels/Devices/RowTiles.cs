using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Devices;

/// <summary>
/// How the rows of images [rows, columns, channels] are divided into items. On the CPU an item is a row with all its channels, or a part of it if there are few
/// rows. On a GPU it is one vector of one pixel, so that consecutive threads access consecutive vectors. The result does not depend on the division.
/// </summary>
internal struct RowTiles
{
    // Enough items to balance the load of a CPU with many threads.
    private const int TargetItems = 64;

    /// <summary>Columns of a row.</summary>
    public int Columns;

    /// <summary>Channels of a pixel.</summary>
    public int Channels;

    /// <summary>Columns per item; the last item of a row may have fewer.</summary>
    public int ColumnsPerItem;

    /// <summary>Channels per item, a multiple of the vector width; the last item of a pixel may have fewer.</summary>
    public int ChannelsPerItem;

    /// <summary>Items per row along the columns.</summary>
    public int ColumnParts;

    /// <summary>Items per pixel along the channels.</summary>
    public int ChannelParts;

    private FastDivMod _byColumnParts, _byChannelParts;

    /// <summary>The tiles for a backend.</summary>
    public static RowTiles For<TBackend, TVector>(int rows, int columns, int channels)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var vectors = IntMath.DivRoundUp(channels, TBackend.Width);
        var columnParts = columns;
        var channelParts = vectors;
        if (!TBackend.IsGpu)
        {
            columnParts = Math.Min(columns, IntMath.DivRoundUp(TargetItems, rows));
            channelParts = Math.Min(vectors, IntMath.DivRoundUp(TargetItems, rows * columnParts));
        }

        var tiles = new RowTiles
        {
            Columns = columns,
            Channels = channels,
            ColumnsPerItem = IntMath.DivRoundUp(columns, columnParts),
            ChannelsPerItem = IntMath.DivRoundUp(vectors, channelParts) * TBackend.Width,
        };
        tiles.ColumnParts = IntMath.DivRoundUp(columns, tiles.ColumnsPerItem);
        tiles.ChannelParts = IntMath.DivRoundUp(channels, tiles.ChannelsPerItem);
        tiles._byColumnParts = FastDivMod.By(tiles.ColumnParts);
        tiles._byChannelParts = FastDivMod.By(tiles.ChannelParts);
        return tiles;
    }

    /// <summary>The number of items for <paramref name="rows"/> rows.</summary>
    public readonly int Items(int rows) => rows * ColumnParts * ChannelParts;

    /// <summary>
    /// The cost of an item in vector instructions, at <paramref name="perVector"/> instructions per vector of <paramref name="width"/> floats.
    /// </summary>
    public readonly int Cost(int width, int perVector) =>
        (int)Math.Min(1 << 20, (long)ColumnsPerItem * IntMath.DivRoundUp(ChannelsPerItem, width) * perVector);

    /// <summary>The row and the ranges of columns and channels of an item. The ends are exclusive.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void GetTile(int item, out int row, out int column, out int columnEnd, out int channel, out int channelEnd)
    {
        var strip = _byChannelParts.Divide(item);
        channel = (item - strip * ChannelParts) * ChannelsPerItem;
        channelEnd = Math.Min(Channels, channel + ChannelsPerItem);
        row = _byColumnParts.Divide(strip);
        column = (strip - row * ColumnParts) * ColumnsPerItem;
        columnEnd = Math.Min(Columns, column + ColumnsPerItem);
    }
}
