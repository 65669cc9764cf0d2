using System.CommandLine;
using System.Diagnostics;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Cli.Sweeping;
using Gpu.Kernels.Devices;
using Gpu.Training.IO;
using Gpu.Training.Loop;
using Gpu.Training.Runs;
using Gpu.Training.Search;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Commands;

/// <summary><c>sweep [DATASET] --grid weight-decay=0,1e-4,1e-3</c>: compares settings of the options of <c>train</c> on held-out training samples.</summary>
internal sealed class SweepCommand
{
    // What is swept if nothing else is.
    private const string StandardGrid = "weight-decay=0,1e-5,1e-4,1e-3,1e-2";
    private const string TrialFolder = "trials";
    private const string CsvFile = "results.csv";

    private readonly CommandContext _context;
    private readonly SweepSettings _settings;
    private readonly Argument<string?> _dataset = new("DATASET")
    {
        Description = "Data set name (see 'data list'), folder of images, or table (.csv, .tsv) (default: digits)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string[]> _grid = Options.Repeated(
        "--grid", "OPTION=VALUES", $"Values to try for an option of 'train': {SweptOption.Syntax}; repeatable, all combinations are tried. Most options "
        + "below take such a list themselves, such as --lr 1e-3,1e-2", StandardGrid, text => text);

    private readonly Option<long?> _random = Options.Integer(
        "--random", "Draw N settings at random instead of trying all combinations; ranges need no number of values then: 1e-5..1e-1:log", 1, 1000, "off");

    private readonly Option<long?> _folds = Options.Integer("--folds", "Number of cross-validation folds; 1 uses a single hold-out split", 1, 100, "1");

    private readonly Option<double?> _holdOut = Options.Number(
        "--hold-out", "Fraction of the training images to hold out with --folds 1", new Interval(0, 1, true, true), "0.2");

    private readonly Option<long?> _seeds = Options.Integer("--seeds", "Runs with different seeds for each setting and fold, from --seed on", 1, 100, "1");

    private readonly Option<long?> _halving = Options.Integer(
        "--halving", "Successive halving: train all settings for a part of the epochs, the best 1/N of them for N times as many, and so on", 2, 10, "off");

    private readonly Option<long?> _jobs = Options.Integer(
        "--jobs", "Runs side by side, which share the threads of the CPU, or take turns on the GPUs of one model", 1, 256,
        "one for each thread of the CPU, if there is memory, or for each such GPU");

    private readonly Option<string?> _choose = Options.OneOf(
        "--choose", "The setting to choose: the one with the lowest loss, or the most regularized one within one standard error of it", "best",
        "best", "one-se");

    private readonly Option<string?> _refit = Options.Text(
        "--refit", "RUN", "Train the chosen setting on all training samples (with --limit-train, on those), into this run folder", "off");

    private readonly Option<string?> _plot = Options.PictureFile("--plot", "Draw validation and training loss over the values to a picture", "none");

    private readonly Option<string?> _out = Options.Text(
        "--out", "FOLDER|FILE.csv", "Folder for results (CSV, JSON, pictures) and finished runs, from which the same command continues after it was stopped; "
        + "or a CSV file alone", "none");

    private SweepCommand(CommandContext context)
    {
        _context = context;
        _settings = new SweepSettings(context);
    }

    /// <summary>Adds arguments, options and action.</summary>
    public static void Build(Command command, CommandContext context)
    {
        var sweep = new SweepCommand(context);
        command.Arguments.Add(sweep._dataset);
        Option[] own =
        [
            sweep._grid, sweep._random, sweep._folds, sweep._holdOut, sweep._seeds, sweep._halving, sweep._jobs, sweep._choose, sweep._refit, sweep._plot,
            sweep._out,
        ];
        foreach (var option in own.Concat(sweep._settings.Options)) command.Options.Add(option);
        command.SetAction(sweep.Run);
    }

