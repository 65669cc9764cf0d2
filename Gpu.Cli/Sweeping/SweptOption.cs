using System.Globalization;
using System.Text.RegularExpressions;

namespace Gpu.Cli.Sweeping;

/// <summary>An option of <c>train</c> with the values to try.</summary>
/// <param name="Name">name of the option, such as <c>--weight-decay</c></param>
/// <param name="Items">values and ranges of values</param>
internal sealed partial record SweptOption(string Name, IReadOnlyList<SweptItem> Items)
{
    /// <summary>The description of the syntax for help and errors.</summary>
    public const string Syntax = "A,B,... with values or ranges such as 1e-5..1e-1:log5 or 16..64:4; use ; between values that have commas";

    // A range without a count is drawn from as often as this many values.
    private const int RangeWeight = 8;

    /// <summary>The name without dashes, as in <c>--grid</c> and in files.</summary>
    public string Key => Name.TrimStart('-');

    /// <summary>Parses a list of values.</summary>
    /// <param name="name">name of the option</param>
    /// <param name="text">the values</param>
    /// <param name="check">returns the error message of the option for a value; null if it is valid</param>
    /// <exception cref="UsageException">the list is empty, or a value is not valid for the option</exception>
    public static SweptOption Parse(string name, string text, Func<string, string?> check)
    {
        var parts = text.Split(text.Contains(';', StringComparison.Ordinal) ? ';' : ',').Select(part => part.Trim()).ToArray();
        // Values such as 0.9,0.99 of --betas have commas themselves.
        if (parts.Length > 1 && parts.Any(part => Range().IsMatch(part) is false && check(part) is not null) && check(text) is null) parts = [text];
        if (parts.Any(part => part.Length == 0))
            throw new UsageException($"{name} has an empty value in '{text}'. Expected {Syntax}.");
        return new SweptOption(name, [.. parts.Select(part => ParseItem(name, part, check))]);
    }

    /// <summary>All values, for a grid.</summary>
    /// <exception cref="UsageException">a range has no count</exception>
    public IReadOnlyList<string> Values() => [.. Items.SelectMany(item => item.Values.Count > 0 ? item.Values : throw new UsageException(
        $"{Name}: the range '{item.Text}' needs a number of values for a grid, such as {item.Text.Split(':')[0]}:{(item.IsLog ? "log" : "")}5. "
        + "Only --random draws from a range without one."))];

    /// <summary>Draws one value: any item with the same probability, a range without a count as often as eight values.</summary>
    /// <param name="uniform">draws a number from 0 to below 1</param>
    /// <param name="check">returns the error message of the option for a value; null if it is valid</param>
    public string Draw(Func<double> uniform, Func<string, string?> check)
    {
        var weights = Items.Select(item => item.Values.Count > 0 ? item.Values.Count : RangeWeight).ToArray();
        var place = uniform() * weights.Sum();
        var at = 0;
        while (at < weights.Length - 1 && place >= weights[at]) place -= weights[at++];
        var chosen = Items[at];
        return chosen.Values.Count > 0 ? chosen.Values[Math.Min((int)place, chosen.Values.Count - 1)] : Valid(chosen.At(uniform()), check);
    }

    private static SweptItem ParseItem(string name, string text, Func<string, string?> check)
    {
        var match = Range().Match(text);
        if (!match.Success)
        {
            if (check(text) is { } mistake) throw new UsageException(mistake);
            return new SweptItem(text, [text]);
        }

        var (from, to) = (Number(match.Groups[1].Value), Number(match.Groups[2].Value));
        var isLog = match.Groups[3].Value == "log";
        var count = match.Groups[4].Length > 0 && int.TryParse(match.Groups[4].Value, CultureInfo.InvariantCulture, out var given) ? given : 0;
        if (!(from < to) || (isLog && from <= 0) || (match.Groups[4].Length > 0 && count is < 2 or > 1000))
        {
            throw new UsageException(
                $"{name}: '{text}' is not a range. Expected A..B:N or A..B:logN with A below B{(isLog ? ", A above 0" : "")} and N from 2 to 1000.");
        }

        var range = new SweptItem(text, []) { From = from, To = to, IsLog = isLog };
        string[] values = [.. Enumerable.Range(0, count).Select(i => Valid(range.At((double)i / (count - 1)), check)).Distinct()];
        // The ends of a range without a count are checked, too.
        foreach (var value in values.Length > 0 ? values : [Valid(from, check), Valid(to, check)])
            if (check(value) is { } mistake) throw new UsageException(mistake);
        return range with { Values = values };
    }

    // Options for whole numbers take the nearest one.
    private static string Valid(double value, Func<string, string?> check)
    {
        var text = Text(value);
        return check(text) is null ? text : Math.Round(value).ToString(CultureInfo.InvariantCulture);
    }

    private static string Text(double value)
    {
        var rounded = double.Parse(value.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return Math.Abs(rounded) is >= 1e-2 and < 1e6 or 0 ? rounded.ToString(CultureInfo.InvariantCulture)
            : rounded.ToString("0.###e0", CultureInfo.InvariantCulture);
    }

    private static double Number(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)\.\.([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)(?::(log|lin)?([0-9]+)?)?$")]
    private static partial Regex Range();
}

/// <summary>A value, or a range of values.</summary>
/// <param name="Text">as typed</param>
/// <param name="Values">the values of a grid; empty for a range without a count</param>
internal sealed record SweptItem(string Text, IReadOnlyList<string> Values)
{
    /// <summary>The lower end of a range.</summary>
    public double From { get; init; }

    /// <summary>The upper end of a range.</summary>
    public double To { get; init; }

    /// <summary>Whether the values of a range have equal ratios instead of equal differences.</summary>
    public bool IsLog { get; init; }

    /// <summary>The value at a share of the range, 0 to 1.</summary>
    public double At(double share) => IsLog ? Math.Exp(Math.Log(From) + share * (Math.Log(To) - Math.Log(From))) : From + share * (To - From);
}
