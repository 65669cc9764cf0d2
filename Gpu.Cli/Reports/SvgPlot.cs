using System.Globalization;
using System.Xml.Linq;
using Gpu.Cli.Output;
using Gpu.Training.Images;

namespace Gpu.Cli.Reports;

/// <summary>A line of a <see cref="SvgPlot"/>.</summary>
/// <param name="Name">written at the end of the line</param>
/// <param name="X">the epochs</param>
/// <param name="Y">the values; those that are not finite are left out</param>
/// <param name="Color">number of its color</param>
internal sealed record PlotSeries(string Name, double[] X, double[] Y, int Color)
{
    /// <summary>Whether the line is dashed.</summary>
    public bool IsDashed { get; init; }
}

/// <summary>A line chart over the epochs as SVG, with the names of the lines at their ends.</summary>
/// <param name="title">heading</param>
internal sealed class SvgPlot(string title)
{
    private const double Width = 380;
    private const double Height = 230;
    private const double Left = 52;
    private const double Top = 12;
    private const double Bottom = 34;
    private const double LetterWidth = 6.7;
    private const double LineHeight = 14;
    private const int LongestName = 18;
    private const int MostPoints = 400;
    private const int MostTicks = 5;

    /// <summary>The lines.</summary>
    public IReadOnlyList<PlotSeries> Series { get; init; } = [];

    /// <summary>Whether the vertical axis is logarithmic; values of 0 are left out then.</summary>
    public bool IsLog { get; init; }

    /// <summary>Whether values are shares, written in percent.</summary>
    public bool IsPercent { get; init; }

    /// <summary>Shades the area between the first two lines.</summary>
    public bool HasBand { get; init; }

    /// <summary>A vertical line with a text; null for none.</summary>
    public (double X, string Text)? Mark { get; init; }

    /// <summary>The chart; null if there is nothing to draw.</summary>
    public XElement? Draw()
    {
        var series = Series.Select(Points).Where(line => line.Points.Length > 0).ToArray();
        if (series.Length == 0) return null;
        var names = ShortNames.Of([.. series.Select(line => line.Series.Name)], LongestName);
        // A point alone shows no course, so its value is written.
        for (var i = 0; i < series.Length; i++)
            if (series[i].Points is [var point]) names[i] = $"{names[i]} {ValueText(point.Y)}".TrimStart();
        var right = names.Max(name => name.Length) is 0 ? 14 : 12 + LetterWidth * names.Max(name => name.Length);
        var all = series.SelectMany(line => line.Points).ToArray();
        var (first, last) = (all.Min(point => point.X), all.Max(point => point.X));
        var (x0, x1) = first < last ? (first, last) : (first - 1, last + 1);
        var (y0, y1) = Spread(all.Min(point => point.Y), all.Max(point => point.Y));
        var ticks = Ticks(y0, y1);
        var texts = AxisTicks.Texts(ticks, IsPercent);
        var left = Math.Max(Left, 12 + LetterWidth * texts.Select(text => text.Length).DefaultIfEmpty().Max());
        double X(double x) => left + (x - x0) / (x1 - x0) * (Width - left - right);
        double Y(double y) => Top + (y1 - y) / (y1 - y0) * (Height - Top - Bottom);
        var svg = Html.E(
            "svg", Html.A("viewBox", $"0 0 {N(Width)} {N(Height)}"), Html.A("role", "img"), Html.A("aria-label", title));
        foreach (var (tick, text) in ticks.Zip(texts))
        {
            var place = Y(IsLog ? Math.Log10(tick) : tick);
            svg.Add(Line(left, place, Width - right, place, "var(--grid)", 1));
            svg.Add(Text(left - 6, place + 4, text, "end"));
        }

        double[] epochs = first < last ? AxisTicks.Linear(first, last, MostTicks, isWhole: true) : [first];
        foreach (var (tick, text) in epochs.Zip(AxisTicks.Texts(epochs))) svg.Add(Text(X(tick), Height - Bottom + 16, text, "middle"));
        svg.Add(Line(left, Height - Bottom, Width - right, Height - Bottom, "var(--line)", 1));
        svg.Add(Text((left + Width - right) / 2, Height - 4, "epoch", "middle"));
        if (HasBand && series.Length > 1) svg.Add(Band(series[0].Points, series[1].Points, X, Y));
        if (Mark is { } mark && mark.X >= x0 && mark.X <= x1)
        {
            svg.Add(Line(X(mark.X), Top, X(mark.X), Height - Bottom, "var(--soft)", 1, "3 3"));
            var isRight = X(mark.X) > (left + Width - right) / 2;
            // Where the lines are not.
            var near = series.Select(line => line.Points.MinBy(point => Math.Abs(point.X - mark.X)).Y).Average();
            var height = near > (y0 + y1) / 2 ? Height - Bottom - 8 : Top + 10;
            svg.Add(Text(X(mark.X) + (isRight ? -4 : 4), height, mark.Text, isRight ? "end" : "start", "halo"));
        }

        foreach (var line in series)
        {
            var color = ReportStyle.Color(line.Series.Color);
            svg.Add(Html.E(
                "polyline", line.Series.Name.Length == 0 ? null : Html.E("title", line.Series.Name),
                Html.A("fill", "none"), Html.A("stroke", color), Html.A("stroke-width", "2"), Html.A("stroke-linejoin", "round"),
                line.Series.IsDashed ? Html.A("stroke-dasharray", "5 4") : null,
                Html.A("points", string.Join(' ', line.Points.Select(point => $"{N(X(point.X))},{N(Y(point.Y))}")))));
            if (line.Points.Length > 12) continue;
            var radius = line.Points.Length == 1 ? "4" : "2.5";
            foreach (var point in line.Points)
                svg.Add(Html.E("circle", Html.A("cx", N(X(point.X))), Html.A("cy", N(Y(point.Y))), Html.A("r", radius), Html.A("fill", color)));
        }

        AddNames(svg, series, names, X, Y);
        return Html.Div("chart", Html.E("h3", title), svg);
    }

