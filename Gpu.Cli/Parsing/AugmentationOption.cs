using System.Globalization;
using Gpu.Training.Loop;

namespace Gpu.Cli.Parsing;

/// <summary>Random augmentation of training images.</summary>
/// <param name="Flip">flip horizontally</param>
/// <param name="Shift">maximum shift in each direction, in pixels</param>
/// <param name="Others">the other changes</param>
internal sealed record AugmentationOption(bool Flip, int Shift, ImageAugmentation Others)
{
    /// <summary>The help text of the option.</summary>
    public const string Description =
        "flip (left-right, probability 1/2) or flip:alternating (half of the images in even epochs, the others in odd ones), shift:N (up to N "
        + "pixels, black outside) or shift:N:reflect (the image reflected at its border), "
        + "rotate:DEGREES, scale:LO..HI, shear:DEGREES, brightness:X, contrast:X, saturation:X, hue:X (factors 1-X to 1+X; hue in turns), erase:P (random "
        + "erasing), cutout:N (a square of N pixels), randaugment:N:M (N operations of magnitude M from 0 to 30), or none; several with , or +";

    private const int MaxShift = 64;
    private const string Reflect = ":reflect";
    private static readonly string[] Names =
        ["flip", "shift", "rotate", "scale", "shear", "brightness", "contrast", "saturation", "hue", "erase", "cutout", "randaugment", "none"];

    private static readonly Interval Share = new(0, 1);

    /// <summary>Parses a list such as <c>flip,shift:2</c>, or <c>none</c>.</summary>
    /// <exception cref="FormatException">the text is not such a list; the message says what is expected</exception>
    public static AugmentationOption Parse(string text)
    {
        var result = new AugmentationOption(false, 0, new ImageAugmentation());
        HashSet<string> given = [];
        foreach (var part in text.ToLowerInvariant().Split([',', '+'], StringSplitOptions.TrimEntries))
        {
            var sides = part.Split(':', 2);
            if (!given.Add(sides[0])) throw new FormatException($"'{sides[0]}' is given twice. Give each augmentation once.");
            result = result.With(part, sides[0], sides.Length > 1 ? sides[1] : null);
        }

        if (result.Others is { Cutout: > 0, EraseProbability: > 0 })
            throw new FormatException("erase and cutout both erase a rectangle of each image. Give one of them.");
        return result;
    }

    private AugmentationOption With(string part, string name, string? value)
    {
        switch (name, value)
        {
            case ("none", null): return this;
            case ("flip", null): return this with { Flip = true };
            case ("flip", "alternating"): return this with { Flip = true, Others = Others with { AlternatingFlip = true } };
            case ("flip", _): throw new FormatException($"flip is random, or flip:alternating, but got '{part}'.");
            case ("shift", _):
                var reflects = value?.EndsWith(Reflect, StringComparison.Ordinal) == true;
                if (reflects) value = value![..^Reflect.Length];
                return this with { Shift = Whole(1, MaxShift, "shift", "2"), Others = Others with { ReflectingShift = reflects } };
            case ("cutout", _): return this with { Others = Others with { Cutout = Whole(1, 4096, "cutout", "8") } };
            case ("rotate", _): return this with { Others = Others with { Rotation = Number(new Interval(0, 180), "15") } };
            case ("shear", _): return this with { Others = Others with { Shear = Number(new Interval(0, 80), "10") } };
            case ("brightness", _): return this with { Others = Others with { Brightness = Number(Share, "0.4") } };
            case ("contrast", _): return this with { Others = Others with { Contrast = Number(Share, "0.4") } };
            case ("saturation", _): return this with { Others = Others with { Saturation = Number(Share, "0.4") } };
            case ("hue", _): return this with { Others = Others with { Hue = Number(new Interval(0, 0.5), "0.1") } };
            case ("erase", _): return this with { Others = Others with { EraseProbability = Number(Share, "0.25") } };
            case ("scale", _):
                var (from, to) = Range();
                return this with { Others = Others with { ScaleFrom = from, ScaleTo = to } };
            case ("randaugment", _):
                var (count, magnitude) = Operations();
                return this with { Others = Others with { RandomOperations = count, RandomMagnitude = magnitude } };
            default:
                throw new FormatException($"'{part}' is not an augmentation. Expected {string.Join(", ", Names)}.{ParseErrors.DidYouMean(name, Names)}");
        }

        int Whole(int least, int most, string what, string example) =>
            int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
                : throw new FormatException($"{what} needs a number of pixels from {least} to {most}, such as {what}:{example}, but got '{part}'.");

        float Number(Interval range, string example) => Options.TryParseNumber(value ?? "", range, out var number) && number > 0 ? (float)number
            : throw new FormatException($"{name} needs a number above 0 ({range}), such as {name}:{example}, but got '{part}'.");

        (float, float) Range()
        {
            var ends = (value ?? "").Split("..", 2);
            var range = new Interval(0.01, 100);
            if (ends.Length == 2 && Options.TryParseNumber(ends[0], range, out var low) && Options.TryParseNumber(ends[1], range, out var high) && low <= high)
                return ((float)low, (float)high);
            throw new FormatException($"scale needs the smallest and largest factor ({range}), such as scale:0.8..1.2, but got '{part}'.");
        }

        (int, float) Operations()
        {
            var parts = (value ?? "").Split(':');
            var strength = 0.0;
            if (parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 8
                && Options.TryParseNumber(parts[1], new Interval(0, 30), out strength) && strength > 0)
            {
                return (number, (float)strength);
            }

            throw new FormatException(
                $"randaugment needs a number of operations from 1 to 8 and a magnitude above 0, at most 30, such as randaugment:2:9, but got '{part}'.");
        }
    }
}
