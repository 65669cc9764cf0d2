using System.Globalization;

namespace Gpu.Cli.Parsing;

/// <summary>Valid range of a numeric option.</summary>
/// <param name="Minimum">lower bound</param>
/// <param name="Maximum">upper bound; infinity for none</param>
/// <param name="ExcludesMinimum">whether the lower bound is excluded</param>
/// <param name="ExcludesMaximum">whether the upper bound is excluded</param>
internal readonly record struct Interval(double Minimum, double Maximum = double.PositiveInfinity, bool ExcludesMinimum = false, bool ExcludesMaximum = false)
{
    /// <summary>Above 0.</summary>
    public static Interval Positive => new(0, ExcludesMinimum: true);

    /// <summary>0 or more.</summary>
    public static Interval NonNegative => new(0);

    /// <summary>At least 0 and below 1.</summary>
    public static Interval BelowOne => new(0, 1, ExcludesMaximum: true);

    /// <summary>Whether the range contains a number; false for NaN and infinity.</summary>
    public bool Contains(double value) =>
        double.IsFinite(value) && (ExcludesMinimum ? value > Minimum : value >= Minimum) && (ExcludesMaximum ? value < Maximum : value <= Maximum);

    /// <summary>The range in words: <c>above 0</c>, <c>0 or more</c>, <c>1 to 100</c>, <c>at least 0 and below 1</c>.</summary>
    public override string ToString()
    {
        var (least, most) = (Text(Minimum), Text(Maximum));
        if (double.IsPositiveInfinity(Maximum)) return ExcludesMinimum ? $"above {least}" : $"{least} or more";
        if (ExcludesMaximum) return $"{(ExcludesMinimum ? "above" : "at least")} {least} and below {most}";
        return $"{(ExcludesMinimum ? "above " : "")}{least} to {most}";
    }

    private static string Text(double value) => value.ToString("0.##########", CultureInfo.InvariantCulture);
}
