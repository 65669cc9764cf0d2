using System.Text.Json.Serialization;

namespace Gpu.Training.Data.Tables;

/// <summary>
/// A column of a table that a network reads: a number, standardized as (x - Mean) / StandardDeviation, or a category, one 0-or-1 value for each level.
/// </summary>
public sealed record TableColumn
{
    /// <summary>Name in the header of the file.</summary>
    public required string Name { get; init; }

    /// <summary>The levels of a category in the training split, in ordinal order; null for a number.</summary>
    public IReadOnlyList<string>? Levels { get; init; }

    /// <summary>Mean over the training split; 0 for a category.</summary>
    public double Mean { get; init; }

    /// <summary>Population standard deviation over the training split; 1 for a category and for a constant column.</summary>
    public double StandardDeviation { get; init; } = 1;

    /// <summary>Values that the column gives a sample: 1 for a number, the number of levels for a category.</summary>
    [JsonIgnore]
    public int Width => Levels?.Count ?? 1;
}
