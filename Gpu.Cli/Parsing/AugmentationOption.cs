using System.Globalization;

namespace Gpu.Cli.Parsing;

/// <summary>Random augmentation of training images.</summary>
/// <param name="Flip">flip horizontally with probability 1/2</param>
/// <param name="Shift">maximum shift in each direction, in pixels</param>
internal sealed record AugmentationOption(bool Flip, int Shift)
{
    private const int MaxShift = 64;
    private static readonly string[] Names = ["flip", "shift", "none"];

    /// <summary>Parses a comma-separated list such as <c>flip,shift:2</c>, or <c>none</c>.</summary>
    /// <exception cref="FormatException">the text is not such a list; the message says what is expected</exception>
    public static AugmentationOption Parse(string text)
    {
        var result = new AugmentationOption(false, 0);
        foreach (var part in text.ToLowerInvariant().Split(',', StringSplitOptions.TrimEntries))
        {
            var sides = part.Split(':', 2);
            result = (sides[0], sides.Length) switch
            {
                ("none", 1) => result,
                ("flip", 1) => result with { Flip = true },
                ("shift", 2) when int.TryParse(sides[1], NumberStyles.None, CultureInfo.InvariantCulture, out var shift) && shift is > 0 and <= MaxShift =>
                    result with { Shift = shift },
                ("shift", _) => throw new FormatException($"shift needs a number of pixels from 1 to {MaxShift}, such as shift:2, but got '{part}'."),
                _ => throw new FormatException($"'{part}' is not an augmentation. Expected flip, shift:N or none.{ParseErrors.DidYouMean(sides[0], Names)}"),
            };
        }

        return result;
    }
}
