using Gpu.Training.Images;

namespace Gpu.Tests.Images;

public class AxisTicksTests
{
    [Theory]
    [InlineData(0, 0.55, 4, false, "0 0.2 0.4")]
    [InlineData(0.137, 0.411, 5, false, "0.2 0.3 0.4")]
    [InlineData(-0.05, 0.11, 5, false, "-0.05 0 0.05 0.1")]
    [InlineData(40_000, 440_000, 5, false, "100,000 200,000 300,000 400,000")]
    [InlineData(0, 0.001, 5, false, "0 0.0002 0.0004 0.0006 0.0008 0.001")]
    [InlineData(0, 5e-4, 5, false, "0 1e-4 2e-4 3e-4 4e-4 5e-4")]
    [InlineData(0, 3e6, 3, false, "0 1e6 2e6 3e6")]
    [InlineData(1, 4, 6, true, "1 2 3 4")]
    [InlineData(1, 20, 6, true, "5 10 15 20")]
    [InlineData(1, 1, 6, true, "")]
    public void LinearTicksAreMultiplesOfARoundStep(double from, double to, int most, bool isWhole, string expected) =>
        Assert.Equal(expected, string.Join(' ', AxisTicks.Texts(AxisTicks.Linear(from, to, most, isWhole))));

    [Theory]
    [InlineData(0.08, 3, 5, "0.1 0.2 0.5 1 2")]
    [InlineData(1e-6, 0.02, 5, "1e-6 1e-5 1e-4 0.001 0.01")]
    [InlineData(1e-9, 1, 5, "1e-9 1e-7 1e-5 0.001 0.1")]
    [InlineData(0, 1, 5, "")]
    public void LogarithmicTicksAreOneTwoAndFiveTimesPowersOfTen(double from, double to, int most, string expected) =>
        Assert.Equal(expected, string.Join(' ', AxisTicks.Texts(AxisTicks.Log(from, to, most))));

    [Fact]
    public void TicksOfAnyRangeAreRound()
    {
        var random = new Random(1);
        for (var i = 0; i < 2000; i++)
        {
            var from = (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-12, 12));
            var to = from + (random.NextDouble() + 0.01) * Math.Abs(from) * Math.Pow(10, random.Next(-4, 5));
            // As many as the charts have.
            var most = random.Next(5, 9);
            var ticks = AxisTicks.Linear(from, to, most);
            Assert.InRange(ticks.Length, 1, most + 1);
            Assert.All(ticks, tick => Assert.InRange(tick, from - 1e-6 * (to - from), to + 1e-6 * (to - from)));
            foreach (var (a, b) in ticks.Zip(ticks.Skip(1))) Assert.True(FirstDigit(b - a) is 1 or 2 or 5);

            var least = Math.Pow(10, random.NextDouble() * 20 - 10);
            var (low, high) = AxisTicks.WidenLog(least, least * Math.Pow(10, random.NextDouble() * random.Next(1, 8)));
            var logs = AxisTicks.Log(low, high, most);
            Assert.InRange(logs.Length, 2, most);
            Assert.All(logs, tick => Assert.True(FirstDigit(tick) is 1 or 2 or 5));
        }
    }

    [Fact]
    public void SharesAreWrittenInPercent() => Assert.Equal(["0 %", "7 %", "99.98 %"], AxisTicks.Texts([0, 0.07, 0.9998], isPercent: true));

    // NaN if there are others behind it.
    private static double FirstDigit(double value)
    {
        var digits = Math.Abs(value).ToString("E6", System.Globalization.CultureInfo.InvariantCulture);
        return digits[2..8] == "000000" ? digits[0] - '0' : double.NaN;
    }
}
