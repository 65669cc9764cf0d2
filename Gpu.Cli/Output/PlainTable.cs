namespace Gpu.Cli.Output;

/// <summary>Writes tables as aligned text.</summary>
internal static class PlainTable
{
    /// <summary>Between columns.</summary>
    public const string Gap = "  ";

    /// <summary>Writes title, headings and rows. Each column is as wide as its widest cell.</summary>
    public static void Write(TextWriter writer, ReportTable table)
    {
        if (table.Title is { } title) writer.WriteLine(title);
        var headings = table.Columns.Select(column => column.Title).ToArray();
        var widths = headings.Select((heading, i) => table.Rows.Select(row => row[i]).Append(heading).Max(DisplayWidth.Of)).ToArray();
        if (headings.Any(heading => heading.Length > 0)) writer.WriteLine(Row(table, headings, widths));
        foreach (var row in table.Rows) writer.WriteLine(Row(table, row, widths));
    }

    private static string Row(ReportTable table, string[] cells, int[] widths) =>
        string.Join(Gap, cells.Select((cell, i) => table.Columns[i].IsNumber ? Space(cell, widths[i]) + cell : cell + Space(cell, widths[i]))).TrimEnd();

    private static string Space(string cell, int width) => new(' ', Math.Max(0, width - DisplayWidth.Of(cell)));
}
