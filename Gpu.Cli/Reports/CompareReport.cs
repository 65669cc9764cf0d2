using System.Xml.Linq;
using Gpu.Cli.Output;
using Gpu.Training.Data;
using Gpu.Training.Loop;

namespace Gpu.Cli.Reports;

/// <summary>Several runs over each other: numbers, curves, norms, histograms, decisions, and what differs in their configuration.</summary>
internal static class CompareReport
{
    private const int MostParameters = 30;
    private const int LongestHead = 24;

    /// <summary>The page.</summary>
    /// <param name="runs">the runs</param>
    /// <param name="results">their results; null where the data is gone</param>
    public static string Render(IReadOnlyList<RunView> runs, IReadOnlyList<RunResults?> results)
    {
        var names = Names(runs);
        return ReportStyle.Page($"{runs.Count} runs", string.Join(" \u00B7 ", names), false,
        [
            Numbers(runs, results, names), Differences(runs, names), Curves(runs, names), Layers(runs, names), Planes(results, names),
        ]);
    }

    /// <summary>Names that differ: those of the folders, with their parents where two are the same.</summary>
    public static string[] Names(IReadOnlyList<RunView> runs) => [.. runs.Select(run => runs.Count(other => other.Name == run.Name) > 1
        ? Path.TrimEndingDirectorySeparator(run.Folder.Path) : run.Name)];

    /// <summary>The numbers of each run, by name.</summary>
    /// <param name="run">the run</param>
    /// <param name="results">its results; null where the data is gone</param>
    public static IEnumerable<(string Name, string Value)> Numbers(RunView run, RunResults? results)
    {
        yield return ("epochs", run.Last is { } end ? $"{end.Epoch}" : "0");
        yield return ("best epoch", run.Best is { } best && run.Folder.Configuration.Task != TaskKind.Generation ? $"{best.Epoch}" : "-");
        yield return ("train loss", Fixed(run.Last?.TrainLoss));
        yield return ("penalty", Fixed(run.Last?.Penalty.Value));
        var isValidated = run.Last?.EvaluatedOn == "validation";
        if (isValidated) yield return ("validation loss", Fixed(run.Best?.Loss));
        yield return ("test loss", Fixed(results?.Evaluation.Loss ?? (isValidated ? null : run.Best?.Loss)));
        yield return ("loss gap", Fixed(run.Last?.LossGap));
        if (run.IsRegression) yield return ("test RMSE", results is null ? "-" : Units.Short(results.Evaluation.Rmse));
        else if (run.IsSegmentation)
            yield return ("test mean IoU", Units.Percent(results?.Evaluation.Pixels?.MeanIou ?? run.Best?.MeanIou ?? double.NaN));
        else if (run.HasAccuracy) yield return ("test accuracy", Units.Percent(results?.Evaluation.Accuracy ?? run.Best?.Accuracy ?? double.NaN));
        if (run.Folder.Configuration.Task is TaskKind.Generation or TaskKind.Autoencoding)
        {
            var judged = run.Reports.LastOrDefault(report => double.IsFinite(report.Frechet));
            yield return ("Fr\u00E9chet distance", Units.Fixed(judged?.Frechet ?? double.NaN, 2));
            yield return ("precision", Units.Percent(judged?.Precision ?? double.NaN));
            yield return ("recall", Units.Percent(judged?.Recall ?? double.NaN));
        }

        yield return ("weight norm", Units.Short(Norm(run)));
        yield return ("small weights", Units.Percent(SmallShare(run), 1));
        yield return ("zeros", Units.Percent(run.Last?.Penalty.ZeroShare ?? double.NaN, 1));
        yield return ("seconds", Units.Fixed(run.Reports.Sum(report => report.TrainSeconds), 1));
    }

    /// <summary>The numbers of all runs: name, and value in each run; "-" where a run has no such number, such as the accuracy of an autoencoder.</summary>
    public static IEnumerable<(string Name, string[] Values)> Numbers(IReadOnlyList<RunView> runs, IReadOnlyList<RunResults?> results)
    {
        var numbers = runs.Zip(results, Numbers).Select(all => all.ToDictionary()).ToArray();
        // In the order of the run that has the most.
        return numbers.OrderByDescending(all => all.Count).SelectMany(all => all.Keys).Distinct()
            .Select(name => (name, numbers.Select(all => all.GetValueOrDefault(name, "-")).ToArray()));
    }

    /// <summary>The settings that are not the same in all runs: name, and value in each run.</summary>
    public static IEnumerable<(string Name, string[] Values)> Different(IReadOnlyList<RunView> runs)
    {
        var settings = runs.Select(run => run.Settings().ToArray()).ToArray();
        for (var i = 0; i < settings[0].Length; i++)
        {
            string[] values = [.. settings.Select(all => all[i].Value)];
            if (values.Distinct().Count() > 1) yield return (settings[0][i].Name, values);
        }
    }

    /// <summary>The norm of all weights in the last measured epoch; NaN without statistics.</summary>
    private static double Norm(RunView run) => run.Measured.Count == 0
        ? double.NaN : Math.Sqrt(run.Measured[^1].Layers!.Where(layer => layer.IsWeight).Sum(layer => layer.WeightNorm * layer.WeightNorm));

    private static double SmallShare(RunView run)
    {
        if (run.Measured.Count == 0) return double.NaN;
        var weights = run.Measured[^1].Layers!.Where(layer => layer.IsWeight).ToArray();
        return weights.Sum(layer => layer.SmallShare * layer.Length) / Math.Max(1, weights.Sum(layer => (double)layer.Length));
    }

