using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Cli.Reports;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Loop;
using Gpu.Training.Runs;

namespace Gpu.Cli.Commands;

/// <summary>Shows the progress and the result of a training run.</summary>
/// <param name="reporter">receives the output</param>
/// <param name="showsEveryReading">whether to write a line for every reading of the loss; set if the user gave <c>--log-every</c></param>
/// <param name="writesEvents">whether to write an event file for TensorBoard</param>
internal sealed class TrainingDisplay(Reporter reporter, bool showsEveryReading, bool writesEvents = false) : ITrainingObserver
{
    private const int SparklineWidth = 30;
    private const int MostLayers = 8;

    private readonly Stopwatch _clock = new();
    private TrainingSummary? _summary;
    private double? _firstStepSeconds;
    private long _firstStep;
    private KernelCompilation _compilation;
    private ReportUpdater? _report;
    private int _highestRank = int.MaxValue;

    public void OnStart(TrainingSummary summary)
    {
        _summary = summary;
        _firstStep = summary.FirstStep;
        if (summary.Run is { } run) _report = new ReportUpdater(run, reporter, writesEvents ? summary.FirstStep : null);
        ShowPlan(summary);
        if (summary.FirstStep > 0 && summary.FirstStep < summary.TotalSteps)
            reporter.Line($"Resuming after step {Units.Count(summary.FirstStep)}.");
        else if (summary.FirstStep > 0)
            reporter.Warn($"The run has already completed {Units.Count(summary.FirstStep, "step")}. To train further, increase --epochs or --steps.");
        // The first step can take long: its kernels are compiled, or loaded by the driver.
        var first = new ProgressState($"epoch 1/{summary.Epochs}", 0, summary.StepsPerEpoch, "first step", TimeSpan.MaxValue);
        if (reporter.IsLive) reporter.ProgressNow(first);
        else reporter.BeginProgress();
        _clock.Start();
    }

    /// <summary>Shows what is trained on what.</summary>
    public void ShowPlan(TrainingSummary summary)
    {
        var optimizer = summary.Optimizer;
        var validation = summary.ValidationSamples > 0 ? $"{Units.Count(summary.ValidationSamples)} validation, " : "";
        reporter.Table(ReportTable.KeyValues(null,
        [
            ("model", $"{summary.Model}, {Units.Count(summary.Parameters, "parameter")}"),
            ("layers", Layers(summary.Layers)),
            ("data", $"{summary.Dataset}, {Units.Count(summary.TrainSamples)} training, {validation}{Units.Count(summary.TestSamples)} test "
                + summary.SampleNoun),
            ("device", $"{summary.Device}, {Units.Bytes(summary.DeviceBytes)} allocated"),
            ("optimizer", Describe(optimizer, summary.FindsDecay)),
            .. Parameters(summary),
            ("schedule", $"{summary.Schedule}"),
            ("steps", $"{Units.Count(summary.TotalSteps)}, {Units.Count(summary.StepsPerEpoch)} per epoch, batch size {summary.Batch}"),
            ("run", summary.Run ?? "not saved"),
        ]));
    }

    public void OnCompilation(KernelCompilation progress)
    {
        _compilation = progress;
        CompilationDisplay.Show(reporter, progress);
        _clock.Restart();
    }

    // Only for what is shown.
    public bool WantsLoss => reporter.IsProgressDue;

    public void OnDetail(string message) => reporter.Detail(message);

    public void OnStep(in StepProgress progress)
    {
        _firstStepSeconds ??= (DateTime.Now - Process.GetCurrentProcess().StartTime).TotalSeconds;
        var isWanted = showsEveryReading && progress.IsLogged && !reporter.IsLive;
        if (!isWanted && !reporter.IsProgressDue) return;
        var made = progress.Step - _firstStep;
        var left = made > 0 ? _clock.Elapsed * ((double)(progress.TotalSteps - progress.Step) / made) : TimeSpan.MaxValue;
        var loss = double.IsNaN(progress.Loss) ? "" : $"loss {Units.Fixed(progress.Loss, 4)}  ";
        var state = new ProgressState(
            $"epoch {progress.Epoch}/{progress.Epochs}",
            progress.StepInEpoch,
            progress.StepsInEpoch,
            $"{loss}{Units.Count((long)progress.SamplesPerSecond)} {_summary?.SampleNoun ?? "samples"}/s",
            left);
        if (isWanted) reporter.ProgressLine(state);
        else reporter.ProgressNow(state);
    }

