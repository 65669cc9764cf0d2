using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Cli.Reports;
using Gpu.Cli.TensorBoard;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.IO;
using Gpu.Training.Loop;
using Gpu.Training.Runs;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Commands;

/// <summary><c>report RUN [RUN...]</c> makes the page of a run, or compares several; <c>compare RUN RUN...</c> does the latter.</summary>
internal sealed class ReportCommand
{
    private const int MostRuns = 10;

    private readonly CommandContext _context;
    private readonly bool _compares;
    private readonly DeviceOptions _device = new();
    private readonly Argument<string[]> _runs;
    private readonly Option<string?> _out;
    private readonly Option<bool> _noData = Options.Flag(
        "--no-data", "Leave out what needs the data: test scores, confusion, pictures, embedding, predictions over the plane");

    private readonly Option<bool> _tensorBoard = Options.Flag("--tensorboard", "Write event files for TensorBoard into the run folders instead of a page");

    private ReportCommand(CommandContext context, bool compares)
    {
        (_context, _compares) = (context, compares);
        _runs = new("RUN")
        {
            Description = compares ? "Run folders to compare, 2 to 10" : "Run folder; several are compared",
            Arity = new ArgumentArity(compares ? 2 : 1, MostRuns),
        };
        _out = Options.Text(
            "--out", "FILE", "HTML file to write", compares ? "compare.html" : $"{RunFolder.ReportFile} in the run folder; compare.html for several runs");
    }

    /// <summary>Adds arguments, options and action of <c>report</c>.</summary>
    public static void Build(Command command, CommandContext context) => new ReportCommand(context, false).AddTo(command);

    /// <summary>Adds arguments, options and action of <c>compare</c>.</summary>
    public static void BuildCompare(Command command, CommandContext context) => new ReportCommand(context, true).AddTo(command);

    private void AddTo(Command command)
    {
        command.Arguments.Add(_runs);
        command.Options.Add(_out);
        command.Options.Add(_noData);
        if (!_compares) command.Options.Add(_tensorBoard);
        _device.AddTo(command);
        command.SetAction(Run);
    }

    private void Run(ParseResult parsed)
    {
        var paths = parsed.GetRequiredValue(_runs);
        if (!_compares && parsed.GetValue(_tensorBoard))
        {
            WriteEvents(parsed, paths);
            return;
        }

        if (parsed.GetValue(_out) is { } wanted) OutputFile.RequireEnding(wanted, "a page", ".html", ".htm");
        var file = parsed.GetValue(_out) ?? (paths.Length == 1 ? RunReport.PathOf(paths[0]) : "compare.html");
        OutputFile.RequireOwn(file);
        RunView[] runs = [.. paths.Select(path => RunView.Open(RunArgument.Open(path)))];
        if (runs.FirstOrDefault(run => run.IsRegression != runs[0].IsRegression) is { } other)
        {
            throw new UsageException(
                $"'{runs[0].Folder.Path}' and '{other.Folder.Path}' cannot be compared: one predicts classes, the other numbers. Compare runs with the same "
                + "task.");
        }

        using var device = _device.Open(parsed, _context);
        RunResults?[] results = [.. runs.Select(run => parsed.GetValue(_noData) ? null : Results(run, device))];
        // The page of a run is its own; that of a comparison may be of other runs.
        var isReplaced = runs.Length > 1 && File.Exists(file);
        AtomicFile.WriteAllText(file, runs.Length == 1 ? RunReport.Render(runs[0], results[0], isLive: false) : CompareReport.Render(runs, results));
        if (runs.Length > 1) ShowComparison(runs, results);
        _context.Reporter.Line(!isReplaced ? $"Report written to {file}" : $"Report written to {file}, which replaces the one that was there"
            + (parsed.GetValue(_out) is null ? " (--out FILE writes another)" : ""));
        _context.Reporter.Result(new JsonRecord().Add("report", Path.GetFullPath(file)).Add("runs", CompareReport.Names(runs).Select((name, i) =>
        {
            var record = new JsonRecord().Add("run", runs[i].Folder.Path).Add("name", name).Add("epochs", runs[i].Last?.Epoch ?? 0)
                .Add("train_loss", runs[i].Last?.TrainLoss).Add("loss", runs[i].Best?.Loss).Add("test_accuracy", results[i]?.Evaluation.Accuracy)
                .Add("test_mean_iou", results[i]?.Evaluation.Pixels?.MeanIou)
                .Add("test_loss", results[i]?.Evaluation.Loss).Add("zero_share", runs[i].Last?.Penalty.ZeroShare);
            foreach (var setting in CompareReport.Different(runs)) record.Add(setting.Name, setting.Values[i]);
            return record;
        })));
    }

