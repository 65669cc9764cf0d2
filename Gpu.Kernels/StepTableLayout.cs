namespace Gpu.Kernels;

/// <summary>
/// The layout of a table of future step states: the index of the next entry, then the entries. Each entry holds the first words of a
/// <see cref="StepStateLayout"/>. The host fills the table for many steps at once.
/// </summary>
public static class StepTableLayout
{
    /// <summary>Word of the index of the entry that the next <see cref="StepTable.Advance"/> copies, an integer; each call increments it.</summary>
    public const int Next = 0;

    /// <summary>First word of entry 0.</summary>
    public const int Entries = 16;

    /// <summary>Words per entry: those of the step state up to <see cref="StepStateLayout.BatchStart"/>, in the same order, and unused ones.</summary>
    public const int EntryWords = 8;

    /// <summary>Words of a table.</summary>
    /// <param name="entries">the number of entries</param>
    public static int Length(int entries) => ShapeLimits.Length("the step table", Entries + (long)entries * EntryWords);
}
