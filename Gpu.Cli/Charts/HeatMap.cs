using Gpu.Cli.Output;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Gpu.Cli.Charts;

/// <summary>A table of values as colors, with the number in each cell.</summary>
/// <param name="Title">title</param>
/// <param name="XLabel">label of the columns</param>
/// <param name="YLabel">label of the rows</param>
/// <param name="ValueLabel">what the values are, beside the scale of colors</param>
internal sealed record HeatMap(string Title, string XLabel, string YLabel, string ValueLabel)
{
    /// <summary>The texts of the columns, from the left.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>The texts of the rows, from the top.</summary>
    public required IReadOnlyList<string> Rows { get; init; }

    /// <summary>The values, [rows, columns]; those that are not finite have no color.</summary>
    public required double[,] Values { get; init; }

    /// <summary>The cell with a frame; null for none.</summary>
    public (int Row, int Column)? Marked { get; init; }

    /// <summary>Writes the picture as SVG or PNG, by the ending of the name.</summary>
    public void Save(string path) => ChartFile.Save(Draw(), path);

    private Plot Draw()
    {
        var plot = ChartFile.NewPlot(Title, XLabel, YLabel);
        var finite = Values.Cast<double>().Where(double.IsFinite).DefaultIfEmpty(0).ToArray();
        var (low, high) = (finite.Min(), finite.Max());
        var shown = new double[Rows.Count, Columns.Count];
        for (var row = 0; row < Rows.Count; row++)
            for (var column = 0; column < Columns.Count; column++)
                shown[row, column] = double.IsFinite(Values[row, column]) ? Values[row, column] : double.NaN;
        var map = plot.Add.Heatmap(shown);
        map.Colormap = new ScottPlot.Colormaps.Viridis();
        map.NaNCellColor = Colors.White;
        if (high > low) map.ManualRange = new ScottPlot.Range(low, high);
        // Rectangles keep sharp edges in an SVG.
        map.RenderStrategy = new ScottPlot.Plottables.Heatmap.RenderStrategies.Rectangles();
        var bar = plot.Add.ColorBar(map);
        bar.Axis.TickGenerator = RoundTicks.Linear();
        bar.Label = ValueLabel;
        bar.LabelStyle.FontSize = 13;
        for (var row = 0; row < Rows.Count; row++)
        {
            for (var column = 0; column < Columns.Count; column++)
            {
                var value = Values[row, column];
                var text = plot.Add.Text(double.IsFinite(value) ? Units.Number(Math.Round(value, 4)) : "-", column, Rows.Count - 1 - row);
                text.LabelAlignment = Alignment.MiddleCenter;
                text.LabelFontSize = Columns.Count > 8 ? 10 : 12;
                // The upper half of the scale is bright.
                text.LabelFontColor = double.IsFinite(value) && value < (low + high) / 2 ? Colors.White : Colors.Black;
            }
        }

        if (Marked is { } cell)
        {
            var (x, y) = (cell.Column, Rows.Count - 1 - cell.Row);
            var frame = plot.Add.Rectangle(x - 0.48, x + 0.48, y - 0.48, y + 0.48);
            frame.FillColor = Colors.Transparent;
            frame.LineColor = Colors.Red;
            frame.LineWidth = 3;
        }

        plot.Axes.Bottom.TickGenerator = new NumericManual([.. Columns.Select((_, index) => (double)index)], [.. Columns]);
        plot.Axes.Left.TickGenerator = new NumericManual([.. Rows.Select((_, index) => (double)(Rows.Count - 1 - index))], [.. Rows]);
        plot.Axes.SetLimits(-0.5, Columns.Count - 0.5, -0.5, Rows.Count - 0.5);
        plot.HideGrid();
        return plot;
    }
}