    private int Run(ParseResult parsed)
    {
        var (reporter, cancellation) = (_context.Reporter, _context.Host.Cancellation);
        var (common, swept) = _settings.Read(parsed, parsed.GetValue(_dataset), parsed.GetValue(_grid) ?? [], StandardGrid);
        var folds = parsed.GetInt(_folds) ?? 1;
        if (folds > 1 && parsed.GetValue(_holdOut) is not null)
            throw new UsageException("--hold-out cannot be combined with --folds: cross-validation holds out each fold in turn. Omit one of them.");
        var output = parsed.GetValue(_out);
        RequireFree(output);
        if (parsed.GetValue(_plot) is { } picture) OutputFile.RequireOwn(picture, _plot.Name);
        if (parsed.GetValue(_refit) is { } refit) RunFolder.RequireFree(refit);

        var (settings, values, commands) = Prepare(parsed, common, swept);
        var seed = settings[0].Options.Seed;
        var search = new HyperparameterSearch(settings, new SearchOptions
        {
            Folds = folds,
            HoldOut = parsed.GetValue(_holdOut) ?? 0.2,
            Seeds = parsed.GetInt(_seeds) ?? 1,
            SplitSeed = seed,
            Halving = parsed.GetInt(_halving),
        });
        var devices = _settings.Train.Device.OpenSeveral(_settings.Parse(common), _context, parsed.GetInt(_jobs), search.RunCount, settings.Max(BytesOf));
        try
        {
            Announce(parsed, settings, search, devices);
            var store = IsFolder(output) ? new TrialStore(Path.Combine(output!, TrialFolder)) : null;
            var results = Search(search, settings.Count, devices, store, cancellation);
            var report = new SweepReport(swept, results, values, parsed.GetInt(_random) is null);
            report.Show(reporter, _context.Host.IsUnicode);
            var isOneError = parsed.GetValue(_choose) == "one-se";
            if (isOneError && report.Choice is { OneStandardError: null })
                reporter.Warn("--choose one-se needs several runs for each setting (--folds or --seeds); the setting with the lowest loss is chosen.");
            var chosen = isOneError ? report.Choice?.OneStandardError ?? report.Choice?.Best : report.Choice?.Best;
            var arguments = chosen is null ? null : commands[chosen.Setting.Name];
            if (arguments is not null)
                reporter.Line($"To train {chosen!.Setting.Name} on {AllSamples(chosen.Setting)}: gputrainer train {ShellQuote.Join(arguments)}");
            var json = new JsonRecord().Add("model", settings[0].Model.Name).Add("dataset", settings[0].Data.Name).Add("device", devices[0].Id)
                .Add("precision", devices[0].Precision.ToString().ToLowerInvariant()).Add("folds", folds).Add("seeds", parsed.GetInt(_seeds) ?? 1)
                .Add("jobs", devices.Count);
            var all = new JsonRecord();
            foreach (var setting in settings) all.Add(setting.Name, commands[setting.Name]);
            report.AddTo(json).Add("chosen", chosen?.Setting.Name).Add("train_command", arguments).Add("train_commands", all);
            Write(parsed, report, json, $"{settings[0].Model.Name} on {settings[0].Data.Name}, {Judged(parsed)}");
            var isComplete = !cancellation.IsCancellationRequested;
            if (!isComplete && store is not null) reporter.Line("Stopped. The same command continues where it was stopped.");
            if (isComplete && arguments is not null && parsed.GetValue(_refit) is { } folder)
                isComplete = Refit(arguments, folder, json, devices, cancellation);
            reporter.Result(json);
            return isComplete ? ExitCode.Success : ExitCode.Cancelled;
        }
        finally
        {
            foreach (var device in devices) device.Dispose();
        }
    }

    private static string AllSamples(SearchSetting setting) => setting.Options.LimitTrain is { } limit && limit < setting.Data.Train.Count
        ? $"the {Units.Count(limit)} training samples of --limit-train" : "all training samples";

    // The settings, and by their names the values of the swept options and the arguments of train.
    private (IReadOnlyList<SearchSetting>, Dictionary<string, IReadOnlyList<string>> Values, Dictionary<string, IReadOnlyList<string>> Commands) Prepare(
        ParseResult parsed, IReadOnlyList<string> common, IReadOnlyList<SweptOption> swept)
    {
        List<SearchSetting> settings = [];
        Dictionary<string, IReadOnlyList<string>> values = [], commands = [];
        Dictionary<string, int> idle = [];
        var lastMistake = "";
        var drawn = parsed.GetInt(_random) is { } count
            ? _settings.Draw(swept, count, (ulong)(_settings.Parse(common).GetValue<long?>("--seed") ?? 1)) : SweepSettings.Grid(swept);
        List<string> refused = [];
        foreach (var point in drawn)
        {
            try
            {
                var (setting, effective, arguments, mistakes) = Prepare(common, swept, point, settings.Count == 0);
                // Settings that differ only in an option without effect are the same.
                if (!values.TryAdd(setting.Name, effective)) continue;
                commands[setting.Name] = arguments;
                settings.Add(setting);
                foreach (var (option, mistake) in mistakes)
                {
                    idle[option] = idle.GetValueOrDefault(option) + 1;
                    lastMistake = mistake;
                }
            }
            catch (UsageException mistake) when (swept.Count > 0)
            {
                refused.Add($"{Name(swept, point)}: {mistake.Message}");
                if (swept.Count == 1) throw new UsageException(refused[0], mistake);
            }
        }

        if (settings.Count == 0) throw new UsageException($"No setting is possible. {refused[0]}");
        // What has no effect in any setting is refused, as by train.
        if (idle.Values.Any(count => count == settings.Count)) throw new UsageException(lastMistake);
        if (refused.Count > 0)
            _context.Reporter.Note($"Left out: {Units.Count(refused.Count, "combination")} that 'train' refuses, such as {refused[0]}");
        return (settings, values, commands);
    }

