using System.Xml.Linq;
using Gpu.Cli.Output;
using Gpu.Training.Data;
using Gpu.Training.Loop;

namespace Gpu.Cli.Reports;

/// <summary>The final numbers of a run.</summary>
internal static class SummarySection
{
    /// <summary>The section.</summary>
    /// <param name="run">the run</param>
    /// <param name="results">the results on the test split; null while the run trains</param>
    public static XElement Draw(RunView run, RunResults? results)
    {
        List<(string Name, string Value)> facts = [];
        if (results?.Evaluation is { } test)
        {
            if (run.IsRegression) facts.AddRange([("test RMSE", Units.Short(test.Rmse)), ("test R\u00B2", Units.Fixed(test.R2, 4))]);
            else if (test.Pixels is { } pixels)
                facts.AddRange([("test mean IoU", Units.Percent(pixels.MeanIou)), ("test pixel accuracy", Units.Percent(pixels.Accuracy))]);
            else if (run.HasAccuracy) facts.Add(("test accuracy", Units.Percent(test.Accuracy)));
            if (double.IsFinite(test.Loss)) facts.Add(("test loss", Units.Fixed(test.Loss, 4)));
            if (test.BalancedAccuracy is { } balanced) facts.Add(("balanced accuracy", Units.Percent(balanced)));
            if (test.MacroF1 is { } f1) facts.Add(("macro-F1", Units.Percent(f1)));
        }

        if (run.Last is { } last)
        {
            if (results is null)
            {
                facts.Add(run.IsRegression
                    ? ($"{last.EvaluatedOn} RMSE", Units.Short(last.Rmse))
                    : double.IsFinite(last.DiscriminatorAccuracy) ? ("discriminator right", Units.Percent(last.DiscriminatorAccuracy))
                    : !run.HasAccuracy ? ($"{last.EvaluatedOn} loss", Units.Fixed(last.Loss, 4))
                    : run.IsSegmentation ? ($"{last.EvaluatedOn} mean IoU", Units.Percent(last.MeanIou))
                    : ($"{last.EvaluatedOn} accuracy", Units.Percent(last.Accuracy)));
            }

            facts.Add(("training loss", Units.Fixed(last.TrainLoss, 4)));
            if (last.Penalty.Kind != PenaltyKind.None) facts.Add(("penalty", Units.Fixed(last.Penalty.Value, 4)));
            if (double.IsFinite(last.LossGap)) facts.Add(("loss gap to training", Units.Fixed(last.LossGap, 4)));
            if (run.Reports.LastOrDefault(report => double.IsFinite(report.Frechet)) is { } judged)
            {
                facts.Add(($"Fr\u00E9chet distance, epoch {judged.Epoch}", Units.Fixed(judged.Frechet, 2)));
                if (double.IsFinite(judged.Precision))
                    facts.Add(("precision, recall", $"{Units.Percent(judged.Precision)}, {Units.Percent(judged.Recall)}"));
            }

            if (double.IsFinite(last.Diversity)) facts.Add(("variance by that of the data", Units.Percent(last.Diversity)));
            facts.Add(("epochs", last.Epoch < last.Epochs ? $"{last.Epoch} of {last.Epochs}" : $"{last.Epoch}"));
            // The losses of a generator say nothing about its images.
            if (run.Best is { } best && run.Folder.Configuration.Task != TaskKind.Generation) facts.Add(("best epoch", $"{best.Epoch}"));
            facts.Add(("seconds of training", Units.Fixed(run.Reports.Sum(report => report.TrainSeconds), 1)));
            facts.Add(("exact zeros", Units.Percent(last.Penalty.ZeroShare)));
        }

        facts.Add(("parameters", Units.Count(run.Folder.Model.ParameterCount)));
        return Html.Section("Summary", Html.Div(
            "facts", facts.Select(fact => Html.Div("fact", Html.E("b", fact.Value), Html.E("span", fact.Name)))));
    }
}
