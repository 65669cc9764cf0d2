using System.Xml.Linq;
using Gpu.Cli.Output;
using Gpu.Training.Data;

namespace Gpu.Cli.Reports;

/// <summary>The last hidden layer's outputs in two dimensions, with some of the pictures.</summary>
internal static class EmbeddingSection
{
    private const double Size = 560;
    private const double Margin = 24;
    private const int MostThumbnails = 60;
    private const int ThumbnailSide = 28;
    private const int MostNames = 30;

    /// <summary>The section; null without classes or hidden layer.</summary>
    public static XElement? Draw(RunView run, RunResults? results)
    {
        if (results?.Embedding is not { } embedding || run.IsRegression) return null;
        var names = run.Folder.Configuration.ClassNames;
        var (xs, ys, labels) = (embedding.X, embedding.Y, embedding.Split.Labels);
        var (x0, x1, y0, y1) = (xs.Min(), xs.Max(), ys.Min(), ys.Max());
        if (!(x1 > x0) || !(y1 > y0)) return null;
        double X(int i) => Margin + (xs[i] - x0) / (x1 - x0) * (Size - 2 * Margin);
        double Y(int i) => Margin + (y1 - ys[i]) / (y1 - y0) * (Size - 2 * Margin);
        var svg = Svg("principal components of the last hidden layer");
        for (var i = 0; i < xs.Length; i++)
        {
            svg.Add(Html.E(
                "circle", Html.A("cx", SvgPlot.N(X(i))), Html.A("cy", SvgPlot.N(Y(i))), Html.A("r", "4"), Html.A("fill", ReportStyle.Color(labels[i])),
                Html.A("fill-opacity", "0.75")));
        }

        AddNames(svg, names, labels, X, Y);
        var thumbnails = embedding.Split is ImageSplit images ? Thumbnails(images, X, Y) : null;
        return Html.Section(
            "Embedding",
            Html.E(
                "p", Html.A("class", "soft"),
                $"Outputs of the last hidden layer for {Units.Count(xs.Length)} test {embedding.Split.SampleNoun}, projected to their two principal components "
                + $"({Units.Percent(embedding.Explained, 0)} of the variance)."),
            Html.Div("charts", Html.Div("chart", svg), thumbnails is null ? null : Html.Div("chart", thumbnails)));
    }

    // At the mean of each class.
    private static void AddNames(XElement svg, IReadOnlyList<string> names, int[] labels, Func<int, double> x, Func<int, double> y)
    {
        if (names.Count > MostNames) return;
        List<(double X, double Y)> taken = [];
        foreach (var group in labels.Index().GroupBy(label => label.Item, label => label.Index).OrderBy(group => group.Average(y)))
        {
            if (group.Key >= names.Count) continue;
            var (atX, atY) = (group.Average(x), group.Average(y) + 4);
            while (taken.Any(other => Math.Abs(other.Y - atY) < 15 && Math.Abs(other.X - atX) < 60)) atY += 15;
            taken.Add((atX, atY));
            var name = names[group.Key].Length > 20 ? $"{names[group.Key][..19]}\u2026" : names[group.Key];
            var text = SvgPlot.Text(Math.Clamp(atX, 40, Size - 40), Math.Min(atY, Size - 6), name, "middle", "name halo");
            text.Add(Html.A("style", "font-size:15px;fill:var(--ink)"));
            svg.Add(text);
        }
    }

    private static XElement Thumbnails(ImageSplit images, Func<int, double> x, Func<int, double> y)
    {
        var svg = Svg("pictures at their places");
        List<int> shown = [];
        // Pictures that do not cover each other.
        for (var i = 0; i < images.Count && shown.Count < MostThumbnails; i++)
        {
            if (shown.Any(other => Math.Abs(x(other) - x(i)) < 34 && Math.Abs(y(other) - y(i)) < 34)) continue;
            shown.Add(i);
            var png = Training.Images.ImageCodec.EncodePng(Picture.Of(images, i, ThumbnailSide));
            svg.Add(Html.E(
                "image", Html.A("x", SvgPlot.N(x(i) - 16)), Html.A("y", SvgPlot.N(y(i) - 16)), Html.A("width", "32"), Html.A("height", "32"),
                Html.A("href", Picture.Uri(png))));
        }

        return svg;
    }

    private static XElement Svg(string label) => Html.E(
        "svg", Html.A("viewBox", $"0 0 {SvgPlot.N(Size)} {SvgPlot.N(Size)}"), Html.A("role", "img"), Html.A("aria-label", label),
        Html.E("rect", Html.A("width", SvgPlot.N(Size)), Html.A("height", SvgPlot.N(Size)), Html.A("fill", "var(--grid)"), Html.A("rx", "8")));
}