    // Leaves out options that have no effect beside the others, such as the mode of a decay of 0: the value of a swept one is empty then.
    private (SearchSetting Setting, IReadOnlyList<string> Values, IReadOnlyList<string> Arguments, List<(string Option, string Mistake)> Idle) Prepare(
        IReadOnlyList<string> common, IReadOnlyList<SweptOption> swept, IReadOnlyList<string> point, bool isFirst)
    {
        string[] values = [.. point];
        List<(string Option, string Mistake)> idleCommon = [];
        while (true)
        {
            try
            {
                var arguments = SweepSettings.Arguments(common, swept, values);
                return (_settings.Prepare(Name(swept, values), arguments, isFirst), values, arguments, idleCommon);
            }
            catch (UsageException mistake)
            {
                if (SweepSettings.IdleOption(common, mistake.Message) is { } option)
                {
                    common = SweepSettings.Without(common, option);
                    idleCommon.Add((option, mistake.Message));
                    continue;
                }

                if (swept.Count < 2) throw;
                var idle = swept.Index().FirstOrDefault(
                    pair => values[pair.Index].Length > 0 && mistake.Message.StartsWith($"{pair.Item.Name} has no effect", StringComparison.Ordinal));
                if (idle.Item is null) throw;
                values[idle.Index] = "";
            }
        }
    }

    private static string Name(IReadOnlyList<SweptOption> swept, IEnumerable<string> values)
    {
        var parts = swept.Zip(values).Where(pair => pair.Second.Length > 0).Select(pair => $"{pair.First.Key}={pair.Second}");
        return string.Join(' ', parts) is { Length: > 0 } name ? name : "as given";
    }

    private void Announce(
        ParseResult parsed, IReadOnlyList<SearchSetting> settings, HyperparameterSearch search, IReadOnlyList<ComputeDevice> devices)
    {
        var seeds = parsed.GetInt(_seeds) is > 1 and var count ? $" with {count} seeds" : "";
        var ids = devices.Select(device => device.Id).Distinct().ToArray();
        var jobs = devices.Count > 1 ? $", {devices.Count} at a time{(ids.Length > 1 ? $" on {string.Join(", ", ids)}" : "")}" : "";
        var halving = search.Rungs.Count > 1 ? $" Successive halving: {string.Join(", ", search.Rungs.Select(part => Units.Percent(part, 0)))} of the epochs."
            : "";
        _context.Reporter.Line(
            $"{settings[0].Model.Name} on {settings[0].Data.Name}: {Units.Count(settings.Count, "setting")}, evaluated by {Judged(parsed)}{seeds}: "
            + $"{Units.Count(search.RunCount, "run")}{jobs}.{halving} The test samples are not used.");
    }

