namespace Gpu.Cli.Output;

/// <summary>Plain lines without escape codes, for pipes, log files and CI.</summary>
internal class PlainReporter(CliHost host) : Reporter(host)
{
    /// <summary>Receives lines, tables and progress.</summary>
    protected virtual TextWriter Writer => Host.Output;

    // Keeps log files short.
    protected override TimeSpan ProgressInterval => TimeSpan.FromSeconds(10);

    protected override void WriteLine(string text) => Writer.WriteLine(text);

    protected override void WriteTable(ReportTable table) => PlainTable.Write(Writer, table);

    protected override void WriteWarning(string text) => Host.Error.WriteLine($"warning: {text}");

    protected override void WriteFailure(string message, int exitCode) =>
        Host.Error.WriteLine(exitCode == ExitCode.Cancelled ? message : $"error: {message}");

    protected override void ShowProgress(in ProgressState state)
    {
        var share = state.Total > 0 ? 100 * state.Done / state.Total : 0;
        Writer.WriteLine($"{state.Label}  {state.Done}/{state.Total} ({share} %)  {state.Detail}  {Units.Duration(state.Left)} left");
    }
}
