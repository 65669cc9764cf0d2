using System.Diagnostics;

namespace Gpu.Cli.Output;

/// <summary>
/// How a command speaks. There are three kinds: for a human at a terminal, for a pipe or CI (plain lines without escape codes), and for programs
/// (one JSON object on standard output, everything else on standard error).
/// </summary>
internal abstract class Reporter(CliHost host)
{
    private readonly Stopwatch _sinceProgress = new();

    /// <summary>Whether details are wanted (<c>--verbose</c>).</summary>
    public bool IsVerbose { get; init; }

    /// <summary>The streams.</summary>
    protected CliHost Host { get; } = host;

    /// <summary>Shortest time between two <see cref="Progress"/> calls that are shown.</summary>
    protected abstract TimeSpan ProgressInterval { get; }

    /// <summary>True when <see cref="Progress"/> would show something now; asking is cheap, so that a training step may.</summary>
    public bool IsProgressDue => !_sinceProgress.IsRunning || _sinceProgress.Elapsed >= ProgressInterval;

    /// <summary>True when progress is redrawn in place, so that it costs no lines.</summary>
    public virtual bool IsLive => false;

    /// <summary>The reporter of a mode.</summary>
    public static Reporter Create(CliHost host, bool json, bool plain, bool verbose = false) =>
        json ? new JsonReporter(host) { IsVerbose = verbose }
        : plain || !host.IsTerminal ? new PlainReporter(host) { IsVerbose = verbose }
        : new HumanReporter(host) { IsVerbose = verbose };

    /// <summary>A line of information.</summary>
    public abstract void Line(string text = "");

    /// <summary>A line for those who want details.</summary>
    public void Detail(string text)
    {
        if (IsVerbose) Line(text);
    }

    /// <summary>A table.</summary>
    public abstract void Table(ReportTable table);

    /// <summary>Shows where the work stands, when <see cref="IsProgressDue"/>.</summary>
    public void Progress(in ProgressState state)
    {
        if (IsProgressDue) ProgressNow(state);
    }

    /// <summary>Shows where the work stands.</summary>
    public void ProgressNow(in ProgressState state)
    {
        _sinceProgress.Restart();
        ShowProgress(state);
    }

    /// <summary>Starts the interval anew, so that the first progress line comes one interval after the start, where lines are rare.</summary>
    public void BeginProgress() => _sinceProgress.Restart();

    /// <summary>The work is done, or stopped: removes the progress bar.</summary>
    public virtual void EndProgress()
    {
    }

    /// <summary>Something the user should know, on standard error.</summary>
    public abstract void Warn(string text);

    /// <summary>The command failed: the message on standard error, and with <c>--json</c> an object that says so.</summary>
    public abstract void Fail(string message, int exitCode);

    /// <summary>The result for programs; only the JSON reporter writes it.</summary>
    public virtual void Result(JsonRecord result)
    {
    }

    /// <summary>Draws the progress.</summary>
    protected abstract void ShowProgress(in ProgressState state);
}
