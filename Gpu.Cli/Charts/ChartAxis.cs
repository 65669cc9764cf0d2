using Gpu.Training.Images;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Gpu.Cli.Charts;

/// <summary>Where values are on an axis: linear, logarithmic with 0 at a place of its own, or one place for each of several texts.</summary>
internal sealed class ChartAxis
{
    // Decades between 0 and the smallest value on a logarithmic axis.
    private const double ZeroGap = 0.8;

    private readonly bool _isLog;
    private readonly double _zero;

    private ChartAxis(bool isLog, double zero, ITickGenerator ticks) => (_isLog, _zero, Ticks) = (isLog, zero, ticks);

    /// <summary>Where the axis is broken between 0 and the smallest value; null if it is not.</summary>
    public double? Break { get; private init; }

    /// <summary>The texts of an axis of texts; else null.</summary>
    public IReadOnlyList<string>? Texts { get; private init; }

    /// <summary>The ticks.</summary>
    public ITickGenerator Ticks { get; }

    /// <summary>A linear axis.</summary>
    public static ChartAxis Linear() => new(false, 0, RoundTicks.Linear());

    /// <summary>A linear axis of whole numbers.</summary>
    public static ChartAxis Whole() => new(false, 0, RoundTicks.Linear(isWhole: true));

    /// <summary>An axis with a place for each text, at 0, 1, 2 and so on.</summary>
    public static ChartAxis OfTexts(IReadOnlyList<string> texts) =>
        new(false, 0, new NumericManual([.. texts.Select((_, index) => (double)index)], [.. texts])) { Texts = texts };

    /// <summary>A logarithmic axis. Values of 0 have a place of their own, left of or below the others.</summary>
    /// <param name="values">the values, 0 or more</param>
    public static ChartAxis Log(IEnumerable<double> values)
    {
        var all = values.Where(double.IsFinite).ToArray();
        var positive = all.Where(value => value > 0).ToArray();
        if (positive.Length == 0) return Linear();
        var low = Math.Log10(positive.Min());
        double? zero = all.Contains(0) ? low - ZeroGap : null, gap = zero is null ? null : low - ZeroGap / 2;
        return new ChartAxis(true, zero ?? 0, RoundTicks.Log(zero, gap)) { Break = gap };
    }

    /// <summary>A logarithmic axis if the values are 0 or more and span a factor of 20 or more, else a linear one.</summary>
    public static ChartAxis For(IReadOnlyCollection<double> values)
    {
        var positive = values.Where(value => value > 0).ToArray();
        return positive.Length > 1 && values.All(value => value >= 0) && positive.Max() / positive.Min() >= 20 ? Log(values) : Linear();
    }

    /// <summary>The place of a value.</summary>
    public double Place(double value) => !_isLog ? value : value > 0 ? Math.Log10(value) : _zero;

    /// <summary>The ends of the axis for values between two places: on a logarithmic axis wide enough for two ticks, and around a single value.</summary>
    public (double From, double To) Ends(IEnumerable<double> values, double from, double to)
    {
        if (!_isLog)
        {
            return values.Where(double.IsFinite).Distinct().Take(2).ToArray() is [var only] && only != 0 && Texts is null
                ? (only - Math.Abs(only) / 2, only + Math.Abs(only) / 2) : (from, to);
        }

        var (least, most) = AxisTicks.WidenLog(Math.Pow(10, Break ?? from), Math.Pow(10, to));
        return (Break is null ? Math.Log10(least) : from, Math.Log10(most));
    }
}
