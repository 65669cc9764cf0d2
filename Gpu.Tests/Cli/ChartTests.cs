using System.Xml.Linq;
using Gpu.Cli.Charts;
using Gpu.Cli.Reports;
using Gpu.Tests.IO;

namespace Gpu.Tests.Cli;

public class ChartTests
{
    [Fact]
    public void AnEpochAloneIsAMarkWithItsValue()
    {
        var chart = new SvgPlot("loss") { Series = [new("training", [1], [0.62677], 0), new("test", [1], [0.548012], 1)], IsPercent = false }.Draw()!;
        var texts = chart.Descendants("text").Select(text => text.Value).ToArray();
        Assert.Contains("training 0.62677", texts);
        Assert.Contains("test 0.54801", texts);
        // The one epoch is the only tick of its axis.
        Assert.Single(texts, "1");
        Assert.DoesNotContain("0", texts);
        Assert.All(chart.Descendants("circle"), circle => Assert.Equal("4", (string?)circle.Attribute("r")));
        Assert.Equal(2, chart.Descendants("circle").Count());

        var share = new SvgPlot("accuracy") { Series = [new("", [3], [0.7578], 0)], IsPercent = true }.Draw()!;
        Assert.Contains(share.Descendants("text"), text => text.Value == "75.78 %");
        var rate = new SvgPlot("decay") { Series = [new("", [3], [4.2e-4], 0)], IsLog = true }.Draw()!;
        Assert.Contains(rate.Descendants("text"), text => text.Value == "4.2e-4");
        Assert.Contains(rate.Descendants("text"), text => text.Value == "0.0005");
    }

    [Fact]
    public void ALineHasNoValues()
    {
        var chart = new SvgPlot("loss") { Series = [new("test", [1, 2, 3], [3e-3, 2e-3, 1e-3], 1)] }.Draw()!;
        var texts = chart.Descendants("text").Select(text => text.Value).ToArray();
        Assert.Equal(["0.001", "0.0015", "0.002", "0.0025", "0.003", "1", "2", "3", "epoch", "test"], texts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void APointOfAChartFileIsAMarkWithItsValue(bool isLog)
    {
        using var folder = new TempFolder();
        var path = folder.File("x.svg");
        new LineChart("title", "x", "loss") { Series = [new("validation", [1e-3], [0.590791]), new("training", [1e-3], [0.60082])], IsYLog = isLog }.Save(path);
        var texts = XDocument.Load(path).Descendants().Where(node => node.Name.LocalName == "text").Select(node => node.Value.Trim()).ToArray();
        Assert.Contains("0.59079", texts);
        Assert.Contains("0.60082", texts);
        // The axis is around the value.
        Assert.Contains("0.001", texts);
        Assert.Contains("0.0012", texts);
    }

    [Fact]
    public void TicksOfChartFilesAreRound()
    {
        using var folder = new TempFolder();
        var path = folder.File("x.svg");
        new LineChart("title", "x", "loss") { XAxis = ChartAxis.For([0, 3e-4, 3e-3, 0.03]), Series = [new("", [0, 3e-4, 3e-3, 0.03], [1, 1.75, 2, 2.25])] }
            .Save(path);
        var texts = XDocument.Load(path).Descendants().Where(node => node.Name.LocalName == "text").Select(node => node.Value.Trim()).ToArray();
        foreach (var tick in new[] { "0", "0.0002", "0.002", "0.02", "1.2", "1.4", "2" }) Assert.Contains(tick, texts);
        Assert.DoesNotContain("1.25", texts);
        Assert.DoesNotContain("3e-4", texts);
    }
}
