using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.IO;
using Gpu.Training.Models;
using Gpu.Training.Search;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Commands;

/// <summary><c>sweep [DATASET] --weight-decay 0,1e-5,1e-4</c>: searches hyperparameters on a grid, by their loss on held-out training images.</summary>
internal sealed class SweepCommand
{
    private const string CsvHeader = "weight_decay,lr,dropout,accuracy,accuracy_error,loss,loss_error,seconds";

    private const int MaxPoints = 1000;

    private readonly CommandContext _context;
    private readonly DeviceOptions _device = new();
    private readonly TrainOptions _options = new(
        "--weight-decay", "--lr", "--dropout", "--validation", "--patience", "--limit-test", "--log-every", "--checkpoint-every", "--on-divergence");
    private readonly DataArguments _data = new();
    private readonly Argument<string?> _dataset = new("DATASET")
    {
        Description = "Data set name (see 'data list'), folder of images, or table (.csv, .tsv) (default: digits)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _model = Options.Text(
        "--model", "NAME|FILE", "Built-in network (see 'models') or JSON model file", "by the data; cnn2 for digits");

    private readonly Option<float[]?> _weightDecays = Values("--weight-decay", "Weight decays to try", Interval.NonNegative, "0,1e-5,1e-4,1e-3,1e-2");
    private readonly Option<float[]?> _learningRates = Values("--lr", "Learning rates to try", Interval.Positive, "the model's recipe");
    private readonly Option<float[]?> _dropouts = Values("--dropout", "Dropout probabilities to try", Interval.BelowOne, "as in the model");
    private readonly Option<long?> _folds = Options.Integer("--folds", "Number of cross-validation folds; 1 uses a single hold-out split", 1, 100, "1");

    private readonly Option<double?> _holdOut = Options.Number(
        "--hold-out", "Fraction of the training images to hold out with --folds 1", new Interval(0, 1, true, true), "0.2");

    private readonly Option<string?> _out = Options.Text("--out", "FILE", "CSV file for the results", "none");

    private SweepCommand(CommandContext context) => _context = context;

    /// <summary>Adds arguments, options and action.</summary>
    public static void Build(Command command, CommandContext context)
    {
        var sweep = new SweepCommand(context);
        command.Arguments.Add(sweep._dataset);
        foreach (var option in (Option[])[sweep._weightDecays, sweep._learningRates, sweep._dropouts, sweep._folds, sweep._holdOut, sweep._out, sweep._model])
            command.Options.Add(option);
        sweep._device.AddTo(command);
        sweep._options.AddTo(command);
        sweep._data.AddTo(command);
        command.SetAction(sweep.Run);
    }

    private static Option<float[]?> Values(string name, string description, Interval range, string standard) =>
        Options.Checked(name, "A,B,...", $"{description}, each {range}", standard, float[]? (text) => [.. text.Split(',').Select(part =>
            Options.TryParseNumber(part, range, out var value) ? (float)value
                : throw new FormatException($"expected comma-separated numbers ({range}), but got '{part}'."))]);

    private static string Describe(SearchPoint point)
    {
        var parts = new[]
        {
            point.WeightDecay is { } decay ? $"weight decay {Number(decay)}" : null,
            point.LearningRate is { } rate ? $"lr {Number(rate)}" : null,
            point.Dropout is { } dropout ? $"dropout {Number(dropout)}" : null,
        };
        return string.Join(", ", parts.Where(part => part is not null));
    }

    private static string Number(float value) => value == 0 ? "0" : value.ToString("0.######e0", System.Globalization.CultureInfo.InvariantCulture);

    private static string WithError(double value, double error, Func<double, string> format) =>
        double.IsNaN(error) ? format(value) : $"{format(value)} ± {format(error)}";

