using System.Globalization;

namespace Gpu.Cli.Parsing;

/// <summary>The numbers that an option takes.</summary>
/// <param name="Minimum">the lower end</param>
/// <param name="Maximum">the upper end; infinity for none</param>
/// <param name="ExcludesMinimum">whether the lower end itself is excluded</param>
/// <param name="ExcludesMaximum">whether the upper end itself is excluded</param>
internal readonly record struct Interval(double Minimum, double Maximum = double.PositiveInfinity, bool ExcludesMinimum = false, bool ExcludesMaximum = false)
{
    /// <summary>Above 0.</summary>
    public static Interval Positive => new(0, ExcludesMinimum: true);

    /// <summary>0 or more.</summary>
    public static Interval NonNegative => new(0);

    /// <summary>From 0 up to, but not including, 1.</summary>
    public static Interval BelowOne => new(0, 1, ExcludesMaximum: true);

    /// <summary>Whether a number lies in it; NaN and infinity never do.</summary>
    public bool Contains(double value) =>
        double.IsFinite(value) && (ExcludesMinimum ? value > Minimum : value >= Minimum) && (ExcludesMaximum ? value < Maximum : value <= Maximum);

    /// <summary><c>above 0</c>, <c>0 or more</c>, <c>1 to 100</c>, <c>0 up to, not including, 1</c>.</summary>
    public override string ToString()
    {
        var (least, most) = (Text(Minimum), Text(Maximum));
        if (double.IsPositiveInfinity(Maximum)) return ExcludesMinimum ? $"above {least}" : $"{least} or more";
        var from = ExcludesMinimum ? $"above {least}" : least;
        return ExcludesMaximum ? ExcludesMinimum ? $"{from} and below {most}" : $"{from} up to, not including, {most}" : $"{from} to {most}";
    }

    private static string Text(double value) => value.ToString("0.##########", CultureInfo.InvariantCulture);
}
