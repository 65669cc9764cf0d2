namespace Gpu.Cli.Output;

/// <summary>Writes tables as aligned text.</summary>
internal static class PlainTable
{
    private const string Gap = "  ";

    /// <summary>Writes title, headings and rows. Each column is as wide as its widest cell.</summary>
    public static void Write(TextWriter writer, ReportTable table)
    {
        if (table.Title is { } title) writer.WriteLine(title);
        var headings = table.Columns.Select(column => column.Title).ToArray();
        var widths = headings.Select((heading, i) => table.Rows.Select(row => row[i].Length).Append(heading.Length).Max()).ToArray();
        if (headings.Any(heading => heading.Length > 0)) writer.WriteLine(Row(table, headings, widths));
        foreach (var row in table.Rows) writer.WriteLine(Row(table, row, widths));
    }

    private static string Row(ReportTable table, string[] cells, int[] widths) =>
        string.Join(Gap, cells.Select((cell, i) => table.Columns[i].IsNumber ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd();
}