    public void OnEpoch(EpochReport report)
    {
        _report?.Add(report);
        // Each with its rank: where the width does not suffice, those of the highest rank are left out first.
        (string Text, int Rank)[] parts =
        [
            ($"epoch {report.Epoch}/{report.Epochs}", 0),
            ($"loss {Loss(report)}", 1),
            (!HasAccuracy ? "" : IsSegmentation ? $"IoU {Units.Percent(report.TrainMeanIou)}" : $"accuracy {Units.Percent(report.TrainAccuracy)}", 3),
            (IsGenerator ? $"discriminator: loss {Units.Fixed(report.DiscriminatorLoss, 4)}" : $"{report.EvaluatedOn}:", 0),
            (IsGenerator ? $"right {Units.Percent(report.DiscriminatorAccuracy)}" : $"loss {Units.Fixed(report.Loss, 4)}", HasAccuracy || IsRegression ? 2 : 0),
            (IsRegression ? $"RMSE {Units.Short(report.Rmse)}" : IsSegmentation ? $"mean IoU {Units.Percent(report.MeanIou)}"
                : HasAccuracy ? $"accuracy {Units.Percent(report.Accuracy)}" : "", 0),
            (IsSegmentation ? $"pixels {Units.Percent(report.Accuracy)}" : "", 2),
            (IsRegression ? $"R2 {Units.Fixed(report.R2, 4)}" : "", 3),
            (report.WeightDecay is { } decay ? $"decay {Decay(decay)}" : "", 5),
            (double.IsNaN(report.Divergence) ? "" : $"reconstruction {Units.Fixed(report.Reconstruction, 4)}", 1),
            (double.IsNaN(report.Divergence) ? "" : $"KL {Units.Fixed(report.Divergence, 2)}", 0),
            (IsGenerator ? $"diversity {Units.Percent(report.Diversity)}" : "", 1),
            (double.IsNaN(report.Frechet) ? "" : $"Fr\u00E9chet {Units.Fixed(report.Frechet, 2)}", 0),
            (double.IsNaN(report.Precision) ? "" : $"precision {Units.Percent(report.Precision)}  recall {Units.Percent(report.Recall)}", 2),
            ($"lr {Units.Scientific(RunView.RateOf(report))}", 6),
            ($"{Units.Count((long)report.SamplesPerSecond)} {_summary?.SampleNoun}/s", 4),
            (Seconds(report.TrainSeconds + report.EvaluationSeconds), 5),
            (report.IsBest && report.EvaluatedOn == "validation" ? "best" : "", 0),
        ];
        // What was left out once stays out, so that the lines have the same columns.
        while (Join().Length > reporter.Width && _highestRank > 0) _highestRank = Math.Min(_highestRank, 7) - 1;
        reporter.Line(Join());

        string Join() =>
            string.Join("  ", parts.Where(part => part.Rank <= _highestRank && part.Text.Length > 0).Select(part => part.Text)).Replace(":  ", ": ");
    }

    public void OnMessage(string message) => reporter.Line(message);

    public void OnWarning(string message) => reporter.Warn(message);

    /// <summary>Writes the report of the run, and shows the result, also as JSON.</summary>
    /// <param name="result">the result</param>
    /// <param name="data">the data of the run</param>
    /// <param name="device">the device</param>
    /// <param name="cancellation">ends the computation of the report</param>
    public void Finish(TrainingResult result, Dataset data, ComputeDevice device, CancellationToken cancellation)
    {
        reporter.EndProgress();
        if (result.Reports.Count > 0 || result.End != TrainingEnd.Cancelled)
            _report?.Finish(result.End == TrainingEnd.Cancelled ? null : data, device, cancellation);
        _report?.Dispose();
        Show(result);
        reporter.Result(Json(result));
    }