    private void WriteEvents(ParseResult parsed, string[] paths)
    {
        if (parsed.GetValue(_out) is not null)
            throw new UsageException("--out names a page, but --tensorboard writes into the run folders. Omit one of them.");
        foreach (var path in paths)
        {
            // A second file would show every epoch twice.
            if (Directory.Exists(path) && TensorBoardLog.Files(path) is [var file, ..])
                throw new UsageException($"The run '{path}' has an event file already: '{file}'. Delete it first, or use it.");
        }

        RunView[] runs = [.. paths.Select(path => RunView.Open(RunArgument.Open(path)))];
        using var device = _device.Open(parsed, _context);
        List<string> files = [];
        foreach (var run in runs)
        {
            files.Add(TensorBoardLog.WriteAll(run, parsed.GetValue(_noData) ? null : Results(run, device)));
            _context.Reporter.Line($"Event file written to {files[^1]}");
        }

        _context.Reporter.Result(new JsonRecord().Add("event_files", files));
    }

    // The data may be gone; the rest of the page does not need it.
    private RunResults? Results(RunView run, ComputeDevice device)
    {
        if (run.Reports.Count == 0 && !File.Exists(run.Folder.BestWeights))
        {
            _context.Reporter.Note($"The run '{run.Folder.Path}' has no epoch yet.");
            return null;
        }

        try
        {
            using var predictor = Predictor.Open(run.Folder.Path, device);
            return RunResults.Compute(predictor, TestSplit(run.Folder), device, _context.Host.Cancellation);
        }
        catch (Exception e) when (e is DatasetException or TrainingException)
        {
            _context.Reporter.Warn($"The report lacks what the run '{run.Folder.Path}' gives on its test part: {e.Message}");
            return null;
        }
    }

    private DataSplit TestSplit(RunFolder run)
    {
        var source = RunArgument.DatasetOf(run.Configuration);
        DataSplit test = run.Configuration.Table is { } schema
            ? DatasetLoader.LoadTable(source, schema: schema, rows: run.ReadRows()).Test
            : DatasetLoader.Load(source, RunArgument.DataOptions(run, _context.Reporter)).Test;
        return run.Configuration.Options.LimitTest is { } limit && limit < test.Count ? test.Take(limit) : test;
    }

    private void ShowComparison(RunView[] runs, RunResults?[] results)
    {
        var names = CompareReport.Names(runs);
        // A column a run: there are more numbers than fit beside each other.
        var table = new ReportTable([ReportTable.Text(""), .. names.Select(ReportTable.Number)]);
        foreach (var (name, values) in CompareReport.Numbers(runs, results)) table.Add([name, .. values]);
        var different = CompareReport.Different(runs).ToArray();
        foreach (var (name, values) in different) table.Add([RunSettings.IsOption(name) ? $"--{name}" : name, .. values]);
        _context.Reporter.Table(table);
        _context.Reporter.Line(different.Length == 0 ? "The configurations of the runs are the same."
            : different.Length == 1 ? "The last line is what differs in the configurations."
            : $"The last {different.Length} lines are what differs in the configurations.");
    }
}
