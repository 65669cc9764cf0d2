using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Devices;

/// <summary>
/// How the rows of images [rows, columns, channels] are cut into items. On the CPU an item is a row with all its channels (a part of one where there are
/// few rows); on a GPU it is one vector of one pixel, neighbours side by side. What an item computes does not depend on the cut.
/// </summary>
internal struct RowTiles
{
    // Enough to share evenly among the threads of a large processor.
    private const int TargetItems = 64;

    /// <summary>Columns of a row.</summary>
    public int Columns;

    /// <summary>Channels of a pixel.</summary>
    public int Channels;

    /// <summary>Columns an item handles; the last item of a row may have fewer.</summary>
    public int ColumnsPerItem;

    /// <summary>Channels an item handles, a multiple of the vector width unless it is all of them; the last may have fewer.</summary>
    public int ChannelsPerItem;

    /// <summary>Items side by side in a row.</summary>
    public int ColumnParts;

    /// <summary>Items side by side in a pixel.</summary>
    public int ChannelParts;

    private FastDivMod _byColumnParts, _byChannelParts;

    /// <summary>The cut for a machine.</summary>
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

    /// <summary>Items for a number of rows.</summary>
    public readonly int Items(int rows) => rows * ColumnParts * ChannelParts;

    /// <summary>What an item costs, in vector instructions, at <paramref name="perVector"/> instructions a vector.</summary>
    public readonly int Cost(int width, int perVector) =>
        (int)Math.Min(1 << 20, (long)ColumnsPerItem * IntMath.DivRoundUp(ChannelsPerItem, width) * perVector);

    /// <summary>The row, the columns and the channels of an item; the ends are not included.</summary>
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
