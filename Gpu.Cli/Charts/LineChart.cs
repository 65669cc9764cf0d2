using Gpu.Cli.Output;
using Gpu.Training.Images;
using ScottPlot;
using ScottPlot.Plottables;

namespace Gpu.Cli.Charts;

/// <summary>A series of a <see cref="LineChart"/>.</summary>
/// <param name="Name">text in the legend; empty for none</param>
/// <param name="X">positions</param>
/// <param name="Y">values; those that are not finite are left out</param>
internal sealed record ChartSeries(string Name, IReadOnlyList<double> X, IReadOnlyList<double> Y)
{
    /// <summary>Half the length of the error bar of each value; NaN for none. Null for none at all.</summary>
    public IReadOnlyList<double>? Errors { get; init; }

    /// <summary>Whether the values are joined by a line, unless the places of the axis are texts.</summary>
    public bool HasLine { get; init; } = true;

    /// <summary>Whether the values have marks.</summary>
    public bool HasMarks { get; init; } = true;
}

/// <summary>Lines with marks and error bars over an axis.</summary>
/// <param name="Title">title</param>
/// <param name="XLabel">label of the horizontal axis, with its unit</param>
/// <param name="YLabel">label of the vertical axis, with its unit</param>
internal sealed record LineChart(string Title, string XLabel, string YLabel)
{
    /// <summary>The horizontal axis.</summary>
    public ChartAxis XAxis { get; init; } = ChartAxis.Linear();

    /// <summary>Whether the vertical axis is logarithmic.</summary>
    public bool IsYLog { get; init; }

    /// <summary>The series, in the order of the colors.</summary>
    public required IReadOnlyList<ChartSeries> Series { get; init; }

    /// <summary>Vertical lines with a text in the legend.</summary>
    public IReadOnlyList<(double X, string Text)> Marks { get; init; } = [];

    /// <summary>Writes the chart as SVG or PNG, by the ending of the name.</summary>
    public void Save(string path) => ChartFile.Save(Draw(), path);

    private Plot Draw()
    {
        var plot = ChartFile.NewPlot(Title, XLabel, YLabel);
        var finite = Series.SelectMany(series => series.Y).Where(value => double.IsFinite(value) && (!IsYLog || value > 0)).ToArray();
        var yAxis = IsYLog ? ChartAxis.Log(finite) : ChartAxis.Linear();
        foreach (var (index, mark) in Marks.Index())
        {
            var pattern = index == 0 ? LinePattern.Dashed : LinePattern.Dotted;
            plot.Add.VerticalLine(XAxis.Place(mark.X), 1.5f, Colors.Gray, pattern);
            // After the series in the legend, but below them in the picture.
            plot.Legend.ManualItems.Add(new LegendItem { LabelText = mark.Text, LineColor = Colors.Gray, LineWidth = 1.5f, LinePattern = pattern });
        }

        foreach (var (index, series) in Series.Index()) Draw(plot, series, yAxis, index);
        (plot.Axes.Bottom.TickGenerator, plot.Axes.Left.TickGenerator) = (XAxis.Ticks, yAxis.Ticks);
        if (XAxis.Texts is { } texts && texts.Sum(text => text.Length + 2) > 90)
        {
            plot.Axes.Bottom.TickLabelStyle.Rotation = -35;
            plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.MiddleRight;
            plot.Axes.Bottom.MinimumSize = 30 + 6 * texts.Max(text => text.Length);
        }

        if (XAxis.Break is { } place)
        {
            var line = plot.Add.VerticalLine(place, 1, Colors.Gray.WithAlpha(0.6), LinePattern.DenselyDashed);
            line.EnableAutoscale = false;
        }

        plot.Axes.Margins(0.06, 0.1);
        plot.Axes.AutoScale();
        var limits = plot.Axes.GetLimits();
        var (xs, ys) = (Series.SelectMany(series => series.X), Series.SelectMany(series => series.Y));
        var (left, right) = XAxis.Ends(xs, limits.Left, limits.Right);
        // Error bars give one value a height.
        var (bottom, top) = yAxis.Ends(Series.All(series => series.Errors?.All(double.IsNaN) != false) ? ys : [], limits.Bottom, limits.Top);
        plot.Axes.SetLimits(left, right, bottom, top);
        if (XAxis.Texts is { } places) plot.Axes.SetLimitsX(-0.5, places.Count - 0.5);
        if (Series.Any(series => series.Name.Length > 0) || Marks.Count > 0)
        {
            plot.ShowLegend(Edge.Bottom);
            plot.Legend.Orientation = Orientation.Horizontal;
            plot.Legend.ShadowColor = Colors.Transparent;
            plot.Legend.OutlineWidth = 0;
        }

        return plot;
    }

    private void Draw(Plot plot, ChartSeries series, ChartAxis yAxis, int index)
    {
        var color = ChartFile.Palette[index % ChartFile.Palette.Count];
        var points = series.X.Zip(series.Y, series.Errors ?? Enumerable.Repeat(double.NaN, series.X.Count))
            .Where(point => double.IsFinite(point.Second) && (!IsYLog || point.Second > 0)).OrderBy(point => XAxis.Place(point.First)).ToArray();
        if (points.Length == 0) return;
        double[] xs = [.. points.Select(point => XAxis.Place(point.First))];
        double[] ys = [.. points.Select(point => yAxis.Place(point.Second))];
        // The line does not cross the break of the axis.
        var first = XAxis.Break is { } place ? xs.Count(x => x < place) : 0;
        var scatter = plot.Add.Scatter(xs[first..], ys[first..], color);
        scatter.LegendText = series.Name;
        Style(scatter);
        if (first > 0) Style(plot.Add.Scatter(xs[..first], ys[..first], color));
        if (points.Length == 1)
        {
            // The first series to the right of its point, the next one to the left: both are at the same place.
            var text = plot.Add.Text(AxisTicks.Texts([Units.Round(points[0].Second, 5)])[0], xs[0], ys[0]);
            (text.LabelAlignment, text.OffsetX) = index % 2 == 0 ? (Alignment.MiddleLeft, 8) : (Alignment.MiddleRight, -8);
            text.LabelFontColor = color;
        }

        var bars = points.Index().Where(point => double.IsFinite(point.Item.Third) && point.Item.Third > 0).ToArray();
        if (bars.Length == 0) return;
        double[] below = [.. bars.Select(point => ys[point.Index] - yAxis.Place(Lower(point.Item.Second, point.Item.Third)))];
        double[] above = [.. bars.Select(point => yAxis.Place(point.Item.Second + point.Item.Third) - ys[point.Index])];
        plot.PlottableList.Add(new ErrorBar([.. bars.Select(point => xs[point.Index])], [.. bars.Select(point => ys[point.Index])], null, null, below, above)
        {
            Color = color,
            LineWidth = 1.5f,
            CapSize = 4,
        });

        void Style(Scatter drawn)
        {
            drawn.LineWidth = series.HasLine && XAxis.Texts is null ? 2 : 0;
            drawn.MarkerSize = points.Length == 1 ? 9 : series.HasMarks ? 7 : 0;
        }

        // A logarithmic axis has no place for 0 and below.
        double Lower(double value, double error) => IsYLog ? Math.Max(value - error, value / 100) : value - error;
    }
}
