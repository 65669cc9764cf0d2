using System.Diagnostics;

namespace Gpu.Cli.Output;

/// <summary>
/// Output of a command. There are three formats: interactive terminal (<see cref="HumanReporter"/>), plain lines without escape codes for pipes and CI
/// (<see cref="PlainReporter"/>), and one JSON object for programs (<see cref="JsonReporter"/>).
/// </summary>
internal abstract class Reporter(CliHost host)
{
    private readonly Stopwatch _sinceProgress = new();

    /// <summary>Whether to print details (<c>--verbose</c>).</summary>
    public bool IsVerbose { get; init; }

    /// <summary>The result of the command if it can be written before it is complete.</summary>
    public ResultSoFar? SoFar { get; set; }

    /// <summary>Output streams and terminal.</summary>
    public CliHost Host { get; } = host;

    /// <summary>Minimum time between two progress updates.</summary>
    protected abstract TimeSpan ProgressInterval { get; }

    /// <summary>True if the next progress update is due. Cheap enough to check after every training step.</summary>
    public bool IsProgressDue => !_sinceProgress.IsRunning || _sinceProgress.Elapsed >= ProgressInterval;

    /// <summary>True if progress is redrawn in place instead of adding lines.</summary>
    public virtual bool IsLive => false;

    /// <summary>A reporter that shows nothing.</summary>
    public static Reporter Silent() => new PlainReporter(new CliHost(TextWriter.Null, TextWriter.Null));

    /// <summary>Creates the reporter of the requested format.</summary>
    public static Reporter Create(CliHost host, bool json, bool plain, bool verbose = false) =>
        json ? new JsonReporter(host) { IsVerbose = verbose }
        : plain || !host.IsTerminal ? new PlainReporter(host) { IsVerbose = verbose }
        : new HumanReporter(host) { IsVerbose = verbose };

    /// <summary>Writes a line. Here as in the other methods, control characters are escaped (<see cref="Printable"/>).</summary>
    public void Line(string text = "")
    {
        EndProgress();
        WriteLine(Printable.Escape(text));
    }

    /// <summary>Writes a line that is never broken, such as a command to copy.</summary>
    public void Whole(string text)
    {
        EndProgress();
        WriteWhole(Printable.Escape(text));
    }

    /// <summary>Writes a line with <c>--verbose</c> only.</summary>
    public void Detail(string text)
    {
        if (IsVerbose) Line(text);
    }

    /// <summary>Characters in a line.</summary>
    public abstract int Width { get; }

    /// <summary>Writes a table. Columns that do not fit are left out, which is said.</summary>
    public void Table(ReportTable table)
    {
        EndProgress();
        var fit = Fit(table.Printable());
        WriteTable(fit);
        if (fit.LeftOut.Count > 0) WriteLine($"Left out for want of width: {string.Join(", ", fit.LeftOut.Distinct())} (a pipe or --json has all).");
    }

    /// <summary>Whether a table has all its columns and no shortened or wrapped cell.</summary>
    public bool Fits(ReportTable table) => Fit(table.Printable()).IsWhole;

    /// <summary>Shows progress if <see cref="IsProgressDue"/>.</summary>
    public void Progress(in ProgressState state)
    {
        if (IsProgressDue) ProgressNow(state);
    }

    /// <summary>Shows progress now.</summary>
    public void ProgressNow(in ProgressState state)
    {
        _sinceProgress.Restart();
        ShowProgress(state);
    }

    /// <summary>Writes progress as a line of the output, because the user asked for it.</summary>
    public void ProgressLine(in ProgressState state)
    {
        _sinceProgress.Restart();
        Line(Text(state));
    }

    /// <summary>Restarts the interval, so that the first progress update comes one interval later.</summary>
    public void BeginProgress() => _sinceProgress.Restart();

    /// <summary>Removes the progress bar, after the work is done or stopped.</summary>
    public virtual void EndProgress()
    {
    }

    /// <summary>Writes a line to standard error.</summary>
    public void Note(string text)
    {
        EndProgress();
        Host.Error.WriteLine(Wrap(Printable.Escape(text, keepsLists: true)));
    }

    /// <summary>Writes a warning to standard error.</summary>
    public void Warn(string text)
    {
        EndProgress();
        WriteWarning(Printable.Escape(text, keepsLists: true));
    }

    /// <summary>Writes an error to standard error and, with <c>--json</c>, as a JSON object to standard output.</summary>
    public virtual void Fail(string message, int exitCode)
    {
        EndProgress();
        WriteFailure(Printable.Escape(message, keepsLists: true), exitCode);
    }

    /// <summary>Writes the result with <c>--json</c>; other formats ignore it.</summary>
    public virtual void Result(JsonRecord result)
    {
    }

    /// <summary>Progress as a line.</summary>
    protected static string Text(in ProgressState state)
    {
        var share = state.Total > 0 ? 100 * state.Done / state.Total : 0;
        return $"{state.Label}  {state.Done}/{state.Total} ({share} %)  {state.Detail}  {Units.Duration(state.Left)} left";
    }

    /// <summary>Breaks a text into lines between words where the output has a width.</summary>
    protected virtual string Wrap(string text) => text;

    /// <summary>Writes a line as it is.</summary>
    protected abstract void WriteLine(string text);

    /// <summary>Writes a line as it is, however long it is.</summary>
    protected virtual void WriteWhole(string text) => WriteLine(text);

    /// <summary>Fits a table into the width.</summary>
    protected abstract TableFit Fit(ReportTable table);

    /// <summary>Writes a table as it is.</summary>
    protected abstract void WriteTable(TableFit fit);

    /// <summary>Writes a warning as it is.</summary>
    protected abstract void WriteWarning(string text);

    /// <summary>Writes an error as it is.</summary>
    protected abstract void WriteFailure(string message, int exitCode);

    /// <summary>Draws a progress update.</summary>
    protected abstract void ShowProgress(in ProgressState state);
}
