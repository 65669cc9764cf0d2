using System.Xml.Linq;
using Gpu.Training.Data.Tables;
using Gpu.Training.Images;

namespace Gpu.Cli.Reports;

/// <summary>Decisions over the plane of two inputs, and in regression predictions against targets.</summary>
internal static class PlaneSection
{
    private const double Size = 400;
    private const double Left = 62;
    private const double Bottom = 40;
    private const double Margin = 12;
    private const int MostPoints = 1500;

    /// <summary>The section; null for other data.</summary>
    public static XElement? Draw(RunView run, RunResults? results)
    {
        if (results is null) return null;
        var plane = results.Plane is { } png
            ? Html.E("div", Html.E("h3", "Predictions over the plane, with the test rows"), Image(png))
            : null;
        var scatter = run.IsRegression && results.Split is TableSplit table ? Scatter(results, table, run.Folder.Configuration.Table!.Target) : null;
        return plane is null && scatter is null ? null : Html.Section("Predictions", Html.Div("two", plane, scatter));
    }

    /// <summary>The picture of a plane.</summary>
    public static XElement Image(byte[] png)
    {
        var image = Picture.Image(png, "predictions over the two inputs");
        image.Add(Html.A("class", "plane"));
        return image;
    }

    private static XElement? Scatter(RunResults results, TableSplit table, string target)
    {
        var points = Enumerable.Range(0, Math.Min(results.Count, MostPoints)).Select(i => (Target: table.Targets[i], Value: (double)results.Predictions[i, 0]))
            .Where(point => double.IsFinite(point.Value)).ToArray();
        if (points.Length == 0) return null;
        var (low, high) = (points.Min(point => Math.Min(point.Target, point.Value)), points.Max(point => Math.Max(point.Target, point.Value)));
        if (low == high) (low, high) = (low - 1, high + 1);
        double X(double value) => Left + (value - low) / (high - low) * (Size - Left - Margin);
        double Y(double value) => Size - Bottom - (value - low) / (high - low) * (Size - Bottom - Margin);
        var svg = Html.E(
            "svg", Html.A("viewBox", $"0 0 {SvgPlot.N(Size)} {SvgPlot.N(Size)}"), Html.A("role", "img"), Html.A("aria-label", "predictions and targets"));
        var ticks = AxisTicks.Linear(low, high, 5);
        foreach (var (value, text) in ticks.Zip(AxisTicks.Texts(ticks)))
        {
            svg.Add(SvgPlot.Line(Left, Y(value), Size - Margin, Y(value), "var(--grid)", 1));
            svg.Add(SvgPlot.Text(Left - 6, Y(value) + 4, text, "end"));
            svg.Add(SvgPlot.Text(X(value), Size - Bottom + 16, text, X(value) > Size - 40 ? "end" : "middle"));
        }

        svg.Add(SvgPlot.Line(X(low), Y(low), X(high), Y(high), "var(--soft)", 1, "4 3"));
        foreach (var (goal, value) in points)
        {
            svg.Add(Html.E(
                "circle", Html.A("cx", SvgPlot.N(X(goal))), Html.A("cy", SvgPlot.N(Y(value))), Html.A("r", "3"), Html.A("fill", "var(--s0)"),
                Html.A("fill-opacity", "0.5")));
        }

        svg.Add(SvgPlot.Text((Left + Size) / 2, Size - 4, target.Length > 40 ? $"{target[..39]}\u2026" : target, "middle"));
        return Html.Div("chart", Html.E("h3", "Prediction (up) against target (across); dashed where they are equal"), svg);
    }
}
