using Gpu.Cli.Output;

namespace Gpu.Tests.Cli;

public class BarPlotTests
{
    [Fact]
    public void BarLengthsAreProportionalToTheValues()
    {
        var lines = BarPlot.Lines([("a", 1, double.NaN, "1"), ("bb", 2, double.NaN, "2"), ("c", double.NaN, double.NaN, "-")], isUnicode: false).ToArray();
        var bars = lines.Select(line => line.Count(letter => letter == '#')).ToArray();
        Assert.Equal([25, 50, 0], bars);
        Assert.StartsWith(" a  #", lines[0]);
        Assert.StartsWith("bb  #", lines[1]);
        Assert.EndsWith("  2", lines[1]);
    }

    [Fact]
    public void ErrorsAreDrawnAsIntervals()
    {
        var lines = BarPlot.Lines([("a", 1, 0.5, ""), ("b", 2, 0, "")], isUnicode: false).ToArray();
        Assert.Matches(@"^a  #+\|-+#-+\|$", lines[0]);
        Assert.Equal((13, 38), (lines[0].IndexOf('|') - 2, lines[0].LastIndexOf('|') - 2));
        Assert.DoesNotContain("|", lines[1]);
    }

    [Fact]
    public void BarsOfNearValuesStartNearTheSmallest()
    {
        (string, double, double, string)[] near = [("a", 0.5121, double.NaN, ""), ("b", 0.5094, double.NaN, ""), ("c", 0.5107, 0.0003, "")];
        var start = BarPlot.Start(near);
        Assert.InRange(start, 0.507, 0.5094);
        var bars = BarPlot.Lines(near, isUnicode: false).Select(line => line.Count(letter => letter == '#')).ToArray();
        Assert.True(bars[0] == 50 && bars[1] < bars[2] && bars[2] < bars[0] - 5, string.Join(' ', bars));
        var equal = BarPlot.Lines([("a", 0.35151, 0, ""), ("b", 0.35155, 0, "")], isUnicode: false)
            .Select(line => line.Count(letter => letter == '#')).ToArray();
        Assert.InRange(equal[1] - equal[0], 0, 3);
        // Values that differ much, or not at all, are bars from 0.
        Assert.Equal(0, BarPlot.Start([("a", 1, 0, ""), ("b", 2, 0, "")]));
        Assert.Equal(0, BarPlot.Start([("a", 2, 0, ""), ("b", 2, 0, "")]));
        Assert.Equal(-1, BarPlot.Start([("a", -1, 0, ""), ("b", -0.99, 0, "")]));
        Assert.Equal(0, BarPlot.Start([("a", double.NaN, 0, "")]));
    }

    [Fact]
    public void SmallDifferencesBesideANegativeValueLookSmall()
    {
        var lines = BarPlot.Lines([("a", 0.512, 0.004, ""), ("b", 0.509, 0.004, ""), ("c", -0.2, double.NaN, "")], isUnicode: false).ToArray();
        Assert.InRange(lines[0].LastIndexOf('#') - lines[1].LastIndexOf('#'), 0, 1);
        // From the smallest, negative value.
        Assert.Equal("c  #", lines[2]);
        Assert.Equal(2, BarPlot.Lines([("a", 0, double.NaN, ""), ("b", 0, double.NaN, "")], false).Count());
    }

    [Fact]
    public void EqualAndMissingValuesAreAccepted()
    {
        Assert.Equal(2, BarPlot.Lines([("a", 3, double.NaN, ""), ("b", 3, double.NaN, "")], true).Count());
        Assert.Empty(BarPlot.Lines([("a", double.NaN, double.NaN, "")], true));
        Assert.Empty(BarPlot.Lines([], true));
    }
}
