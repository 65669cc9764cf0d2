using System.Xml.Linq;
using Gpu.Training.Loop;

namespace Gpu.Cli.Reports;

/// <summary>Losses, accuracy and learning rate over the epochs.</summary>
internal static class CurvesSection
{
    /// <summary>The section; null before the first epoch.</summary>
    public static XElement? Draw(RunView run)
    {
        var reports = run.Reports;
        if (reports.Count == 0) return null;
        var epochs = RunView.Epochs(reports);
        var part = reports[^1].EvaluatedOn;
        (double, string)? mark = run.Best is { } best && reports.Count > 1 ? (best.Epoch, $"best: {best.Epoch}") : null;
        PlotSeries Series(string name, int color, Func<EpochReport, double> value) => new(name, epochs, [.. reports.Select(value)], color);
        var isGenerator = run.Folder.Configuration.Task == Gpu.Training.Data.TaskKind.Generation;
        var loss = isGenerator ? new SvgPlot("Loss of the generator") { Series = [Series("training", 0, report => report.TrainLoss)] }
            : new SvgPlot("Loss of the data, the gap shaded")
        {
            Series = [Series("training", 0, report => report.TrainLoss), Series(part, 1, report => report.Loss)], HasBand = true, Mark = mark,
        };
        var hasPenalty = reports.Any(report => report.Penalty.Kind != PenaltyKind.None);
        var total = !hasPenalty ? null : new SvgPlot(
            reports[^1].Penalty.Kind == PenaltyKind.Loss ? "Training loss: data, penalty, total" : "Training loss with the penalty that plain SGD would need")
        {
            Series =
            [
                Series("data", 0, report => report.TrainLoss), Series("penalty", 2, report => report.Penalty.Value) with { IsDashed = true },
                Series("total", 3, report => report.TotalLoss),
            ],
        };
        var score = run.IsRegression
            ? new SvgPlot($"RMSE on the {part} rows") { Series = [Series(part, 1, report => report.Rmse)], Mark = mark }
            : run.IsSegmentation ? new SvgPlot("Mean IoU, the gap shaded")
            {
                Series = [Series("training", 0, report => report.TrainMeanIou), Series(part, 1, report => report.MeanIou)], HasBand = true, Mark = mark,
                IsPercent = true,
            }
            : !run.HasAccuracy ? null : new SvgPlot("Accuracy, the gap shaded")
            {
                Series = [Series("training", 0, report => report.TrainAccuracy), Series(part, 1, report => report.Accuracy)], HasBand = true, Mark = mark,
                IsPercent = true,
            };
        var generative = new (string Title, Func<EpochReport, double> Training, Func<EpochReport, double> Test)[]
        {
            ("Reconstruction", report => report.TrainReconstruction, report => report.Reconstruction),
            ("Divergence of the latent values, nats", report => report.TrainDivergence, report => report.Divergence),
        }.Where(curve => Has(curve.Test)).Select(curve =>
            new SvgPlot(curve.Title) { Series = [Series("training", 0, curve.Training), Series(part, 1, curve.Test)] }.Draw());
        var generated = new (string Title, Func<EpochReport, double> Value, bool IsPercent)[]
        {
            ("Fr\u00E9chet distance from the test images", report => report.Frechet, false),
            ("Precision: generated images that are like test images", report => report.Precision, true),
            ("Recall: test images that are like generated ones", report => report.Recall, true),
            ("Loss of the discriminator", report => report.DiscriminatorLoss, false),
            ("Images that the discriminator tells right", report => report.DiscriminatorAccuracy, true),
            ("Variance of the generated images, by that of the data", report => report.Diversity, true),
        }.Where(curve => Has(curve.Value)).Select(curve =>
        {
            EpochReport[] measured = [.. reports.Where(report => double.IsFinite(curve.Value(report)))];
            return new SvgPlot(curve.Title)
            {
                IsPercent = curve.IsPercent, Series = [new PlotSeries("", RunView.Epochs(measured), [.. measured.Select(curve.Value)], 2)],
            }.Draw();
        });
        bool Has(Func<EpochReport, double> value) => reports.Any(report => double.IsFinite(value(report)));
        var rate = new SvgPlot("Learning rate, mean of the epoch") { Series = [Series("", 4, RunView.RateOf)] };
        var decay = reports.All(report => report.WeightDecay is null) ? null : new SvgPlot("Weight decay, found by --auto-decay")
        {
            IsLog = true, Series = [Series("", 2, report => report.WeightDecay ?? double.NaN)],
        };
        return Html.Section(
            "Curves", Html.Div("charts", loss.Draw(), total?.Draw(), score?.Draw(), generative, generated, rate.Draw(), decay?.Draw()));
    }
}
