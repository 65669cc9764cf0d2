using Gpu.Training.Models;

namespace Gpu.Training.Planning;

/// <summary>
/// Static memory planning: assigns blocks with known lifetimes to offsets of one arena. Blocks whose lifetimes do not overlap may share words.
/// </summary>
internal static class ArenaLayout
{
    /// <summary>Alignment of all blocks in words (64 bytes): a cache line, and more than the widest memory access of a GPU thread.</summary>
    public const int Alignment = 16;

    /// <summary>Rounds a length up to a multiple of <see cref="Alignment"/>.</summary>
    public static long Align(long words) => (words + Alignment - 1) / Alignment * Alignment;

    /// <summary>
    /// Sets <see cref="ArenaBlock.Offset"/> of all blocks by first fit in order of decreasing size: each block gets the lowest offset at which it overlaps
    /// no block with an overlapping lifetime.
    /// </summary>
    /// <returns>length of the arena in words</returns>
    /// <exception cref="ModelException">the arena would be longer than int.MaxValue words</exception>
    public static int AssignOffsets(IReadOnlyList<ArenaBlock> blocks)
    {
        var placed = new List<ArenaBlock>(blocks.Count);
        long total = 0;
        foreach (var block in blocks.OrderByDescending(block => block.Words).ThenBy(block => block.FirstUse))
        {
            long offset = 0;
            foreach (var other in placed)
            {
                if (other.FirstUse > block.LastUse || other.LastUse < block.FirstUse) continue;
                if (other.Offset >= offset + Align(block.Words)) break;
                offset = Math.Max(offset, other.Offset + Align(other.Words));
            }

            total = Math.Max(total, offset + Align(block.Words));
            if (total > int.MaxValue)
                throw new ModelException($"The activations of a batch need more than {int.MaxValue:N0} values. Use a smaller batch or a smaller model.");
            block.Offset = (int)offset;
            // Sorted by offset, so that one pass over the list finds the first gap.
            var index = placed.FindIndex(other => other.Offset > block.Offset);
            placed.Insert(index < 0 ? placed.Count : index, block);
        }

        return (int)total;
    }
}

/// <summary>A block of the arena with its lifetime: the time steps from its first to its last use, both inclusive.</summary>
internal sealed class ArenaBlock(string name, long words)
{
    public string Name { get; } = name;

    public long Words { get; } = words;

    public int FirstUse { get; private set; } = int.MaxValue;

    public int LastUse { get; private set; } = int.MinValue;

    /// <summary>Offset of the first word in the arena; set by <see cref="ArenaLayout.AssignOffsets"/>.</summary>
    public int Offset { get; set; }

    /// <summary>Extends the lifetime to include a time step.</summary>
    public void ExtendLifetime(int time)
    {
        FirstUse = Math.Min(FirstUse, time);
        LastUse = Math.Max(LastUse, time);
    }
}