    private static string Fixed(double? value) => Units.Fixed(value ?? double.NaN, 4);

    private static XElement Key(int run, string name) => Html.E(
        "td", Html.A("class", "run"), Html.A("title", name),
        Html.E("span", Html.A("class", "key"), Html.A("style", $"background:{ReportStyle.Color(run)}")), name);

    private static XElement Numbers(IReadOnlyList<RunView> runs, IReadOnlyList<RunResults?> results, string[] names)
    {
        var numbers = Numbers(runs, results).ToArray();
        return Html.Section("Numbers", Html.Table(
            ["run", .. numbers.Select(number => $"{number.Name}#")],
            names.Select((name, run) => (object[])[Key(run, name), .. numbers.Select(number => number.Values[run])])));
    }

    private static XElement Differences(IReadOnlyList<RunView> runs, string[] names)
    {
        var different = Different(runs).ToArray();
        if (different.Length == 0) return Html.Section("What differs", Html.E("p", "The configurations of the runs are the same."));
        return Html.Section("What differs", Html.Table(
            ["run", .. different.Select(setting => setting.Name)],
            names.Select((name, run) => (object[])[Key(run, name), .. different.Select(setting => setting.Values[run])])));
    }

    private static XElement? Curves(IReadOnlyList<RunView> runs, string[] names)
    {
        SvgPlot Plot(string title, Func<EpochReport, double> value, bool isLog = false, bool isPercent = false) => new(title)
        {
            IsLog = isLog, IsPercent = isPercent,
            Series = [.. runs.Select((run, i) => new PlotSeries(names[i], RunView.Epochs(run.Reports), [.. run.Reports.Select(value)], i))],
        };
        // Only some epochs have these numbers.
        XElement? Judged(string title, Func<EpochReport, double> value, bool isPercent = false) => new SvgPlot(title)
        {
            IsPercent = isPercent,
            Series =
            [
                .. runs.Select((run, i) =>
                {
                    EpochReport[] measured = [.. run.Reports.Where(report => double.IsFinite(value(report)))];
                    return new PlotSeries(names[i], RunView.Epochs(measured), [.. measured.Select(value)], i);
                }),
            ],
        }.Draw();
        var part = string.Join(" or ", runs.Select(run => run.Last?.EvaluatedOn ?? "test").Distinct());
        XElement?[] charts =
        [
            Plot("Training loss of the data", report => report.TrainLoss).Draw(), Plot($"Loss on the {part} part", report => report.Loss).Draw(),
            runs[0].IsRegression
                ? Plot("RMSE", report => report.Rmse).Draw()
                : runs[0].IsSegmentation ? Plot($"Mean IoU on the {part} part", report => report.MeanIou, isPercent: true).Draw()
                : runs[0].HasAccuracy ? Plot($"Accuracy on the {part} part", report => report.Accuracy, isPercent: true).Draw() : null,
            Judged("Fr\u00E9chet distance from the test images", report => report.Frechet),
            Judged("Precision of the generated images", report => report.Precision, isPercent: true),
            Judged("Recall of the generated images", report => report.Recall, isPercent: true),
            Plot("Gap of the losses", report => report.LossGap).Draw(), Plot("Penalty", report => report.Penalty.Value).Draw(),
            Plot("Learning rate, mean of the epoch", RunView.RateOf).Draw(),
        ];
        return charts.All(chart => chart is null) ? null : Html.Section("Curves", Html.Div("charts", charts));
    }

    // Parameters by name, of the runs that have them.
    private static XElement? Layers(IReadOnlyList<RunView> runs, string[] names)
    {
        var measured = runs.Select(run => run.Measured).ToArray();
        string[] parameters =
        [
            .. measured.Where(reports => reports.Count > 0).SelectMany(reports => reports[^1].Layers!).Where(layer => layer.IsWeight)
                .Select(layer => layer.Name).Distinct().Take(MostParameters),
        ];
        if (parameters.Length == 0) return null;
        var charts = parameters.Select(parameter => new SvgPlot($"Norm of {parameter}")
        {
            Series =
            [
                .. measured.Select((reports, i) =>
                    new PlotSeries(names[i], RunView.Epochs(reports), LayersSection.Values(reports, parameter, layer => layer.WeightNorm), i)),
            ],
        }.Draw());
        var rows = parameters.Select(parameter => (object[])
        [
            parameter, .. measured.Select((reports, i) => (object)(
                reports.Count > 0 && reports[^1].Layers!.FirstOrDefault(layer => layer.Name == parameter) is { } layer
                    ? Html.E("td", LayersSection.Histogram(layer, 160, 44, i), Html.E("span", Html.A("class", "soft"), $"\u00B1{Units.Short(layer.Largest)}"))
                    : Html.E("td", "-"))),
        ]);
        return Html.Section(
            "Layers", Html.Div("charts", charts),
            Html.E("p", Html.A("class", "soft"), "Histograms of the weights at the end, from minus to plus the largest of each."),
            Html.Table(["parameter", .. ShortNames.Of(names, LongestHead)], rows));
    }

    private static XElement? Planes(IReadOnlyList<RunResults?> results, string[] names)
    {
        if (results.All(result => result?.Plane is null)) return null;
        return Html.Section("Predictions over the plane", Html.Div("two", results.Zip(names).Where(one => one.First?.Plane is not null).Select(one =>
            Html.E("div", Html.E("h3", one.Second), PlaneSection.Image(one.First!.Plane!)))));
    }
}
