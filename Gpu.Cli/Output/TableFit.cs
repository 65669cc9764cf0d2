namespace Gpu.Cli.Output;

/// <summary>
/// Fits a table into a width: texts are wrapped between words, the ends of long paths kept, and the least valuable columns left out. Numbers and words are
/// never broken.
/// </summary>
internal sealed class TableFit
{
    // Of a text that is shortened, so much is kept before columns are left out.
    private const int FewestShortened = 24;
    private const int FewestAtAll = 8;

    private TableFit(ReportTable table, int[] widths, IReadOnlyList<string> leftOut, bool isWhole)
    {
        Table = table;
        Widths = widths;
        LeftOut = leftOut;
        IsWhole = isWhole;
    }

    /// <summary>The columns that fit, with shortened cells.</summary>
    public ReportTable Table { get; }

    /// <summary>The width of each column.</summary>
    public int[] Widths { get; }

    /// <summary>Titles of the columns that are left out.</summary>
    public IReadOnlyList<string> LeftOut { get; }

    /// <summary>Whether the table fits with all its columns, and no cell is shortened or wrapped.</summary>
    public bool IsWhole { get; }

    /// <summary>Fits a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="width">Characters in a line.</param>
    /// <param name="frame">Characters beside the text of each column.</param>
    /// <param name="edge">Further characters of a line.</param>
    /// <param name="wraps">Whether cells of texts can have several lines.</param>
    public static TableFit Of(ReportTable table, int width, int frame, int edge, bool wraps)
    {
        var kept = Enumerable.Range(0, table.Columns.Count).ToList();
        var natural = kept.Select(i => CellsOf(table, i).Max(DisplayWidth.Of)).ToArray();
        var least = kept.Select(i => Least(table, i, natural[i], wraps)).ToArray();
        List<string> leftOut = [];
        while (Room(least) < 0 && kept.Max(i => table.Columns[i].Rank) is > 0 and var rank)
        {
            leftOut.AddRange(kept.Where(i => table.Columns[i].Rank == rank).Select(i => table.Columns[i].Title));
            kept.RemoveAll(i => table.Columns[i].Rank == rank);
        }

        // In the end, the longest texts lose their beginnings.
        while (Room(least) < 0 && kept.Where(i => !table.Columns[i].IsNumber && least[i] > FewestAtAll).ToArray() is { Length: > 0 } texts)
            least[texts.MaxBy(i => least[i])]--;
        var widths = kept.ToDictionary(i => i, i => least[i]);
        for (var room = Room(least); room > 0; room--)
        {
            // What is left goes to the texts with the most to show.
            if (kept.Where(i => widths[i] < natural[i]).Select(i => (int?)i).MaxBy(i => (double)natural[i!.Value] / widths[i.Value]) is not { } narrow) break;
            widths[narrow]++;
        }

        var fitted = new ReportTable([.. kept.Select(i => table.Columns[i])]) { Title = table.Title };
        foreach (var row in table.Rows) fitted.Add([.. kept.Select(i => Shorten(row[i], i))]);
        var isWhole = leftOut.Count == 0 && Room(least) >= 0 && kept.TrueForAll(i => widths[i] == natural[i]);
        return new TableFit(fitted, [.. kept.Select(i => widths[i])], leftOut, isWhole);

        int Room(int[] all) => width - edge - kept.Sum(i => all[i] + frame);

        string Shorten(string cell, int column)
        {
            var most = widths[column];
            if (table.Columns[column].IsNumber) return cell;
            return wraps && !table.Columns[column].IsPath
                ? string.Join(' ', cell.Split(' ').Select(word => DisplayWidth.KeepEnd(word, most))) : DisplayWidth.KeepEnd(cell, most);
        }
    }

    private static int Least(ReportTable table, int column, int natural, bool wraps)
    {
        var (kind, title) = (table.Columns[column], DisplayWidth.Of(table.Columns[column].Title));
        if (kind.IsPath) return Math.Min(natural, Math.Max(title, FewestShortened));
        // The first column of a table tells its rows apart.
        if (kind.IsNumber || !wraps || (column == 0 && table.Columns.Count > 2)) return natural;
        return CellsOf(table, column).SelectMany(cell => cell.Split(' ')).Max(DisplayWidth.Of);
    }

    private static IEnumerable<string> CellsOf(ReportTable table, int column) => table.Rows.Select(row => row[column]).Prepend(table.Columns[column].Title);
}
