using System.Globalization;

namespace Gpu.Training.Models;

/// <summary>Numbers in messages about ranges.</summary>
internal static class NumberText
{
    /// <summary>The largest number of 32 bits.</summary>
    public const string Largest = "3.4e38";

    /// <summary>A number as text: <c>1e300</c>; one that became infinite when it was made 32-bit is above or below <see cref="Largest"/>.</summary>
    public static string Of(double value) => double.IsInfinity(value) ? $"{(value < 0 ? "below -" : "above ")}{Largest}"
        : value.ToString("R", CultureInfo.InvariantCulture).Replace("E+", "e", StringComparison.Ordinal).Replace("E", "e", StringComparison.Ordinal);

    /// <summary>A number of 32 bits as text.</summary>
    public static string Of(float value) => Of(double.Parse(value.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
}