    /// <summary>A number in an attribute.</summary>
    public static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A text.</summary>
    public static XElement Text(double x, double y, string text, string anchor, string? cssClass = null) => Html.E(
        "text", Html.A("x", N(x)), Html.A("y", N(y)), Html.A("text-anchor", anchor), cssClass is null ? null : Html.A("class", cssClass), text);

    /// <summary>A straight line.</summary>
    public static XElement Line(double x1, double y1, double x2, double y2, string color, double width, string? dashes = null) => Html.E(
        "line", Html.A("x1", N(x1)), Html.A("y1", N(y1)), Html.A("x2", N(x2)), Html.A("y2", N(y2)), Html.A("stroke", color),
        Html.A("stroke-width", N(width)), dashes is null ? null : Html.A("stroke-dasharray", dashes));

    // Names keep a distance, in the order of the ends of their lines.
    private static void AddNames(
        XElement svg, (PlotSeries Series, (double X, double Y)[] Points)[] series, string[] names, Func<double, double> x, Func<double, double> y)
    {
        var order = Enumerable.Range(0, series.Length).Where(i => names[i].Length > 0).OrderBy(i => y(series[i].Points[^1].Y)).ToArray();
        var places = order.Select(i => y(series[i].Points[^1].Y) + 4).ToArray();
        for (var i = 1; i < places.Length; i++) places[i] = Math.Max(places[i], places[i - 1] + LineHeight);
        for (var i = places.Length - 1; i >= 0; i--)
            places[i] = Math.Min(places[i], i == places.Length - 1 ? Height - Bottom : places[i + 1] - LineHeight);
        for (var i = 0; i < order.Length; i++)
        {
            var (line, at) = (series[order[i]], x(series.Max(one => one.Points[^1].X)) + 8);
            var text = Text(at, places[i], names[order[i]], "start", "name");
            text.Add(Html.A("style", $"fill:{ReportStyle.Color(line.Series.Color)}"));
            // Browsers show it as a tooltip.
            if (!names[order[i]].StartsWith(line.Series.Name, StringComparison.Ordinal)) text.Add(Html.E("title", line.Series.Name));
            svg.Add(text);
        }
    }

    private static XElement Band((double X, double Y)[] upper, (double X, double Y)[] lower, Func<double, double> x, Func<double, double> y) => Html.E(
        "polygon", Html.A("fill", "var(--s6)"), Html.A("opacity", "0.15"),
        Html.A("points", string.Join(' ', upper.Concat(lower.Reverse()).Select(point => $"{N(x(point.X))},{N(y(point.Y))}"))));

    private (PlotSeries Series, (double X, double Y)[] Points) Points(PlotSeries line)
    {
        var points = line.X.Zip(line.Y).Where(point => double.IsFinite(point.Second) && (!IsLog || point.Second > 0))
            .Select(point => (point.First, IsLog ? Math.Log10(point.Second) : point.Second)).ToArray();
        if (points.Length > MostPoints)
            points = [.. Enumerable.Range(0, MostPoints).Select(i => points[(int)((long)i * (points.Length - 1) / (MostPoints - 1))])];
        return (line, points);
    }

    private (double From, double To) Spread(double from, double to)
    {
        var margin = (to - from) * 0.06;
        if (margin == 0) margin = IsLog ? 0.5 : from == 0 ? 1 : Math.Abs(from) * 0.1;
        if (IsLog)
        {
            var (least, most) = AxisTicks.WidenLog(Math.Pow(10, from - margin), Math.Pow(10, to + margin));
            return (Math.Log10(least), Math.Log10(most));
        }

        // Values of 0 or more do not need room below 0.
        var low = from - margin;
        return (from >= 0 && low < 0 ? 0 : low, IsPercent && to <= 1 ? Math.Min(1, to + margin) : to + margin);
    }

    private double[] Ticks(double from, double to) =>
        IsLog ? AxisTicks.Log(Math.Pow(10, from), Math.Pow(10, to), MostTicks) : AxisTicks.Linear(from, to, MostTicks);

    private string ValueText(double place)
    {
        var value = IsLog ? Math.Pow(10, place) : place;
        return IsPercent ? Units.Percent(value) : AxisTicks.Texts([Units.Round(value, 5)])[0];
    }
}