    private IReadOnlyList<SettingResult> Search(
        HyperparameterSearch search, int settings, IReadOnlyList<ComputeDevice> devices, TrialStore? store, CancellationToken cancellation)
    {
        var reporter = _context.Reporter;
        var clock = Stopwatch.StartNew();
        var (finished, kept, trained) = (0, 0, 0);
        reporter.BeginProgress();
        var results = search.Run(devices, store, ShowProgress, ShowResult, CountTrial, cancellation);
        reporter.EndProgress();
        if (kept > 0) reporter.Line($"{Units.Count(kept, "run")} had been finished before, and {(kept == 1 ? "was" : "were")} not repeated.");
        if (store is { Damaged: > 0 }) reporter.Warn($"{Units.Count(store.Damaged, "file")} of finished runs were damaged; these runs were made again.");
        reporter.Line($"{Units.Count(trained, "run")} in {Units.Fixed(clock.Elapsed.TotalSeconds, 1)} s");
        return results;

        void CountTrial(int done, bool isStored)
        {
            if (isStored) kept++;
            else trained++;
        }

        void ShowResult(SettingResult result)
        {
            var count = search.Rungs.Count > 1 ? "" : $"{++finished}/{settings}  ";
            var epochs = search.Rungs.Count > 1 ? $"{Units.Count(result.Trials.Max(trial => trial.Epochs), "epoch")}  " : "";
            var accuracy = !double.IsNaN(result.MeanIou.Mean) ? $"mean IoU {SweepReport.WithDeviation(result.MeanIou, share => Units.Percent(share))}  "
                : double.IsNaN(result.Accuracy.Mean) ? "" : $"accuracy {SweepReport.WithDeviation(result.Accuracy, share => Units.Percent(share))}  ";
            reporter.Line(
                $"{count}{epochs}{result.Setting.Name}  {accuracy}loss {SweepReport.WithDeviation(result.Loss, loss => Units.Fixed(loss, 4))}  "
                + $"{Units.Fixed(result.Seconds, 1)} s");
        }

        void ShowProgress(int done, StepProgress step)
        {
            if (!reporter.IsProgressDue) return;
            var made = done - kept;
            reporter.ProgressNow(new ProgressState(
                $"run {done + 1}/{search.RunCount}", done, search.RunCount,
                $"loss {Units.Fixed(step.Loss, 4)}  {Units.Count((long)step.SamplesPerSecond)} samples/s",
                made > 0 ? clock.Elapsed * ((double)(search.RunCount - done) / made) : TimeSpan.MaxValue));
        }
    }

    private void Write(ParseResult parsed, SweepReport report, JsonRecord json, string title)
    {
        var reporter = _context.Reporter;
        if (parsed.GetValue(_plot) is { } plot)
            foreach (var file in report.Draw(plot, title)) reporter.Line($"Drawn to {file}");
        if (parsed.GetValue(_out) is not { } output) return;
        if (!IsFolder(output))
        {
            report.WriteCsv(output);
        }
        else
        {
            report.WriteCsv(Path.Combine(output, CsvFile));
            AtomicFile.WriteAllText(Path.Combine(output, "results.json"), $"{json}\n");
            foreach (var ending in new[] { "svg", "png" }) report.Draw(Path.Combine(output, $"loss.{ending}"), title);
        }

        reporter.Line($"Results written to {output}");
    }

    private bool Refit(
        IReadOnlyList<string> arguments, string folder, JsonRecord json, IReadOnlyList<ComputeDevice> devices, CancellationToken cancellation)
    {
        // All threads are for this run.
        foreach (var device in devices) device.Dispose();
        var display = new TrainingDisplay(_context.Reporter, false);
        var result = _settings.Train.Train(_settings.Parse(arguments), folder, display, cancellation);
        display.Show(result);
        json.Add("refit", new JsonRecord().Add("run", result.Run).Add("test_loss", result.TestLoss).Add("test_accuracy", result.TestAccuracy)
            .Add("train_loss", result.TrainLoss));
        return result.End != TrainingEnd.Cancelled;
    }

    private string Judged(ParseResult parsed) => parsed.GetInt(_folds) is > 1 and var folds ? $"{folds}-fold cross-validation"
        : $"hold-out of {Units.Percent(parsed.GetValue(_holdOut) ?? 0.2, 0)} of the training samples";

    // Weights, gradients and two moments; activations and their gradients; the samples.
    private static long BytesOf(SearchSetting setting) => sizeof(float) * (4L * setting.Model.ParameterCount
        + 2L * setting.Options.Batch * setting.Model.Nodes.SelectMany(node => node.Flatten()).Sum(node => (long)node.Output.Length)
        + (long)setting.Data.Train.Count * setting.Data.SampleShape.Length);

    private static bool IsFolder(string? output) => output is not null && !Path.GetExtension(output).Equals(".csv", StringComparison.OrdinalIgnoreCase);

    // Refuses to replace what no sweep has written.
    private static void RequireFree(string? output)
    {
        if (output is null) return;
        if (IsFolder(output))
        {
            if (File.Exists(output)) throw new UsageException($"--out: '{output}' is a file. Give a folder, or a file name that ends in .csv.");
            if (Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any() && !Directory.Exists(Path.Combine(output, TrialFolder)))
                throw new UsageException($"The folder '{output}' has files, but no results of a sweep. Choose another --out.");
        }
        else if (File.Exists(output) && File.ReadLines(output).FirstOrDefault()?.EndsWith(SweepReport.CsvColumns, StringComparison.Ordinal) != true)
        {
            throw new UsageException($"The file '{output}' exists, and is not the result of a sweep. Choose another --out, or move that file away.");
        }
    }
}
