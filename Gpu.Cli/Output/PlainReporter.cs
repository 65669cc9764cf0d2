namespace Gpu.Cli.Output;

/// <summary>Plain lines without escape codes, for pipes, log files and CI.</summary>
internal class PlainReporter(CliHost host) : Reporter(host)
{
    /// <summary>Receives lines, tables and progress.</summary>
    protected virtual TextWriter Writer => Host.Output;

    // Keeps log files short.
    protected override TimeSpan ProgressInterval => TimeSpan.FromSeconds(10);

    protected override void WriteLine(string text) => Writer.WriteLine(text);

    // A pipe or file takes lines of any length.
    public override int Width => Host.IsTerminal ? Host.Width : int.MaxValue;

    protected override TableFit Fit(ReportTable table) => TableFit.Of(table, Width, PlainTable.Gap.Length, -PlainTable.Gap.Length, wraps: false);

    protected override void WriteTable(TableFit fit) => PlainTable.Write(Writer, fit.Table);

    protected override void WriteWarning(string text) => Host.Error.WriteLine($"warning: {text}");

    protected override void WriteFailure(string message, int exitCode) =>
        Host.Error.WriteLine(exitCode == ExitCode.Cancelled ? message : $"error: {message}");

    // Standard output of a pipe has results only.
    protected override void ShowProgress(in ProgressState state) => Host.Error.WriteLine(Text(state));
}
