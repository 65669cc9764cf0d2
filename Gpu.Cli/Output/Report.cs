namespace Gpu.Cli.Output;

/// <summary>A column of a <see cref="ReportTable"/>.</summary>
/// <param name="Title">its heading</param>
/// <param name="IsNumber">numbers are aligned to the right</param>
internal readonly record struct ReportColumn(string Title, bool IsNumber = false);

/// <summary>A table as data; each reporter draws it in its own way.</summary>
internal sealed class ReportTable(params ReportColumn[] columns)
{
    private readonly List<string[]> _rows = [];

    /// <summary>What the table is about, written above it.</summary>
    public string? Title { get; init; }

    public IReadOnlyList<ReportColumn> Columns => columns;

    public IReadOnlyList<string[]> Rows => _rows;

    /// <summary>A column of text.</summary>
    public static ReportColumn Text(string title) => new(title);

    /// <summary>A column of numbers.</summary>
    public static ReportColumn Number(string title) => new(title, true);

    /// <summary>Adds a row of one cell a column.</summary>
    public void Add(params string[] cells)
    {
        if (cells.Length != columns.Length) throw new ArgumentException($"a row of {cells.Length} cells in a table of {columns.Length} columns", nameof(cells));
        _rows.Add(cells);
    }

    /// <summary>Two columns without headings: what is called how.</summary>
    public static ReportTable KeyValues(string? title, params (string Name, string Value)[] facts)
    {
        var table = new ReportTable(Text(""), Text("")) { Title = title };
        foreach (var (name, value) in facts) table.Add(name, value);
        return table;
    }
}

/// <summary>Where a long piece of work stands.</summary>
/// <param name="Label">what is being done: <c>epoch 2/6</c></param>
/// <param name="Done">how much is done</param>
/// <param name="Total">of how much</param>
/// <param name="Detail">the figures beside it, with a rate</param>
/// <param name="Left">the time left of the whole work</param>
internal readonly record struct ProgressState(string Label, long Done, long Total, string Detail, TimeSpan Left);
