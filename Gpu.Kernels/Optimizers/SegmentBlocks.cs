using System.Numerics;
using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Optimizers;

/// <summary>The blocks of a <see cref="SegmentTable"/> as items: whole blocks, or on a GPU optionally one vector each.</summary>
internal struct SegmentBlocks<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The list of blocks.</summary>
    public TBackend Blocks;

    /// <summary>The logarithm of the parts per block, and words per part.</summary>
    public int PartShift, PartLength;

    /// <summary>Creates the blocks of a table, with one part for each block on the CPU.</summary>
    public static SegmentBlocks<TBackend, TVector> Of(ILauncher<TBackend> launcher, SegmentTable table, bool divides)
    {
        var parts = divides && TBackend.IsGpu ? SegmentTable.BlockLength / TBackend.Width : 1;
        return new()
        {
            Blocks = launcher.Bind(table.Blocks),
            PartShift = BitOperations.Log2((uint)parts),
            PartLength = SegmentTable.BlockLength / parts,
        };
    }

    /// <summary>The number of items. On the host.</summary>
    public readonly int Items(SegmentTable table) => checked(table.BlockCount * (1 << PartShift));

    /// <summary>The words of an item, and the number of its segment. The length is 0 or less for a part behind the end of its block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Get(int item, out int from, out int length, out int segment)
    {
        var block = item >> PartShift;
        var offset = (item - (block << PartShift)) * PartLength;
        block *= SegmentTable.BlockWords;
        length = Math.Min(TBackend.LoadInt(Blocks, block + 1) - offset, PartLength);
        from = TBackend.LoadInt(Blocks, block) + offset;
        segment = TBackend.LoadInt(Blocks, block + 2);
    }
}
