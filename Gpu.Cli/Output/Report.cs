namespace Gpu.Cli.Output;

/// <summary>A column of a <see cref="ReportTable"/>.</summary>
/// <param name="Title">heading</param>
/// <param name="IsNumber">whether cells are numbers, which are right-aligned</param>
/// <param name="Rank">
/// where the width does not suffice, the columns with the highest rank are left out first, all of a rank together; 0 for columns that always stay
/// </param>
/// <param name="IsPath">whether cells are paths, which lose their beginning where the width does not suffice</param>
internal readonly record struct ReportColumn(string Title, bool IsNumber = false, int Rank = 0, bool IsPath = false);

/// <summary>Contents of a table, independent of how a reporter draws it.</summary>
internal sealed class ReportTable(params ReportColumn[] columns)
{
    private readonly List<string[]> _rows = [];

    /// <summary>Title above the table; null for none.</summary>
    public string? Title { get; init; }

    public IReadOnlyList<ReportColumn> Columns => columns;

    public IReadOnlyList<string[]> Rows => _rows;

    /// <summary>A text column.</summary>
    public static ReportColumn Text(string title, int rank = 0) => new(title, Rank: rank);

    /// <summary>A column of paths, or of other texts whose ends matter.</summary>
    public static ReportColumn Path(string title) => new(title, IsPath: true);

    /// <summary>A numeric column.</summary>
    public static ReportColumn Number(string title, int rank = 0) => new(title, true, rank);

    /// <summary>Adds a row with one cell per column.</summary>
    public void Add(params string[] cells)
    {
        if (cells.Length != columns.Length)
            throw new ArgumentException($"expected {columns.Length} cells, one per column, but got {cells.Length}", nameof(cells));
        _rows.Add(cells);
    }

    /// <summary>The table with control characters escaped (<see cref="Output.Printable"/>).</summary>
    public ReportTable Printable()
    {
        var table = new ReportTable([.. columns.Select(column => column with { Title = Output.Printable.Escape(column.Title) })])
        {
            Title = Title is null ? null : Output.Printable.Escape(Title),
        };
        foreach (var row in _rows)
            table.Add(Array.ConvertAll(row, cell => Output.Printable.Escape(cell)));
        return table;
    }

    /// <summary>Creates a table of names and values, without headings.</summary>
    public static ReportTable KeyValues(string? title, params (string Name, string Value)[] facts)
    {
        var table = new ReportTable(Text(""), Text("")) { Title = title };
        foreach (var (name, value) in facts) table.Add(name, value);
        return table;
    }
}

/// <summary>Progress of a long-running command.</summary>
/// <param name="Label">current phase: <c>epoch 2/6</c></param>
/// <param name="Done">completed units of work in this phase</param>
/// <param name="Total">total units of work in this phase</param>
/// <param name="Detail">metrics such as loss and rate</param>
/// <param name="Left">estimated time left for the whole command</param>
internal readonly record struct ProgressState(string Label, long Done, long Total, string Detail, TimeSpan Left);
