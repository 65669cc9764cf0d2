using System.Text;
using Gpu.Training.IO;
using ScottPlot;

namespace Gpu.Cli.Charts;

/// <summary>Creates plots in the style of the program, and writes them.</summary>
internal static class ChartFile
{
    private const int Width = 800;
    private const int Height = 520;

    /// <summary>Colors of the series, distinct also for the color-blind (Okabe and Ito, 2008).</summary>
    public static IReadOnlyList<Color> Palette { get; } =
    [
        Color.FromHex("#0072B2"), Color.FromHex("#D55E00"), Color.FromHex("#009E73"), Color.FromHex("#CC79A7"), Color.FromHex("#E69F00"),
        Color.FromHex("#56B4E9"), Color.FromHex("#000000"),
    ];

    /// <summary>An empty plot with title and labels.</summary>
    public static Plot NewPlot(string title, string xLabel, string yLabel)
    {
        ChartFont.Use();
        var plot = new Plot();
        plot.Font.Set(ChartFont.Name);
        plot.Title(title, 15);
        plot.Axes.Title.Label.Bold = false;
        plot.XLabel(xLabel, 13);
        plot.YLabel(yLabel, 13);
        plot.Axes.Bottom.Label.Bold = false;
        plot.Axes.Left.Label.Bold = false;
        plot.Grid.MajorLineColor = Colors.Black.WithAlpha(0.12);
        return plot;
    }

    /// <summary>Writes a plot as SVG or PNG (in twice the resolution), by the ending of the name.</summary>
    public static void Save(Plot plot, string path)
    {
        if (Path.GetExtension(path).Equals(".svg", StringComparison.OrdinalIgnoreCase))
        {
            AtomicFile.WriteAllBytes(path, Encoding.UTF8.GetBytes($"{plot.GetSvgXml(Width, Height)}\n<!-- {FileOrigin.Program} -->\n"));
            return;
        }

        plot.ScaleFactor = 2;
        AtomicFile.WriteAllBytes(path, FileOrigin.MarkPng(plot.GetImageBytes(2 * Width, 2 * Height, ImageFormat.Png)));
        plot.ScaleFactor = 1;
    }
}
