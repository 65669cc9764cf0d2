using Spectre.Console;

namespace Gpu.Cli.Output;

/// <summary>
/// Draws tables with frames and colors by Spectre.Console. All uses of the library are in this class, so that it is loaded only for tables on terminals.
/// </summary>
internal static class SpectreTable
{
    /// <summary>Draws a table on the host's terminal.</summary>
    public static void Write(CliHost host, TableFit fit)
    {
        var table = fit.Table;
        var console = Console(host);
        var isHeaded = table.Columns.Any(column => column.Title.Length > 0);
        var drawn = new Table { Border = TableBorder.Rounded, ShowHeaders = isHeaded };
        if (table.Title is { } title) drawn.Title = new TableTitle(Markup.Escape(title));
        foreach (var (index, column) in table.Columns.Index())
        {
            var heading = new TableColumn($"[bold]{Markup.Escape(column.Title)}[/]") { Width = fit.Widths[index] };
            drawn.AddColumn(column.IsNumber ? heading.RightAligned() : heading);
        }

        foreach (var row in table.Rows)
            drawn.AddRow(row.Select((cell, i) => i == 0 ? $"[cyan]{Markup.Escape(cell)}[/]" : Markup.Escape(cell)).ToArray());
        console.Write(drawn);
    }

    private static IAnsiConsole Console(CliHost host)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = host.HasColor ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(host.Output),
        });
        console.Profile.Width = host.Width;
        return console;
    }
}
