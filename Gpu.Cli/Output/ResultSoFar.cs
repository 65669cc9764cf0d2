namespace Gpu.Cli.Output;

/// <summary>
/// The JSON result of a command that takes minutes. If the command is stopped or fails, what it has measured until then is written, with the field
/// <c>incomplete</c>. A command that does not end within <see cref="CliHost.Grace"/> after it was told to stop, because a driver call takes long, is ended.
/// </summary>
/// <remarks>All changes of the result go through <see cref="Update"/>, as the result may be written by another thread.</remarks>
internal sealed class ResultSoFar : IDisposable
{
    private readonly Reporter _reporter;
    private readonly CliHost _host;
    private readonly CancellationTokenRegistration _registration;
    private readonly JsonRecord _record = new();
    private readonly Lock _lock = new();
    private string _activity = "opening the device";
    private Timer? _end;
    private bool _isOver;

    /// <summary>Begins a result. From here on Ctrl+C and SIGTERM do not end the process at once.</summary>
    public ResultSoFar(CommandContext context)
    {
        (_reporter, _host) = (context.Reporter, context.Host);
        _reporter.SoFar = this;
        _registration = _host.Cancellation.Register(() => _end = new Timer(_ => End(), null, _host.Grace, Timeout.InfiniteTimeSpan));
    }

    /// <summary>Says what the command does now, for the field <c>incomplete</c>: "checking dense, plain (3 of 20)".</summary>
    public void Begin(string activity)
    {
        lock (_lock) _activity = activity;
    }

    /// <summary>Adds to the result, or to lists and records in it.</summary>
    public void Update(Action<JsonRecord> change)
    {
        lock (_lock) change(_record);
    }

    /// <summary>Writes the complete result.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _isOver = true;
            _reporter.Result(_record);
        }
    }

    /// <summary>The result of a command that has ended before its time, without the fields of the error.</summary>
    /// <param name="exitCode">the exit code of the command</param>
    public JsonRecord Incomplete(int exitCode)
    {
        lock (_lock)
        {
            var how = exitCode == ExitCode.Cancelled ? "stopped" : "failed";
            return _record.Add("incomplete", $"{how} while {_activity}");
        }
    }

    /// <summary>Stops waiting for a signal. The result so far remains, for <see cref="Reporter.Fail"/>.</summary>
    public void Dispose()
    {
        // Not under the lock: it waits for a callback that runs.
        _registration.Dispose();
        lock (_lock)
        {
            _isOver = true;
            _end?.Dispose();
        }
    }

    private void End()
    {
        lock (_lock)
        {
            if (_isOver) return;
            _isOver = true;
            _reporter.Fail("stopped", ExitCode.Cancelled);
            _host.Exit(ExitCode.Cancelled);
        }
    }
}
