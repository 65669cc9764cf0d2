namespace Gpu.Training.Data.Tables;

/// <summary>How a table is read.</summary>
public sealed record TableOptions
{
    /// <summary>Default of <see cref="Seed"/>.</summary>
    public const ulong DefaultSeed = 1;

    /// <summary>Name of the column to predict; null for the last column.</summary>
    public string? Target { get; init; }

    /// <summary>The task; null to detect it from the target.</summary>
    public TaskKind? Task { get; init; }

    /// <summary>Names of columns to leave out.</summary>
    public IReadOnlyList<string> Ignore { get; init; } = [];

    /// <summary>Names of columns that are categories, also if their cells are numbers.</summary>
    public IReadOnlyList<string> Categorical { get; init; } = [];

    /// <summary>Names of columns to read that would be left out because they only number or name the rows.</summary>
    public IReadOnlyList<string> Use { get; init; } = [];

    /// <summary>Whether the first line has the names of the columns; null to tell by its cells.</summary>
    public bool? HasHeader { get; init; }

    /// <summary>Share of the rows that is drawn for testing, between 0 and 1 (exclusive).</summary>
    public double HoldOut { get; init; } = DatasetLoader.DefaultHoldOut;

    /// <summary>Seed of the draw of test rows.</summary>
    public ulong Seed { get; init; } = DefaultSeed;
}
