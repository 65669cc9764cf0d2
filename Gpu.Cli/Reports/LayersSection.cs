using System.Xml.Linq;
using Gpu.Cli.Output;
using Gpu.Training.Loop;

namespace Gpu.Cli.Reports;

/// <summary>Norms, updates and histograms of the layers.</summary>
internal static class LayersSection
{
    private const int MostLines = 8;
    private const int MostRows = 24;
    private const double SparkWidth = 90;
    private const double SparkHeight = 22;

    /// <summary>The section; null without statistics.</summary>
    public static XElement? Draw(RunView run)
    {
        // Schedules often end at a rate of 0, with which nothing changes.
        static double LastPositive(IReadOnlyList<EpochReport> measured, string name, Func<LayerStatistics, double?> value) =>
            Values(measured, name, value).LastOrDefault(one => one > 0);

        var measured = run.Measured;
        if (measured.Count == 0) return null;
        var epochs = RunView.Epochs(measured);
        var last = measured[^1].Layers!;
        var weights = last.Where(layer => layer.IsWeight).Select(layer => layer.Name).ToArray();
        // Of many layers some, from the first to the last.
        var shown = weights.Length <= MostLines
            ? weights : [.. Enumerable.Range(0, MostLines).Select(i => weights[i * (weights.Length - 1) / (MostLines - 1)])];
        SvgPlot Plot(string title, Func<LayerStatistics, double?> value, bool isLog = false) => new(title)
        {
            IsLog = isLog,
            Series = [.. shown.Select((name, i) => new PlotSeries(Label(name), epochs, Values(measured, name, value), i))],
        };
        string Rate(LayerStatistics layer) => layer.EffectiveLearningRate is null
            ? "" : Units.Scientific(Units.Round(LastPositive(measured, layer.Name, one => one.EffectiveLearningRate), 3));
        XElement?[] charts =
        [
            Plot("L2 norm of the weights", layer => layer.WeightNorm).Draw(),
            Plot("L2 norm of the gradient (last step of the epoch)", layer => layer.GradientNorm, isLog: true).Draw(),
            Plot("Update / weight norm of a step", layer => layer.UpdateRatio, isLog: true).Draw(),
            Plot("Effective learning rate before batch norm", layer => layer.EffectiveLearningRate, isLog: true).Draw(),
        ];
        var hasRate = last.Any(layer => layer.EffectiveLearningRate is not null);
        var listed = last.Count <= MostRows ? last : [.. last.Where(layer => layer.IsWeight)];
        var rows = listed.Select(layer => (object[])
        [
            layer.Name, Units.Count(layer.Length), Units.Short(layer.WeightNorm), Spark(Values(measured, layer.Name, one => one.WeightNorm)),
            Units.Short(layer.GradientNorm), Units.Scientific(Units.Round(LastPositive(measured, layer.Name, one => one.UpdateRatio), 3)),
            Units.Percent(layer.SmallShare, 1), Units.Percent(layer.ZeroShare, 1),
            .. hasRate ? [Rate(layer)] : Array.Empty<object>(), Histogram(layer),
        ]);
        return Html.Section(
            "Layers",
            Html.E(
                "p", Html.A("class", "soft"),
                $"Measured in the last step of epoch {measured[^1].Epoch}."
                + (shown.Length < weights.Length ? $" The charts show {shown.Length} of {weights.Length} layers." : "")
                + " Small: share of weights under 1/1000 of the largest. Update: change in a step / norm, in the "
                + "last measured step that changed something. The histogram reaches from minus to plus the largest weight."
                + (hasRate ? " Effective rate: learning rate / norm\u00B2, for weights in front of batch normalization." : "")),
            charts.Any(chart => chart is not null) ? Html.Div("charts", charts) : null,
            Html.Table(
                ["parameter", "values#", "norm#", "over the epochs", "gradient#", "update#", "small#", "zeros#",
                 .. hasRate ? ["effective rate#"] : Array.Empty<string>(), "histogram"],
                rows));
    }

    /// <summary>A histogram of the weights of a layer.</summary>
    /// <param name="layer">the layer</param>
    /// <param name="width">width in pixels</param>
    /// <param name="height">height in pixels</param>
    /// <param name="color">number of the color</param>
    public static XElement Histogram(LayerStatistics layer, double width = 128, double height = 30, int color = 0)
    {
        double largest = Math.Max(1, layer.Histogram.Max());
        var step = width / layer.Histogram.Count;
        var svg = Html.E(
            "svg", Html.A("viewBox", $"0 0 {SvgPlot.N(width)} {SvgPlot.N(height)}"), Html.A("style", $"width:{SvgPlot.N(width)}px"), Html.A("role", "img"),
            Html.A("aria-label", $"histogram of {layer.Name}, -{Units.Short(layer.Largest)} to {Units.Short(layer.Largest)}"));
        var bars = layer.Histogram.Select((count, i) => (Height: count / largest * (height - 1), At: i * step)).Where(bar => bar.Height > 0)
            .Select(bar => $"M{SvgPlot.N(bar.At)} {SvgPlot.N(height)}v-{SvgPlot.N(Math.Max(bar.Height, 1))}h{SvgPlot.N(step)}V{SvgPlot.N(height)}z");
        svg.Add(Html.E("path", Html.A("d", string.Concat(bars)), Html.A("fill", ReportStyle.Color(color))));
        svg.Add(SvgPlot.Line(width / 2, 0, width / 2, height, "var(--soft)", 0.5));
        return svg;
    }

    /// <summary>The values of a layer in the measured epochs; NaN where it has none.</summary>
    public static double[] Values(IReadOnlyList<EpochReport> measured, string name, Func<LayerStatistics, double?> value) =>
        [.. measured.Select(report => report.Layers!.FirstOrDefault(layer => layer.Name == name) is { } layer ? value(layer) ?? double.NaN : double.NaN)];

    /// <summary>The name of the layer of a weight.</summary>
    public static string Label(string parameter) => parameter.EndsWith(".weight", StringComparison.Ordinal) ? parameter[..^7] : parameter;

    private static XElement Spark(double[] values)
    {
        var finite = values.Where(double.IsFinite).ToArray();
        var (low, high) = finite.Length == 0 ? (0, 1) : (finite.Min(), finite.Max());
        var range = high > low ? high - low : 1;
        var points = values.Index().Where(value => double.IsFinite(value.Item)).Select(value => (
            X: SvgPlot.N(2 + (SparkWidth - 4) * value.Index / Math.Max(1, values.Length - 1)),
            Y: SvgPlot.N(SparkHeight - 3 - (SparkHeight - 6) * (high > low ? (value.Item - low) / range : 0.5)))).ToArray();
        return Html.E(
            "svg", Html.A("viewBox", $"0 0 {SvgPlot.N(SparkWidth)} {SvgPlot.N(SparkHeight)}"), Html.A("style", $"width:{SvgPlot.N(SparkWidth)}px"),
            points is [var (x, y)]
                ? Html.E("circle", Html.A("cx", x), Html.A("cy", y), Html.A("r", "2"), Html.A("fill", "var(--s0)"))
                : Html.E(
                    "polyline", Html.A("fill", "none"), Html.A("stroke", "var(--s0)"), Html.A("stroke-width", "1.5"),
                    Html.A("points", string.Join(' ', points.Select(point => $"{point.X},{point.Y}")))));
    }
}
