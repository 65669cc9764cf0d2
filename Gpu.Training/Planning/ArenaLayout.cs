using Gpu.Training.Models;

namespace Gpu.Training.Planning;

/// <summary>Lays stretches of memory that are needed for a while into one arena, so that those never needed at once share words.</summary>
internal static class ArenaLayout
{
    /// <summary>Words that every stretch begins at a multiple of: a cache line, and more than a GPU's widest access.</summary>
    public const int Alignment = 16;

    /// <summary>A length rounded up to <see cref="Alignment"/>.</summary>
    public static long Align(long words) => (words + Alignment - 1) / Alignment * Alignment;

    /// <summary>
    /// Finds a place for each stretch: the longest first, each at the lowest place where none lies that is needed at the same time (first fit).
    /// </summary>
    /// <returns>words of the arena</returns>
    /// <exception cref="ModelException">the arena would have more words than can be addressed</exception>
    public static int AssignOffsets(IReadOnlyList<ArenaBlock> stretches)
    {
        var placed = new List<ArenaBlock>(stretches.Count);
        long total = 0;
        foreach (var stretch in stretches.OrderByDescending(stretch => stretch.Words).ThenBy(stretch => stretch.FirstUse))
        {
            long offset = 0;
            foreach (var other in placed)
            {
                if (other.FirstUse > stretch.LastUse || other.LastUse < stretch.FirstUse) continue;
                if (other.Offset >= offset + Align(stretch.Words)) break;
                offset = Math.Max(offset, other.Offset + Align(other.Words));
            }

            total = Math.Max(total, offset + Align(stretch.Words));
            if (total > int.MaxValue)
                throw new ModelException($"The activations of a batch need more than {int.MaxValue:N0} values. Use a smaller batch or a smaller model.");
            stretch.Offset = (int)offset;
            // Kept in order of offset, so that the first gap is found in one walk.
            var at = placed.FindIndex(other => other.Offset > stretch.Offset);
            placed.Insert(at < 0 ? placed.Count : at, stretch);
        }

        return (int)total;
    }
}

/// <summary>Words that are needed from one point in time to another, both included.</summary>
internal sealed class ArenaBlock(string name, long words)
{
    public string Name { get; } = name;

    public long Words { get; } = words;

    public int FirstUse { get; private set; } = int.MaxValue;

    public int LastUse { get; private set; } = int.MinValue;

    /// <summary>The first word, once <see cref="ArenaLayout.AssignOffsets"/> has found it.</summary>
    public int Offset { get; set; }

    /// <summary>Says that it is needed at a time.</summary>
    public void ExtendLifetime(int time)
    {
        FirstUse = Math.Min(FirstUse, time);
        LastUse = Math.Max(LastUse, time);
    }

    public void NeededWhile(ArenaBlock other)
    {
        ExtendLifetime(other.FirstUse);
        ExtendLifetime(other.LastUse);
    }
}
