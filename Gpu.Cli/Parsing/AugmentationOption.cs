using System.Globalization;

namespace Gpu.Cli.Parsing;

/// <summary>How training images are changed at random.</summary>
/// <param name="Flip">whether half of them are mirrored left to right</param>
/// <param name="Shift">by how many pixels they are moved each way, at most</param>
internal sealed record AugmentationOption(bool Flip, int Shift)
{
    private const int MaxShift = 64;
    private static readonly string[] Names = ["flip", "shift", "none"];

    /// <summary>Reads <c>flip,shift:2</c>, or <c>none</c>.</summary>
    /// <exception cref="FormatException">the text is something else; the message says what is expected</exception>
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
                ("shift", _) => throw new FormatException($"shift needs a number of pixels from 1 to {MaxShift}, as in shift:2, but got '{part}'."),
                _ => throw new FormatException($"'{part}' is not an augmentation: flip, shift:N or none.{ParseErrors.DidYouMean(sides[0], Names)}"),
            };
        }

        return result;
    }
}
