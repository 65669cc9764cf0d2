using System.Globalization;

namespace Gpu.Cli.Parsing;

/// <summary>The numbers that an option takes.</summary>
/// <param name="Least">the lower end</param>
/// <param name="Most">the upper end; infinity for none</param>
/// <param name="IsLeastOpen">whether the lower end itself is excluded</param>
/// <param name="IsMostOpen">whether the upper end itself is excluded</param>
internal readonly record struct Interval(double Least, double Most = double.PositiveInfinity, bool IsLeastOpen = false, bool IsMostOpen = false)
{
    /// <summary>Above 0.</summary>
    public static Interval Positive => new(0, IsLeastOpen: true);

    /// <summary>0 or more.</summary>
    public static Interval NotNegative => new(0);

    /// <summary>From 0 up to, but not including, 1.</summary>
    public static Interval BelowOne => new(0, 1, IsMostOpen: true);

    /// <summary>Whether a number lies in it; NaN and infinity never do.</summary>
    public bool Contains(double value) =>
        double.IsFinite(value) && (IsLeastOpen ? value > Least : value >= Least) && (IsMostOpen ? value < Most : value <= Most);

    /// <summary><c>above 0</c>, <c>0 or more</c>, <c>1 to 100</c>, <c>0 up to, not including, 1</c>.</summary>
    public override string ToString()
    {
        var (least, most) = (Text(Least), Text(Most));
        if (double.IsPositiveInfinity(Most)) return IsLeastOpen ? $"above {least}" : $"{least} or more";
        var from = IsLeastOpen ? $"above {least}" : least;
        return IsMostOpen ? IsLeastOpen ? $"{from} and below {most}" : $"{from} up to, not including, {most}" : $"{from} to {most}";
    }

    private static string Text(double value) => value.ToString("0.##########", CultureInfo.InvariantCulture);
}