    /// <summary>Shows the result of the run.</summary>
    /// <param name="result">the result</param>
    public void Show(TrainingResult result)
    {
        reporter.EndProgress();
        if (result.End == TrainingEnd.Cancelled)
        {
            reporter.Line($"Stopped after {Units.Count(result.Steps, "step")}.");
            if (result.Run is { } folder) reporter.Line($"To continue: gputrainer train --resume {ShellQuote.Quote(folder)}");
        }
        else
        {
            var top = HasTopK(result) ? $", top-{result.TopK} accuracy {Units.Percent(result.TestTopK)}" : "";
            reporter.Line(IsRegression
                ? $"test RMSE {Units.Short(result.TestRmse)}, R2 {Units.Fixed(result.TestR2, 4)}, loss {Units.Fixed(result.TestLoss, 4)}"
                : IsSegmentation
                ? $"test mean IoU {Units.Percent(result.TestMeanIou)}, pixel accuracy {Units.Percent(result.TestAccuracy)}, "
                    + $"loss {Units.Fixed(result.TestLoss, 4)}"
                : IsGenerator ? (result.Reports.LastOrDefault(report => double.IsFinite(report.Frechet)) is { } judged
                    ? $"Fr\u00E9chet distance {Units.Fixed(judged.Frechet, 2)} in epoch {judged.Epoch}" : "Trained.")
                : !HasAccuracy ? $"test loss {Units.Fixed(result.TestLoss, 4)}"
                : $"test accuracy {Units.Percent(result.TestAccuracy)}{top}, loss {Units.Fixed(result.TestLoss, 4)}");
            // After a resume, time and rate are those of the new steps.
            var steps = result.Steps - _firstStep;
            var more = _firstStep > 0 ? "more " : "";
            var first = _firstStepSeconds is { } seconds ? $"; first step completed {Units.Fixed(seconds, 2)} s after program start" : "";
            // The rate is that of the steps, not of evaluation and saving.
            var rate = $"{Seconds(result.TrainSeconds)} of them in steps: {Units.Count((long)result.SamplesPerSecond)} {_summary?.SampleNoun}/s";
            reporter.Line(steps == 0
                ? $"No steps were left: the run has {Units.Count(result.Steps)}."
                : $"{Units.Count(steps, $"{more}step")} in {Units.Fixed(result.Seconds, 1)} s, {rate}{first}");
            if (result.WeightDecay is { } decay)
            {
                reporter.Line($"Weight decay found: {Decay(decay)}, the mean over the run, in which late steps count more. To train with it on all data, add "
                    + $"--weight-decay {Decay(decay)}");
            }

            if (_summary?.HasL1 == true) reporter.Line($"{Units.Percent(result.Penalty.ZeroShare)} of the weights are exactly 0.");
            ShowPanel(result);
        }
    }

    // The layers with weights and their outputs, the first and the last ones of a deep network.
    private static string Layers(IReadOnlyList<string> layers) => string.Join(", ", layers.Count <= MostLayers
        ? layers : [.. layers.Take(MostLayers / 2), $"{layers.Count - MostLayers} more", .. layers.TakeLast(MostLayers / 2)]);

    // Where the run is, and what can be done with it.
    private void ShowPanel(TrainingResult result)
    {
        var losses = result.Reports.Select(report => report.TrainLoss).ToArray();
        List<(string, string)> facts = [];
        if (losses.Length > 1)
        {
            var line = Sparkline.Draw(losses, SparklineWidth, reporter.Host.IsUnicode);
            facts.Add(("loss", $"{line}  {Units.Fixed(losses[0], 4)} to {Units.Fixed(losses[^1], 4)}"));
        }

        if (result.Run is { } folder)
        {
            var quoted = ShellQuote.Quote(folder);
            reporter.Line($"Run saved to {folder}");
            if (_report?.Path is { } page) facts.Add(("report", page));
            if (writesEvents) facts.Add(("TensorBoard", $"tensorboard --logdir {quoted}"));
            if (IsGenerator) facts.AddRange([("generate", $"gputrainer generate {quoted}")]);
            else facts.AddRange([("evaluate", $"gputrainer eval {quoted}"), ("predict", $"gputrainer predict {quoted} {(IsTable ? "FILE.csv" : "IMAGE")}")]);
        }

        if (facts.Count == 0) return;
        var table = ReportTable.KeyValues(null, [.. facts]);
        if (!reporter.IsLive || reporter.Fits(table)) reporter.Table(table);
        // A command that a table breaks cannot be copied.
        else foreach (var (name, text) in facts) reporter.Whole($"{name.PadRight(facts.Max(fact => fact.Item1.Length))}  {text}");
    }

    // The loss of the data, and with a penalty the sum, too.
    private static string Loss(EpochReport report)
    {
        var loss = Units.Fixed(report.TrainLoss, 4);
        if (report.Penalty.Kind == PenaltyKind.None) return loss;
        var name = report.Penalty.Kind == PenaltyKind.Loss ? "penalty" : "penalty (for SGD)";
        return $"{loss} + {name} {Units.Fixed(report.Penalty.Value, 4)} = {Units.Fixed(report.TotalLoss, 4)}";
    }

    private bool IsTable => _summary?.SampleNoun == "rows";

    // With five classes or fewer every sample is in the top 5.
    private bool HasTopK(TrainingResult result) => !IsSegmentation && HasAccuracy && result.TopK > 1 && result.TopK < _summary?.Classes;

    private bool IsSegmentation => _summary?.Task == TaskKind.Segmentation;

    private bool HasAccuracy => Gpu.Training.Models.TaskModel.HasAccuracy(_summary?.Task ?? TaskKind.Classification);

    private bool IsGenerator => _summary?.Task == TaskKind.Generation;

    private bool IsRegression => _summary?.Task == TaskKind.Regression;

