using Gpu.Cli.Charts;
using Gpu.Cli.Output;
using Gpu.Training.Loop;
using Gpu.Training.Models;

namespace Gpu.Cli.Commands;

/// <summary>Shows what a run would do: <c>train --dry-run</c>.</summary>
internal static class TrainingPlanDisplay
{
    private const int PlotPoints = 1000;

    /// <summary>Shows the plan, and draws the learning rate.</summary>
    /// <param name="reporter">receives the plan</param>
    /// <param name="model">the network</param>
    /// <param name="options">the training options</param>
    /// <param name="trainer">the run, which is not started</param>
    /// <param name="plot">picture file; null for none</param>
    public static void Show(Reporter reporter, Model model, TrainingOptions options, Trainer trainer, string? plot)
    {
        var summary = trainer.Summary();
        ModelCommand.ShowLayers(reporter, model);
        new TrainingDisplay(reporter, false).ShowPlan(summary);
        var places = Places(summary.TotalSteps, options.Warmup);
        var table = new ReportTable(ReportTable.Text("learning rate"), ReportTable.Number("step"), ReportTable.Number("epoch"), ReportTable.Number("rate"))
        {
            Title = $"{summary.Schedule}{(options.Warmup > 0 ? $", warm-up of {Units.Count(options.Warmup, "step")}" : "")}",
        };
        foreach (var (name, step) in places)
            table.Add(name, Units.Count(step + 1), Units.Count(step / summary.StepsPerEpoch + 1), Units.Scientific(trainer.LearningRateAt(step)));
        reporter.Table(table);
        if (plot is not null)
        {
            Draw(trainer, summary, options, plot);
            reporter.Line($"Learning rate drawn to {plot}");
        }

        reporter.Line("Nothing was trained (--dry-run).");
        reporter.Result(new JsonRecord().Add("dry_run", true).Add("model", summary.Model).Add("dataset", summary.Dataset).Add("device", summary.Device)
            .Add("parameters", summary.Parameters).Add("train_samples", summary.TrainSamples).Add("validation_samples", summary.ValidationSamples)
            .Add("test_samples", summary.TestSamples).Add("batch", summary.Batch).Add("epochs", summary.Epochs)
            .Add("steps_per_epoch", summary.StepsPerEpoch).Add("steps", summary.TotalSteps)
            .Add("optimizer", summary.Optimizer.Kind.ToString().ToLowerInvariant()).Add("weight_decay", summary.Optimizer.WeightDecay)
            .Add("schedule", $"{summary.Schedule}").Add("warmup", options.Warmup).Add("device_bytes", summary.DeviceBytes)
            .Add("learning_rates", places.Select(place => new JsonRecord().Add("at", place.Name).Add("step", place.Step + 1)
                .Add("learning_rate", trainer.LearningRateAt(place.Step)))));
    }

    // Steps count from 0 here.
    private static List<(string Name, long Step)> Places(long total, int warmup)
    {
        List<(string, long)> places = [("start", 0)];
        if (warmup > 0 && warmup < total) places.Add(("end of warm-up", warmup - 1));
        if (total > 2) places.Add(("middle", total / 2));
        if (total > 1) places.Add(("end", total - 1));
        return places;
    }

    private static void Draw(Trainer trainer, TrainingSummary summary, TrainingOptions options, string file)
    {
        // Every step of a short run; else evenly spaced ones and the end of the warm-up.
        var count = (int)Math.Min(PlotPoints, summary.TotalSteps);
        var steps = Enumerable.Range(0, count).Select(i => count < 2 ? 0 : (long)Math.Round((double)i * (summary.TotalSteps - 1) / (count - 1))).ToList();
        if (options.Warmup > 0 && options.Warmup <= summary.TotalSteps) steps.Add(options.Warmup - 1);
        long[] ordered = [.. steps.Distinct().Order()];
        new LineChart($"{summary.Schedule}", $"step ({Units.Count(summary.StepsPerEpoch)} per epoch)", "learning rate")
        {
            XAxis = ChartAxis.Whole(),
            Series =
            [
                new ChartSeries("", [.. ordered.Select(step => step + 1.0)], [.. ordered.Select(step => (double)trainer.LearningRateAt(step))])
                {
                    HasMarks = count < 30,
                },
            ],
        }.Save(file);
    }
}
