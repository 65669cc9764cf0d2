using System.Globalization;

namespace Gpu.Cli.Output;

/// <summary>Formats numbers for display, in the invariant culture.</summary>
internal static class Units
{
    private static readonly string[] ByteUnits = ["B", "KB", "MB", "GB", "TB"];

    /// <summary>A count with thousands separators: <c>12,345</c>.</summary>
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A count and a noun, in the plural unless it is one: <c>1 file</c>, <c>12,345 files</c>.</summary>
    public static string Count(long value, string noun) => $"{Count(value)} {noun}{(value == 1 ? "" : noun.EndsWith('s') ? "es" : "s")}";

    /// <summary>A number with a fixed number of decimals, as a power of ten from 1e9 on; <c>-</c> for NaN.</summary>
    public static string Fixed(double value, int digits) => double.IsNaN(value) ? "-"
        : Math.Abs(value) >= 1e9 && double.IsFinite(value) ? Scientific(value)
        : value.ToString($"N{digits}", CultureInfo.InvariantCulture);

    /// <summary>About three significant digits: <c>0.00123</c>, <c>1.23</c>, <c>123</c>, <c>12,345</c>.</summary>
    public static string Short(double value)
    {
        var size = Math.Abs(value);
        if (size is > 0 and < 1e-4) return value.ToString("0.00e0", CultureInfo.InvariantCulture);
        return Fixed(value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : size >= 0.01 ? 4 : 5);
    }

    /// <summary>In scientific notation, four significant digits at the most: <c>1e-3</c>, <c>9.997e5</c>; <c>0</c> for zero.</summary>
    public static string Scientific(double value) => value == 0 ? "0" : value.ToString("0.###e0", CultureInfo.InvariantCulture);

    /// <summary>A number of a table: six significant digits, in scientific notation from 1e6 on and below 1e-4.</summary>
    public static string Number(double value) => value != 0 && double.IsFinite(value) && Math.Abs(value) is < 1e-4 or >= 1e6
        ? value.ToString("0.#####e0", CultureInfo.InvariantCulture) : value.ToString("G6", CultureInfo.InvariantCulture);

    /// <summary>A number rounded to a number of significant digits.</summary>
    public static double Round(double value, int digits) => double.IsFinite(value)
        ? double.Parse(value.ToString($"E{digits - 1}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : value;

    /// <summary>A fraction in percent: <c>98.51 %</c>; <c>-</c> for NaN.</summary>
    public static string Percent(double share, int digits = 2) => double.IsNaN(share) ? "-" : $"{Fixed(100 * share, digits)} %";

    /// <summary>A size in bytes, in units of powers of 1024: <c>1.5 MB</c>.</summary>
    public static string Bytes(long bytes)
    {
        var size = (double)bytes;
        var unit = 0;
        while (size >= 1024 && unit < ByteUnits.Length - 1)
        {
            size /= 1024;
            unit++;
        }

        return unit == 0 ? $"{bytes} B" : $"{Fixed(size, size < 10 ? 1 : 0)} {ByteUnits[unit]}";
    }

    /// <summary>A duration: <c>0:12</c>, <c>1:02:03</c>; <c>-:--</c> if unknown (negative or longer than 999 days).</summary>
    public static string Duration(TimeSpan time)
    {
        if (time < TimeSpan.Zero || time > TimeSpan.FromDays(999)) return "-:--";
        var seconds = (long)Math.Round(time.TotalSeconds);
        var (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        return hours > 0 ? string.Create(CultureInfo.InvariantCulture, $"{hours}:{minutes:00}:{seconds % 60:00}") : $"{minutes}:{seconds % 60:00}";
    }
}