    private int Run(ParseResult parsed)
    {
        var cancellation = _context.Host.Cancellation;
        var points = SearchPoint.Grid(
            // An option that is not given has an empty array, not null.
            parsed.GetValue(_weightDecays) is { Length: > 0 } decays ? decays : [0, 1e-5f, 1e-4f, 1e-3f, 1e-2f],
            parsed.GetValue(_learningRates) ?? [], parsed.GetValue(_dropouts) ?? []);
        if (points.Count > MaxPoints)
            throw new UsageException($"The grid has {points.Count} combinations, but at most {MaxPoints} are allowed. Use shorter lists.");
        if (parsed.GetValue(_out) is { } file && File.Exists(file) && File.ReadLines(file).FirstOrDefault() != CsvHeader)
            throw new UsageException($"The file '{file}' exists, and is not the result of a sweep. Choose another --out, or move that file away.");
        var folds = parsed.GetInt(_folds) ?? 1;
        var holdOut = parsed.GetValue(_holdOut) ?? 0.2;
        if (folds > 1 && parsed.GetValue(_holdOut) is not null)
            throw new UsageException("--hold-out cannot be combined with --folds: cross-validation holds out each fold in turn. Omit one of them.");
        var options = _options.Apply(parsed, TrainOptions.Defaults);
        var (data, model) = _data.Load(
            parsed, parsed.GetValue(_dataset) ?? "digits", parsed.GetValue(_model), options.Background, _context.Reporter);
        TrainOptions.CheckOptimizer(parsed, options, model.Recipe.Optimizer);
        using var device = _device.Open(parsed, _context);
        var search = new GridSearch(model, data, device, options, folds, holdOut);
        var reporter = _context.Reporter;
        var judged = folds > 1 ? $"{folds}-fold cross-validation" : $"a hold-out split of {Units.Percent(holdOut, 0)} of the training samples";
        reporter.Line($"{model.Name} on {data.Name}: {Units.Count(points.Count, "setting")}, evaluated by {judged}. The test samples are not used.");
        reporter.BeginProgress();

        var clock = System.Diagnostics.Stopwatch.StartNew();
        List<SearchTrial> trials = [];
        foreach (var trial in search.Run(points, Show, cancellation))
        {
            trials.Add(trial);
            reporter.Line(
                $"{trials.Count}/{points.Count}  {Describe(trial.Point)}  "
                + $"accuracy {WithError(trial.Accuracy, trial.AccuracyError, share => Units.Percent(share))}  "
                + $"loss {WithError(trial.Loss, trial.LossError, loss => Units.Fixed(loss, 4))}  {Units.Fixed(trial.Seconds, 1)} s");
        }

        reporter.EndProgress();
        Report(reporter, model, data, device, trials, parsed.GetValue(_out), folds);
        return trials.Count < points.Count ? ExitCode.Cancelled : ExitCode.Success;

        void Show(SearchProgress state)
        {
            if (!reporter.IsProgressDue) return;
            var share = (double)state.Step.Step / state.Step.TotalSteps;
            var done = ((state.Trial - 1) * state.Folds) + state.Fold - 1 + share;
            var total = state.Trials * state.Folds;
            reporter.ProgressNow(new ProgressState(
                $"setting {state.Trial}/{state.Trials}{(state.Folds > 1 ? $" fold {state.Fold}/{state.Folds}" : "")}",
                state.Step.Step, state.Step.TotalSteps, $"loss {Units.Fixed(state.Step.Loss, 4)}  {Units.Count((long)state.Step.SamplesPerSecond)} samples/s",
                clock.Elapsed * ((total - done) / Math.Max(done, 1e-3))));
        }
    }

    private void Report(Reporter reporter, Model model, Dataset data, ComputeDevice device, List<SearchTrial> trials, string? file, int folds)
    {
        var best = GridSearch.Best(trials);
        if (best is not null)
        {
            var table = new ReportTable(ReportTable.Text("setting"), ReportTable.Number("accuracy"), ReportTable.Number("loss"), ReportTable.Text(""));
            foreach (var trial in trials)
            {
                table.Add(
                    Describe(trial.Point), WithError(trial.Accuracy, trial.AccuracyError, share => Units.Percent(share)),
                    WithError(trial.Loss, trial.LossError, loss => Units.Fixed(loss, 4)), trial == best ? "best" : "");
            }

            reporter.Table(table);
            reporter.Line("Loss on the held-out samples (lower is better; bars begin at 0):");
            var rows = trials.Select(trial => (Describe(trial.Point), trial.Loss, trial.LossError, Units.Fixed(trial.Loss, 4))).ToArray();
            foreach (var line in BarPlot.Lines(rows, _context.Host.IsUnicode))
                reporter.Line(line);
            reporter.Line($"Lowest loss: {Describe(best.Point)}.");
        }
        else if (trials.Count > 0)
        {
            reporter.Warn("No setting reached a finite loss. Try lower learning rates.");
        }

        if (file is not null)
        {
            AtomicFile.WriteAllText(file, Csv(trials));
            reporter.Line($"Results written to {file}");
        }

        reporter.Result(new JsonRecord().Add("model", model.Name).Add("dataset", data.Name).Add("device", device.Id)
            .Add("precision", device.Precision.ToString().ToLowerInvariant()).Add("folds", folds)
            .Add("trials", trials.Select(Json)).Add("best", best is null ? null : Json(best)));
    }

    private static JsonRecord Json(SearchTrial trial) => new JsonRecord()
        .Add("weight_decay", trial.Point.WeightDecay).Add("lr", trial.Point.LearningRate).Add("dropout", trial.Point.Dropout)
        .Add("accuracy", trial.Accuracy).Add("accuracy_error", trial.AccuracyError).Add("loss", trial.Loss).Add("loss_error", trial.LossError)
        .Add("accuracies", trial.Accuracies).Add("losses", trial.Losses).Add("seconds", trial.Seconds);

    private static string Csv(IEnumerable<SearchTrial> trials)
    {
        var lines = trials.Select(trial => FormattableString.Invariant(
            $"{trial.Point.WeightDecay},{trial.Point.LearningRate},{trial.Point.Dropout},{trial.Accuracy},{trial.AccuracyError},")
            + FormattableString.Invariant($"{trial.Loss},{trial.LossError},{trial.Seconds}"));
        return string.Join('\n', [CsvHeader, .. lines]) + "\n";
    }
}
