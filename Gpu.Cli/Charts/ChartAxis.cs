using System.Globalization;
using ScottPlot.TickGenerators;

namespace Gpu.Cli.Charts;

/// <summary>Where values are on an axis: linear, logarithmic with 0 at a place of its own, or one place for each of several texts.</summary>
internal sealed class ChartAxis
{
    // Decades between 0 and the smallest value on a logarithmic axis.
    private const double ZeroGap = 0.8;

    private readonly bool _isLog;
    private readonly double _zero;

    private ChartAxis(bool isLog, double zero, NumericManual? ticks) => (_isLog, _zero, Ticks) = (isLog, zero, ticks);

    /// <summary>Where the axis is broken between 0 and the smallest value; null if it is not.</summary>
    public double? Break { get; private init; }

    /// <summary>The texts of an axis of texts; else null.</summary>
    public IReadOnlyList<string>? Texts { get; private init; }

    /// <summary>The ticks; null for those of the library.</summary>
    public NumericManual? Ticks { get; }

    /// <summary>A linear axis.</summary>
    public static ChartAxis Linear { get; } = new(false, 0, null);

    /// <summary>An axis with a place for each text, at 0, 1, 2 and so on.</summary>
    public static ChartAxis OfTexts(IReadOnlyList<string> texts) =>
        new(false, 0, new NumericManual([.. texts.Select((_, index) => (double)index)], [.. texts])) { Texts = texts };

    /// <summary>A logarithmic axis. Values of 0 have a place of their own, left of or below the others.</summary>
    /// <param name="values">the values, 0 or more</param>
    /// <param name="isLabeled">whether every value has a tick with its number, if there is room, instead of the powers of ten</param>
    public static ChartAxis Log(IEnumerable<double> values, bool isLabeled = false)
    {
        var all = values.Where(double.IsFinite).Distinct().Order().ToArray();
        var positive = all.Where(value => value > 0).ToArray();
        if (positive.Length == 0) return Linear;
        var (low, high) = (Math.Log10(positive[0]), Math.Log10(positive[^1]));
        var hasZero = all[0] == 0;
        var zero = low - ZeroGap;
        var ticks = new NumericManual();
        if (hasZero) ticks.AddMajor(zero, "0");
        // Labels need about a fifteenth of the width.
        var hasRoom = positive.Zip(positive.Skip(1), (a, b) => Math.Log10(b / a)).All(gap => gap > (high - low + (hasZero ? ZeroGap : 0)) / 15);
        foreach (var tick in isLabeled && hasRoom ? positive : PowersOfTen(low, high)) ticks.AddMajor(Math.Log10(tick), Text(tick));
        for (var power = Math.Floor(low); power <= high; power++)
        {
            for (var digit = 2; digit < 10; digit++)
                if (power + Math.Log10(digit) is var place && place > low - 0.3 && place < high + 0.3) ticks.AddMinor(place);
        }

        return new ChartAxis(true, zero, ticks) { Break = hasZero ? low - ZeroGap / 2 : null };
    }

    /// <summary>A logarithmic axis if the values are 0 or more and span a factor of 20 or more, else a linear one.</summary>
    public static ChartAxis For(IReadOnlyCollection<double> values)
    {
        var positive = values.Where(value => value > 0).ToArray();
        return positive.Length > 1 && values.All(value => value >= 0) && positive.Max() / positive.Min() >= 20 ? Log(values, isLabeled: true) : Linear;
    }

    /// <summary>The place of a value.</summary>
    public double Place(double value) => !_isLog ? value : value > 0 ? Math.Log10(value) : _zero;

    /// <summary>A short text of a number: <c>0.05</c>, <c>1e-4</c>.</summary>
    public static string Text(double value)
    {
        var size = Math.Abs(value);
        return size is 0 or >= 1e-2 and < 1e5 ? value.ToString("0.####", CultureInfo.InvariantCulture) : value.ToString("0.##e0", CultureInfo.InvariantCulture);
    }

    // The powers of ten from just below to just above; with 2 and 5 times them if there are few.
    private static IEnumerable<double> PowersOfTen(double low, double high)
    {
        double[] digits = high - low < 1.5 ? [1, 2, 5] : [1];
        for (var power = Math.Floor(low); power <= Math.Ceiling(high); power++)
        {
            foreach (var digit in digits)
                if (Math.Log10(digit) + power is var place && place >= low - 0.3 && place <= high + 0.3) yield return digit * Math.Pow(10, power);
        }
    }
}
