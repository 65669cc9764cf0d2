namespace Gpu.Kernels;

/// <summary>
/// Where things lie in a table of the passes to come: the number of the entry that is next, and then the entries, each the first words of a
/// <see cref="StepStateLayout"/>. The host fills it for many passes at once, so that the passes themselves need nothing of the host.
/// </summary>
public static class StepTableLayout
{
    /// <summary>Word of the number of the entry that the next <see cref="StepTable.Advance"/> takes, an integer; it moves on by itself.</summary>
    public const int Next = 0;

    /// <summary>First word of entry 0.</summary>
    public const int Entries = 16;

    /// <summary>Words of an entry: those of the step state up to <see cref="StepStateLayout.BatchStart"/>, at their places, and spare ones.</summary>
    public const int EntryWords = 8;

    /// <summary>Words of a table with so many entries.</summary>
    public static int Length(int entries) => checked(Entries + entries * EntryWords);
}
