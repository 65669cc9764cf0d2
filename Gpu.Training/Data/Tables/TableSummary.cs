namespace Gpu.Training.Data.Tables;

/// <summary>What a table holds, column by column, whether or not it can be trained on.</summary>
public sealed record TableSummary
{
    /// <summary>Number of rows.</summary>
    public required int Rows { get; init; }

    /// <summary>The columns in the order of the file.</summary>
    public required IReadOnlyList<TableColumnSummary> Columns { get; init; }

    /// <summary>Reads a file (.csv, .tsv), or a generated table by name.</summary>
    /// <param name="source">A file or a name.</param>
    /// <exception cref="DatasetNotFoundException">There is no such file.</exception>
    /// <exception cref="DatasetException">The file is no table; the message says why.</exception>
    public static TableSummary Read(string source)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(source);
        if (!TableGenerator.Has(source) && !File.Exists(source))
            throw new DatasetNotFoundException($"There is no file '{source}'. Check the path of the table.");
        var table = new RawTable(source, TableGenerator.Has(source)
            ? () => new StringReader(TableGenerator.Generate(source.ToLowerInvariant()))
            : TableText.Open(source, null));
        var scans = table.Scan();
        return new TableSummary { Rows = table.Rows, Columns = [.. scans.Select(scan => new TableColumnSummary(scan))] };
    }
}

/// <summary>What a column of a table holds.</summary>
public sealed class TableColumnSummary
{
    private readonly ColumnScan _scan;

    internal TableColumnSummary(ColumnScan scan) => _scan = scan;

    /// <summary>Name in the header of the file; may be empty.</summary>
    public string Name => _scan.Name;

    /// <summary>Number of cells without a value.</summary>
    public int Missing => _scan.Missing;

    /// <summary>Whether all values are numbers.</summary>
    public bool IsNumber => _scan.IsNumber && _scan.Cells > 0;

    /// <summary>Whether all values are whole numbers.</summary>
    public bool IsWhole => IsNumber && _scan.IsWhole;

    /// <summary>Whether nearly every row has a text of its own.</summary>
    public bool IsIdentifier => !IsNumber && _scan.IsIdentifier;

    /// <summary>The smallest and the largest number; null without numbers.</summary>
    public (double Least, double Most)? Range => _scan.Numbers > 0 ? (_scan.Least, _scan.Most) : null;

    /// <summary>How many different values there are; null if there are more than 1000.</summary>
    public int? Distinct => _scan.HasTooManyTexts ? null : _scan.Texts.Count;

    /// <summary>How often each value occurs, the most frequent first; incomplete if <see cref="Distinct"/> is null.</summary>
    public IEnumerable<(string Value, int Count)> Counts => _scan.Texts.OrderByDescending(text => text.Value).ThenBy(text => text.Key, StringComparer.Ordinal)
        .Select(text => (text.Key, text.Value));

    /// <summary>Where cells have no value: <c>line 3, line 8 and 2 more</c>; empty if all have one.</summary>
    public string MissingLines => _scan.DescribeMissing();

    /// <summary>Which cells are no numbers although the great majority are; null otherwise.</summary>
    public string? NotNumbers => _scan.IsMostlyNumber ? _scan.DescribeNotNumbers() : null;
}
