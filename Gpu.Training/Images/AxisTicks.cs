using System.Globalization;

namespace Gpu.Training.Images;

/// <summary>Where the axes of charts have ticks: at round numbers.</summary>
public static class AxisTicks
{
    // The powers of ten that a double holds with all its digits.
    private const int LeastPower = -300;
    private const int MostPower = 300;

    private static readonly int[] Digits = [1, 2, 5];

    /// <summary>Ticks of a linear axis: the multiples of a step that is 1, 2 or 5 times a power of ten.</summary>
    /// <param name="from">Lower end of the axis.</param>
    /// <param name="to">Upper end of the axis.</param>
    /// <param name="most">The most steps between the ends, at least 1.</param>
    /// <param name="isWhole">Whether ticks are whole numbers, as for epochs.</param>
    /// <returns>The ticks from low to high; none for an axis without a length.</returns>
    public static double[] Linear(double from, double to, int most, bool isWhole = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        var rough = to / most - from / most;
        if (!(rough > 0) || !double.IsFinite(rough)) return [];
        var power = (int)Math.Clamp(Math.Floor(Math.Log10(rough)), isWhole ? 0 : LeastPower, MostPower);
        // The last digit is 1 of the next power.
        var digit = Digits.FirstOrDefault(digit => Round(digit, power) >= rough * (1 - 1e-9));
        if (digit == 0) (digit, power) = (1, power + 1);
        var step = Round(digit, power);
        // Ends that are ticks but for rounding are ticks.
        var (first, last) = (Math.Ceiling(from / step - 1e-9), Math.Floor(to / step + 1e-9));
        List<double> ticks = [];
        for (var i = first; i <= last && ticks.Count <= most; i++) ticks.Add(Round(i * digit, power));
        return [.. ticks];
    }

    /// <summary>
    /// Ticks of a logarithmic axis: 1, 2 and 5 times the powers of ten; the powers alone if these are too many, and on a long axis every second, third or so.
    /// </summary>
    /// <param name="from">Lower end of the axis, above 0.</param>
    /// <param name="to">Upper end of the axis.</param>
    /// <param name="most">The most ticks, at least 2.</param>
    /// <returns>The ticks from low to high; none if the lower end is not above 0.</returns>
    public static double[] Log(double from, double to, int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 2);
        if (!(from > 0) || !(to >= from) || !double.IsFinite(to)) return [];
        var (low, high) = ((int)Math.Floor(Math.Log10(from)), (int)Math.Ceiling(Math.Log10(to)));
        double[] all = [.. Inside(Digits, low, high)];
        if (all.Length <= most) return all;
        double[] powers = [.. Inside([1], low, high)];
        var every = (powers.Length + most - 1) / most;
        return [.. powers.Where((_, index) => index % every == 0)];

        IEnumerable<double> Inside(int[] digits, int first, int last) => Enumerable.Range(first, last - first + 1)
            .SelectMany(power => digits.Select(digit => Round(digit, power))).Where(tick => tick >= from * (1 - 1e-9) && tick <= to * (1 + 1e-9));
    }

    /// <summary>A range of a logarithmic axis that has two ticks or more: the given one, or from the tick below it to the tick above it.</summary>
    /// <param name="from">Smallest value, above 0.</param>
    /// <param name="to">Largest value.</param>
    public static (double From, double To) WidenLog(double from, double to)
    {
        if (Log(from, to, int.MaxValue).Length > 1) return (from, to);
        var around = Log(from / 10, to * 10, int.MaxValue);
        return (around.LastOrDefault(tick => tick < from * (1 - 1e-9), from), around.FirstOrDefault(tick => tick > to * (1 + 1e-9), to));
    }

    /// <summary>
    /// Ticks as texts with all their digits: <c>0.05</c>, <c>25,000</c>; in scientific notation from 1e6 on, and where they are small, as <c>5e-4</c>.
    /// </summary>
    /// <param name="ticks">The ticks of an axis.</param>
    /// <param name="isPercent">Whether they are shares to be written in percent: <c>2.5 %</c>.</param>
    public static string[] Texts(IReadOnlyList<double> ticks, bool isPercent = false)
    {
        // The ticks of an axis look alike unless they are too different.
        var isPlain = ticks.All(tick => Math.Abs(tick) is 0 or >= 1e-4 and < 1e6) && ticks.Any(tick => Math.Abs(tick) >= 1e-3);
        return [.. ticks.Select(Text)];

        string Text(double tick)
        {
            const string digits = "#,##0.############";
            // Decimals: 100 times 0.07 is not 7 in binary.
            if (isPercent) return $"{(100 * (decimal)tick).ToString(digits, CultureInfo.InvariantCulture)} %";
            return isPlain || Math.Abs(tick) is 0 or >= 1e-3 and < 1e6
                ? tick.ToString(digits, CultureInfo.InvariantCulture) : tick.ToString("0.############e0", CultureInfo.InvariantCulture);
        }
    }

    // Dividing by a power of ten gives the double next to the decimal number; multiplying by a negative power does not.
    private static double Round(double digits, int power) =>
        // Adding 0 makes a negative zero positive.
        (power < 0 ? digits / Math.Pow(10, -power) : digits * Math.Pow(10, power)) + 0.0;
}
