using System.Globalization;
using Gpu.Cli.Charts;
using Gpu.Cli.Output;
using Gpu.Training.IO;
using Gpu.Training.Search;

namespace Gpu.Cli.Sweeping;

/// <summary>Shows and writes the results of a sweep.</summary>
/// <param name="Swept">the swept options</param>
/// <param name="Results">the settings with finished runs</param>
/// <param name="Values">the values of the swept options by the name of the setting</param>
/// <param name="IsGrid">whether the settings are all combinations of the values</param>
internal sealed record SweepReport(
    IReadOnlyList<SweptOption> Swept, IReadOnlyList<SettingResult> Results, IReadOnlyDictionary<string, IReadOnlyList<string>> Values, bool IsGrid)
{
    /// <summary>The columns of the CSV file after those of the swept options.</summary>
    public const string CsvColumns =
        "n,epochs,complete,accuracy,accuracy_std,accuracy_error,loss,loss_std,loss_error,train_loss,train_loss_std,train_loss_error,seconds,mean_iou,"
        + "mean_iou_std,mean_iou_error";

    /// <summary>The choice; null if no setting reached a finite loss.</summary>
    public SearchChoice? Choice { get; } = SearchChoice.From(Results);

    private bool HasIou => Results.Any(result => !double.IsNaN(result.MeanIou.Mean));

    private bool HasAccuracy => Results.Any(result => !double.IsNaN(result.Accuracy.Mean));

    /// <summary>A value with its deviation: <c>0.1234 ± 0.0012</c>.</summary>
    public static string WithDeviation(SampleStatistics statistics, Func<double, string> format) =>
        double.IsNaN(statistics.Deviation) ? format(statistics.Mean) : $"{format(statistics.Mean)} ± {format(statistics.Deviation)}";

    /// <summary>Shows table, bars, choice and noise.</summary>
    public void Show(Reporter reporter, bool isUnicode)
    {
        if (Choice is not { } choice)
        {
            if (Results.Count > 0) reporter.Warn("No setting reached a finite loss. Try lower learning rates.");
            return;
        }

        List<ReportColumn> columns = [ReportTable.Text("setting"), ReportTable.Number("n")];
        if (HasIou) columns.Add(ReportTable.Number("mean IoU"));
        if (HasAccuracy) columns.Add(ReportTable.Number(HasIou ? "pixel accuracy" : "accuracy"));
        columns.AddRange([ReportTable.Number("loss"), ReportTable.Number("training loss"), ReportTable.Text("")]);
        var table = new ReportTable([.. columns]) { Title = "Held-out samples: mean ± standard deviation over n runs" };
        foreach (var result in Results)
        {
            List<string> cells = [result.Setting.Name, Units.Count(result.Trials.Count)];
            if (HasIou) cells.Add(WithDeviation(result.MeanIou, share => Units.Percent(share)));
            if (HasAccuracy) cells.Add(WithDeviation(result.Accuracy, share => Units.Percent(share)));
            cells.AddRange([
                WithDeviation(result.Loss, loss => Units.Fixed(loss, 4)), WithDeviation(result.TrainLoss, loss => Units.Fixed(loss, 4)), Remark(result)]);
            table.Add([.. cells]);
        }

        reporter.Table(table);
        var rows = Results.Select(result => (result.Setting.Name, result.Loss.Mean, result.Loss.Error, Units.Fixed(result.Loss.Mean, 4))).ToArray();
        var start = BarPlot.Start(rows);
        var from = $"{start.ToString("0.######", CultureInfo.InvariantCulture)}{(start > 0 ? ", not at 0" : "")}";
        var errors = rows.Any(row => double.IsFinite(row.Error)) ? "; error bars are standard errors" : "";
        reporter.Line($"Loss on the held-out samples (lower is better; bars begin at {from}{errors}):");
        foreach (var line in BarPlot.Lines(rows, isUnicode)) reporter.Line(line);
        reporter.Line($"Lowest loss: {Describe(choice.Best)}.");
        if (choice.OneStandardError is { } simple)
        {
            reporter.Line(simple == choice.Best
                ? "One standard error: the same setting. No more regularized one (of a higher training loss) is within one standard error of it."
                : $"One standard error: {Describe(simple)}, the most regularized setting within one standard error of the lowest loss.");
        }

        foreach (var line in Noise(choice.Best)) reporter.Line(line);
    }

    /// <summary>Writes the table as CSV.</summary>
    public void WriteCsv(string file)
    {
        var lines = Results.Select(result => string.Join(',', [
            .. Values[result.Setting.Name].Select(Quote), $"{result.Trials.Count}", $"{result.Trials.Max(trial => trial.Epochs)}",
            result.IsComplete ? "1" : "0", .. Cells(result.Accuracy), .. Cells(result.Loss), .. Cells(result.TrainLoss), Cell(result.Seconds),
            .. Cells(result.MeanIou)]));
        AtomicFile.WriteAllText(file, string.Join('\n', [string.Join(',', [.. Swept.Select(option => Quote(Column(option))), CsvColumns]), .. lines]) + "\n");
    }

    /// <summary>The results as JSON.</summary>
    /// <param name="record">receives the fields</param>
    public JsonRecord AddTo(JsonRecord record) => record
        .Add("trials", Results.Select(Json)).Add("best", Choice is { } choice ? Json(choice.Best) : null)
        .Add("one_standard_error", Choice?.OneStandardError is { } simple ? Json(simple) : null);

    /// <summary>
    /// Draws the losses: a heat map for all combinations of two options, else a chart for each option. For masks the mean IoU is drawn, too, into files that
    /// end with <c>-iou</c>.
    /// </summary>
    /// <param name="file">picture file; with several charts, the name of the option is appended</param>
    /// <param name="title">what was trained on what</param>
    /// <returns>the files</returns>
    public IReadOnlyList<string> Draw(string file, string title)
    {
        if (Choice is null) return [];
        IReadOnlyList<string> losses = Draw(file, title, isIou: false);
        return HasIou ? [.. losses, .. Draw($"{Path.ChangeExtension(file, null)}-iou{Path.GetExtension(file)}", title, isIou: true)] : losses;
    }

    private IReadOnlyList<string> Draw(string file, string title, bool isIou)
    {
        var shown = Swept.Where(option => ValuesOf(option).Where(value => value.Length > 0).Distinct().Count() > 1).ToArray();
        if (shown.Length == 2 && IsGrid)
        {
            DrawMap(file, title, shown[1], shown[0], isIou);
            return [file];
        }

        if (shown.Length <= 1)
        {
            DrawChart(file, title, shown.FirstOrDefault() ?? Swept[0], isOnly: true, isIou);
            return [file];
        }

        List<string> files = [];
        foreach (var option in shown)
        {
            files.Add(Path.ChangeExtension(file, null) + $"-{option.Key}{Path.GetExtension(file)}");
            DrawChart(files[^1], title, option, isOnly: false, isIou);
        }

        return files;
    }

    private static string Column(SweptOption option) => option.Key.Replace('-', '_');

    // Null for an option without effect beside the others.
    private static object? Value(string text) => text.Length == 0 ? null
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : text;

    private static string Quote(string text) => text.AsSpan().ContainsAny(",\"") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    private static string Cell(double value) => double.IsFinite(value) ? value.ToString(CultureInfo.InvariantCulture) : "";

    private static string[] Cells(SampleStatistics statistics) => [Cell(statistics.Mean), Cell(statistics.Deviation), Cell(statistics.Error)];

    private static string Describe(SettingResult result) => double.IsNaN(result.Loss.Error)
        ? $"{result.Setting.Name} ({Units.Fixed(result.Loss.Mean, 4)})"
        : $"{result.Setting.Name} ({Units.Fixed(result.Loss.Mean, 4)}, standard error {Units.Fixed(result.Loss.Error, 4)}, n = {result.Trials.Count})";

    private string Remark(SettingResult result)
    {
        if (!double.IsFinite(result.Loss.Mean)) return "diverged";
        if (!result.IsComplete) return $"stopped after {Units.Count(result.Trials.Max(trial => trial.Epochs), "epoch")}";
        var isBest = result == Choice!.Best;
        return result == Choice.OneStandardError ? isBest ? "best, one standard error" : "one standard error" : isBest ? "best" : "";
    }

    private IEnumerable<string> Noise(SettingResult best)
    {
        var others = Results.Where(result => result != best && result.IsComplete && double.IsFinite(result.Loss.Mean)).ToArray();
        if (others.Length == 0) yield break;
        if (best.Trials.Count < 2)
        {
            yield return "There is one run for each setting, so it is unknown which differences are noise. Use --folds 5 or --seeds 3.";
            yield break;
        }

        var same = others.Where(other => SearchChoice.Differs(best, other) == false).ToArray();
        if (same.Length == others.Length)
            yield return "All differences are inside the noise: no setting is worse than the best at 95 % confidence (paired runs). Any of them may be chosen.";
        else if (same.Length == 0)
            yield return "All other settings are worse than the best at 95 % confidence (paired runs).";
        else
        {
            yield return $"Inside the noise of the best (not worse at 95 % confidence, paired runs): "
                + $"{string.Join("; ", same.Select(other => other.Setting.Name))}.";
        }
    }

    private JsonRecord Json(SettingResult result)
    {
        var record = new JsonRecord();
        foreach (var (option, value) in Swept.Zip(Values[result.Setting.Name])) record.Add(Column(option), Value(value));
        return record
            .Add("n", result.Trials.Count).Add("epochs", result.Trials.Max(trial => trial.Epochs)).Add("complete", result.IsComplete)
            .Add("accuracy", result.Accuracy.Mean).Add("accuracy_std", result.Accuracy.Deviation).Add("accuracy_error", result.Accuracy.Error)
            .Add("mean_iou", HasIou ? result.MeanIou.Mean : null).Add("mean_iou_std", HasIou ? result.MeanIou.Deviation : null)
            .Add("mean_iou_error", HasIou ? result.MeanIou.Error : null)
            .Add("loss", result.Loss.Mean).Add("loss_std", result.Loss.Deviation).Add("loss_error", result.Loss.Error)
            .Add("train_loss", result.TrainLoss.Mean).Add("train_loss_std", result.TrainLoss.Deviation)
            .Add("differs_from_best", Choice is { } choice && result != choice.Best && result.IsComplete ? SearchChoice.Differs(choice.Best, result) : null)
            .Add("accuracies", result.Trials.Select(trial => trial.Accuracy)).Add("losses", result.Trials.Select(trial => trial.Loss))
            .Add("train_losses", result.Trials.Select(trial => trial.TrainLoss)).Add("seconds", result.Seconds);
    }

    private IEnumerable<string> ValuesOf(SweptOption option)
    {
        var index = Swept.Index().First(pair => pair.Item == option).Index;
        return Results.Select(result => Values[result.Setting.Name][index]);
    }

    private void DrawChart(string file, string title, SweptOption option, bool isOnly, bool isIou)
    {
        string[] texts = [.. ValuesOf(option)];
        var complete = Results.Index().Where(pair => pair.Item.IsComplete && double.IsFinite(pair.Item.Loss.Mean) && texts[pair.Index].Length > 0).ToArray();
        if (complete.Length == 0) return;
        var (axis, places) = Places(texts);
        var errors = complete.Any(pair => pair.Item.Trials.Count > 1);
        var n = complete.Max(pair => pair.Item.Trials.Count);
        var bars = errors ? $" (± 1 standard error, n = {n})" : "";
        double[] x = [.. complete.Select(pair => places[pair.Index])];
        // By the validation loss alone: a logarithmic axis for a tiny training loss would hide the minimum.
        double[] losses = [.. complete.Select(pair => pair.Item.Loss.Mean)];
        List<(double, string)> marks = [];
        if (isOnly)
        {
            var simple = Choice!.OneStandardError;
            var best = Array.IndexOf([.. Results], Choice.Best);
            var lowest = isIou ? "lowest loss" : "lowest";
            marks.Add((places[best], simple == Choice.Best ? $"{lowest} and one standard error: {texts[best]}" : $"{lowest}: {texts[best]}"));
            if (simple is not null && simple != Choice.Best && Array.IndexOf([.. Results], simple) is var at)
                marks.Add((places[at], $"one standard error: {texts[at]}"));
        }

        (string, Func<SettingResult, SampleStatistics>)[] kinds = isIou
            ? [($"validation{bars}", result => result.MeanIou)]
            : [($"validation{bars}", result => result.Loss), ("training", result => result.TrainLoss)];
        List<ChartSeries> series = [.. kinds.Select(kind => new ChartSeries(kind.Item1, x, [.. complete.Select(pair => kind.Item2(pair.Item).Mean)])
        {
            Errors = [.. complete.Select(pair => kind.Item2(pair.Item).Error)],
            HasLine = isOnly,
        })];
        var stopped = Results.Index().Where(
            pair => !pair.Item.IsComplete && double.IsFinite(pair.Item.Loss.Mean) && texts[pair.Index].Length > 0).ToArray();
        if (stopped.Length > 0)
        {
            series.Add(new ChartSeries(
                "validation, stopped before the end", [.. stopped.Select(pair => places[pair.Index])],
                [.. stopped.Select(pair => (isIou ? pair.Item.MeanIou : pair.Item.Loss).Mean)])
            {
                HasLine = false,
            });
        }

        new LineChart(title, option.Key, isIou ? "mean IoU" : "loss")
        {
            XAxis = axis,
            IsYLog = !isIou && losses.Min() > 0 && losses.Max() / losses.Min() > 30,
            Marks = marks,
            Series = series,
        }.Save(file);
    }

    // Where each value is on the axis: numbers at their value, other texts side by side.
    private static (ChartAxis Axis, double[] Places) Places(string[] texts)
    {
        var values = Array.ConvertAll(texts, text => Value(text) is double number ? number : double.NaN);
        if (!values.Where((value, index) => texts[index].Length > 0 && double.IsNaN(value)).Any())
            return (ChartAxis.For([.. values.Where(value => !double.IsNaN(value))]), values);
        string[] distinct = [.. texts.Where(text => text.Length > 0).Distinct()];
        return (ChartAxis.OfTexts(distinct), Array.ConvertAll(texts, text => (double)Array.IndexOf(distinct, text)));
    }

    private void DrawMap(string file, string title, SweptOption across, SweptOption down, bool isIou)
    {
        string[] columns = [.. ValuesOf(across)], rows = [.. ValuesOf(down)];
        string[] columnTexts = [.. columns.Where(text => text.Length > 0).Distinct()], rowTexts = [.. rows.Where(text => text.Length > 0).Distinct()];
        var values = new double[rowTexts.Length, columnTexts.Length];
        for (var row = 0; row < rowTexts.Length; row++)
            for (var column = 0; column < columnTexts.Length; column++)
                values[row, column] = double.NaN;
        (int, int)? marked = null;
        foreach (var (index, result) in Results.Index())
        {
            // A setting in which one of the two has no effect is in all cells of its row or column.
            for (var row = 0; row < rowTexts.Length; row++)
            {
                for (var column = 0; column < columnTexts.Length; column++)
                {
                    if (rows[index].Length > 0 && rows[index] != rowTexts[row]) continue;
                    if (columns[index].Length > 0 && columns[index] != columnTexts[column]) continue;
                    if (result.IsComplete) values[row, column] = (isIou ? result.MeanIou : result.Loss).Mean;
                    if (result == Choice!.Best) marked ??= (row, column);
                }
            }
        }

        var n = Choice!.Best.Trials.Count;
        var drawn = isIou ? "mean IoU of the validation part" : "validation loss";
        new HeatMap(title, across.Key, down.Key, n > 1 ? $"{(isIou ? drawn : $"mean {drawn}")}, n = {n}" : drawn)
        {
            Columns = columnTexts, Rows = rowTexts, Values = values, Marked = marked,
        }.Save(file);
    }
}
