using Gpu.Cli.Parsing;
using System.Diagnostics;
using Gpu.Cli.Output;
using Gpu.Cli.TensorBoard;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Loop;
using Gpu.Training.Runs;

namespace Gpu.Cli.Reports;

/// <summary>
/// Keeps the page of a run up to date while it trains. A page that would take more than 2 % of the time is left out, so that runs with short epochs do not
/// become slower. A page that cannot be written is a warning, never the end of a run.
/// </summary>
/// <param name="runFolder">the run folder</param>
/// <param name="reporter">receives warnings</param>
/// <param name="tensorBoardStep">the step after which the process trains, to write an event file for TensorBoard; null for none</param>
internal sealed class ReportUpdater(string runFolder, Reporter reporter, long? tensorBoardStep = null) : IDisposable
{
    private const double Share = 0.02;

    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Lazy<RunView> _run = new(() => RunView.Open(RunFolder.Open(runFolder)));
    private readonly List<EpochReport> _reports = [];
    private TimeSpan _spent;
    private bool _isBroken;
    private bool _hasEvents = tensorBoardStep is not null;
    private TensorBoardLog? _events;

    /// <summary>The path of the page; null if it could not be written.</summary>
    public string? Path => _isBroken ? null : RunReport.PathOf(runFolder);

    /// <summary>Shows an epoch.</summary>
    public void Add(EpochReport report)
    {
        _reports.Add(report);
        WriteEvents(log => log.Add(_run.Value, report, DateTime.UtcNow));
        if (_isBroken || (_spent > Share * Stopwatch.GetElapsedTime(_start) && report.Epoch < report.Epochs)) return;
        var start = Stopwatch.GetTimestamp();
        Write(null, isLive: report.Epoch < report.Epochs);
        _spent += Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Writes the last page of a run.</summary>
    /// <param name="data">the data; null to leave out what needs it, after a run that did not end</param>
    /// <param name="device">the device</param>
    /// <param name="cancellation">ends the computation</param>
    public void Finish(Dataset? data, ComputeDevice device, CancellationToken cancellation)
    {
        if (_isBroken && !_hasEvents) return;
        RunResults? results = null;
        if (data is not null)
        {
            try
            {
                using var predictor = Predictor.Open(runFolder, device);
                results = RunResults.Compute(predictor, data.Test, device, cancellation);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                reporter.Warn($"The report lacks what the best weights give on the test part: {e.Message}");
            }
        }

        if (data is not null) WriteEvents(log => log.Finish(Current(), results, DateTime.UtcNow));
        if (!_isBroken) Write(results, isLive: false);
    }

    /// <inheritdoc/>
    public void Dispose() => _events?.Dispose();

    // A file that cannot be written is a warning, as the page is.
    private void WriteEvents(Action<TensorBoardLog> write)
    {
        if (!_hasEvents) return;
        try
        {
            write(_events ??= TensorBoardLog.Create(runFolder, tensorBoardStep!.Value));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TrainingException)
        {
            _hasEvents = false;
            reporter.Warn(
                $"The event file for TensorBoard cannot be written: {e.Message} To make it later: gputrainer report "
                + $"{ShellQuote.Quote(runFolder)} --tensorboard");
        }
    }

    private void Write(RunResults? results, bool isLive)
    {
        try
        {
            Training.IO.AtomicFile.WriteAllText(RunReport.PathOf(runFolder), RunReport.Render(Current(), results, isLive));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TrainingException)
        {
            _isBroken = true;
            reporter.Warn($"The report of the run cannot be written: {e.Message} To make it later: gputrainer report {ShellQuote.Quote(runFolder)}");
        }
    }

    // The epochs before a resume are those of the file; a rewind trains some again.
    private RunView Current()
    {
        var before = _run.Value;
        var first = _reports.Count > 0 ? _reports[0].Epoch : int.MaxValue;
        return before with { Reports = [.. before.Reports.Where(report => report.Epoch < first), .. Latest()] };
    }

    private IEnumerable<EpochReport> Latest()
    {
        List<EpochReport> kept = [];
        foreach (var report in _reports)
        {
            kept.RemoveAll(other => other.Epoch >= report.Epoch);
            kept.Add(report);
        }

        return kept;
    }
}
