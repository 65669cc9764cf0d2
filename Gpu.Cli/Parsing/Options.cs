using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Gpu.Cli.Parsing;

/// <summary>Creates options that check their values. The description includes range and default, so that <c>--help</c> shows them.</summary>
internal static class Options
{
    /// <summary>An integer option.</summary>
    public static Option<long?> Integer(string name, string description, long least, long most, string standard)
    {
        // The help text omits bounds that come from the type alone.
        var range = new Interval(least, most >= int.MaxValue ? double.PositiveInfinity : most);
        return new Option<long?>(name)
        {
            HelpName = "N",
            Description = Describe(description, range.ToString(), standard),
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = result =>
            {
                var text = Text(result);
                var isNumber = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value);
                if (isNumber && value >= least && value <= most) return value;
                result.AddError($"{name} expects an integer ({range}), but got '{text}'.");
                return null;
            },
        };
    }

    /// <summary>A numeric option.</summary>
    public static Option<double?> Number(string name, string description, Interval range, string standard) => new(name)
    {
        HelpName = "X",
        Description = Describe(description, range.ToString(), standard),
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            var text = Text(result);
            if (TryParseNumber(text, range, out var value)) return value;
            result.AddError($"{name} expects a number ({range}), but got '{text}'.");
            return null;
        },
    };

    /// <summary>An option whose value is one of several names; case is ignored.</summary>
    public static Option<string?> OneOf(string name, string description, string standard, params string[] choices) => new(name)
    {
        HelpName = "NAME",
        Description = Describe(description, string.Join(", ", choices), standard),
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            var text = Text(result);
            if (choices.FirstOrDefault(choice => choice.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } known) return known;
            result.AddError($"{name} expects one of {string.Join(", ", choices)}, but got '{text}'.{ParseErrors.DidYouMean(text, choices)}");
            return null;
        },
    };

    /// <summary>A text option; the text must not be empty.</summary>
    public static Option<string?> Text(string name, string valueName, string description, string? standard = null) =>
        Checked(name, valueName, description, standard, text => text);

    /// <summary>An option for the name of a PNG file to write.</summary>
    public static Option<string?> PngFile(string name, string description, string standard) => Checked(name, "FILE", description, standard, string? (text) =>
        Path.GetExtension(text).Equals(".png", StringComparison.OrdinalIgnoreCase) ? text
            : throw new FormatException($"expected a file name that ends in .png, the only format that is written, but got '{text}'."));

    /// <summary>An option for the name of a picture to write, SVG or PNG.</summary>
    public static Option<string?> PictureFile(string name, string description, string standard) => Checked(
        name, "FILE.svg|.png", description, standard, string? (text) => Path.GetExtension(text).ToLowerInvariant() is ".svg" or ".png" ? text
            : throw new FormatException($"expected a file name that ends in .svg or .png, the formats that are written, but got '{text}'."));

    /// <summary>An option parsed by <paramref name="parse"/>. The message of its <see cref="FormatException"/> becomes the error message.</summary>
    public static Option<T?> Checked<T>(string name, string valueName, string description, string? standard, Func<string, T> parse) => new(name)
    {
        HelpName = valueName,
        Description = Describe(description, null, standard),
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            var text = Text(result);
            // Otherwise an option without a value would consume the next option.
            if (text.Length == 0 || text.StartsWith("--", StringComparison.Ordinal))
            {
                result.AddError($"{name} needs a value ({description}), but got '{text}'.");
                return default;
            }

            try
            {
                return parse(text);
            }
            catch (FormatException mistake)
            {
                result.AddError($"{name}: {mistake.Message}");
                return default;
            }
        },
    };

    /// <summary>
    /// An option that may be given several times, each with one value. The message of a <see cref="FormatException"/> becomes the error message.
    /// </summary>
    public static Option<T[]> Repeated<T>(string name, string valueName, string description, string standard, Func<string, T> parse) => new(name)
    {
        HelpName = valueName,
        Description = Describe(description, null, standard),
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        CustomParser = result =>
        {
            try
            {
                return [.. result.Tokens.Select(token => parse(token.Value))];
            }
            catch (FormatException mistake)
            {
                result.AddError($"{name}: {mistake.Message}");
                return [];
            }
        },
    };

    /// <summary>A flag.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>The value of an integer option as int; the option has checked the range.</summary>
    public static int? GetInt(this ParseResult parsed, Option<long?> option) => parsed.GetValue(option) is { } value ? (int)value : null;

    /// <summary>The value of a numeric option in single precision, the type of all computations.</summary>
    public static float? GetSingle(this ParseResult parsed, Option<double?> option) => parsed.GetValue(option) is { } value ? (float)value : null;

    /// <summary>Parses a number in the invariant culture and checks its range.</summary>
    public static bool TryParseNumber(string text, Interval range, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && range.Contains(value);

    private static string Text(ArgumentResult result) => result.Tokens[0].Value;

    private static string Describe(string description, string? range, string? standard) =>
        (range, standard) switch
        {
            (null, null) => description,
            (null, _) => $"{description} (default: {standard})",
            (_, null) => $"{description} ({range})",
            _ => $"{description} ({range}; default: {standard})",
        };
}