    // The options for some parameters by name.
    private static IEnumerable<(string, string)> Parameters(TrainingSummary summary)
    {
        if (summary.DecayFor.Count > 0)
            yield return ("decay for", string.Join(", ", summary.DecayFor.Select(one => $"{one.Pattern}={Units.Scientific(one.WeightDecay)}")));
        if (summary.LearningRateScales.Count > 0)
            yield return ("lr scale", string.Join(", ", summary.LearningRateScales.Select(one => $"{one.Pattern}={Units.Short(one.Factor)}")));
        if (summary.Freeze.Count > 0) yield return ("frozen", string.Join(", ", summary.Freeze));
    }

    // In milliseconds where tenths of a second would be 0.
    private static string Seconds(double seconds) => seconds < 0.1 ? $"{Math.Max(1, Math.Round(1000 * seconds))} ms" : $"{Units.Fixed(seconds, 1)} s";

    // Three digits: it is found, not given.
    private static string Decay(double value) => value.ToString("0.##e-0", CultureInfo.InvariantCulture);

    private static string Describe(OptimizerOptions optimizer, bool findsDecay)
    {
        var (mode, target) = (optimizer.DecayMode.ToString().ToLowerInvariant(), optimizer.DecayOn.ToString().ToLowerInvariant());
        var convention = optimizer.DecayConvention == DecayConvention.Full ? ", full" : "";
        var schedule = optimizer.DecaySchedule switch { DecaySchedule.Rate => "", DecaySchedule.Schedule => ", by schedule", _ => ", constant" };
        var cautious = optimizer.CautiousDecay ? ", cautious" : "";
        var found = findsDecay ? "found from " : "";
        var decay = optimizer.WeightDecay > 0
            ? $", weight decay {found}{Units.Scientific(optimizer.WeightDecay)} ({mode}, on {target}{convention}{schedule}{cautious})"
            : "";
        var l1 = optimizer.L1 > 0 ? $", L1 {Units.Scientific(optimizer.L1)}{(optimizer.L1Mode == L1Mode.Proximal ? " (proximal)" : "")}" : "";
        var maxNorm = optimizer.MaxNorm > 0 ? $", max norm {Units.Short(optimizer.MaxNorm)}" : "";
        var spectral = optimizer.SpectralNorm > 0 ? $", spectral norm {Units.Short(optimizer.SpectralNorm)}" : "";
        return $"{optimizer.Kind.ToString().ToLowerInvariant()}, learning rate {Units.Scientific(optimizer.LearningRate)}{decay}{l1}{maxNorm}{spectral}";
    }

    private JsonRecord Json(TrainingResult result)
    {
        var record = new JsonRecord()
            .Add("model", result.Model).Add("dataset", result.Dataset).Add("device", result.Device).Add("epochs", result.Epochs).Add("steps", result.Steps)
            .Add("train_loss", result.TrainLoss).Add("weight_decay", result.WeightDecay)
            .Add("penalty", result.Penalty.Value).Add("penalty_kind", PenaltyNames.Of(result.Penalty.Kind))
            .Add("total_loss", result.TotalLoss).Add("zero_share", result.Penalty.ZeroShare)
            .Add("test_loss", result.TestLoss).Add("test_accuracy", result.TestAccuracy)
            .Add("samples_per_second", result.SamplesPerSecond).Add("seconds", result.Seconds).Add("parameters", result.Parameters).Add("run", result.Run)
            .Add("end", result.End switch { TrainingEnd.StoppedEarly => "stopped_early", TrainingEnd.Cancelled => "cancelled", _ => "completed" })
            .Add("top_k", HasTopK(result) ? result.TopK : null).Add("test_top_k", HasTopK(result) ? result.TestTopK : null).Add("best_epoch", result.BestEpoch)
            .Add("validation_loss", result.ValidationLoss).Add("validation_accuracy", result.ValidationAccuracy)
            .Add("batch", _summary?.Batch).Add("device_bytes", _summary?.DeviceBytes).Add("first_step_seconds", _firstStepSeconds)
            .Add("compile_seconds", _compilation.Seconds).Add("compiled_kernels", _compilation.Total)
            .Add("task", result.Task.ToString().ToLowerInvariant()).Add("test_rmse", result.TestRmse).Add("test_r2", result.TestR2)
            .Add("test_mean_iou", double.IsNaN(result.TestMeanIou) ? null : result.TestMeanIou)
            .Add("precision", result.Precision.ToString().ToLowerInvariant()).Add("loss_scale", result.LossScale?.Scale)
            .Add("skipped_updates", result.LossScale?.Skipped)
            .Add("history", result.Reports.Select(report => JsonSerializer.Deserialize<JsonElement>(EpochJson.Write(report))));
        return result.Losses is { } losses ? record.Add("losses", losses) : record;
    }
}
