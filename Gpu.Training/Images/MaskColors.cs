namespace Gpu.Training.Images;

/// <summary>Colors of the classes of masks, and pictures with them.</summary>
public static class MaskColors
{
    // Okabe and Ito, "Color universal design", 2008, which people with color blindness tell apart; black is the first class, the background.
    private static readonly RgbColor[] First =
    [
        new(0, 0, 0), new(230, 159, 0), new(86, 180, 233), new(0, 158, 115), new(240, 228, 66), new(0, 114, 178), new(213, 94, 0), new(204, 121, 167),
    ];

    /// <summary>The color of each label; pixels that do not count are light gray. Later labels have the colors of Pascal VOC.</summary>
    public static IReadOnlyList<RgbColor> Palette { get; } = [.. Enumerable.Range(0, 255).Select(ColorOf), new(224, 224, 224)];

    /// <summary>The mask in colors.</summary>
    /// <param name="labels">Labels, [height, width].</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    public static ByteImage Draw(ReadOnlySpan<byte> labels, int height, int width)
    {
        var result = new ByteImage(height, width, 3);
        for (var i = 0; i < height * width; i++) Put(result, i, Palette[labels[i]]);
        return result;
    }

    /// <summary>The image with the colors of the mask over it; pixels of the first class, the background, stay as they are.</summary>
    /// <param name="image">The image.</param>
    /// <param name="labels">Labels of its pixels.</param>
    public static ByteImage Overlay(ByteImage image, ReadOnlySpan<byte> labels)
    {
        ArgumentNullException.ThrowIfNull(image);
        var result = new ByteImage(image.Height, image.Width, 3, [.. image.ToChannels(3).Pixels]);
        for (var i = 0; i < labels.Length; i++)
        {
            if (labels[i] == 0) continue;
            var (color, at) = (Palette[labels[i]], 3 * i);
            Put(result, i, new((byte)((result.Pixels[at] + color.Red) / 2), (byte)((result.Pixels[at + 1] + color.Green) / 2),
                (byte)((result.Pixels[at + 2] + color.Blue) / 2)));
        }

        return result;
    }

    /// <summary>Where a prediction is wrong: red on the darkened gray image. Pixels that do not count are never wrong.</summary>
    /// <param name="image">The image.</param>
    /// <param name="truth">The labels.</param>
    /// <param name="predicted">The predicted labels.</param>
    public static ByteImage Errors(ByteImage image, ReadOnlySpan<byte> truth, ReadOnlySpan<byte> predicted)
    {
        ArgumentNullException.ThrowIfNull(image);
        var gray = image.ToChannels(1);
        var result = new ByteImage(image.Height, image.Width, 3);
        for (var i = 0; i < truth.Length; i++)
        {
            var isWrong = truth[i] != predicted[i] && truth[i] != Data.ImageSplit.VoidLabel;
            var dark = (byte)(gray.Pixels[i] / 2);
            Put(result, i, isWrong ? new(230, 30, 30) : new(dark, dark, dark));
        }

        return result;
    }

    private static void Put(ByteImage image, int pixel, RgbColor color) =>
        (image.Pixels[3 * pixel], image.Pixels[3 * pixel + 1], image.Pixels[3 * pixel + 2]) = (color.Red, color.Green, color.Blue);

    // The bits of a label, spread over the colors, highest first (VOCdevkit, VOClabelcolormap.m).
    private static RgbColor ColorOf(int label)
    {
        if (label < First.Length) return First[label];
        int red = 0, green = 0, blue = 0;
        for (var bit = 7; label > 0; bit--, label >>= 3)
        {
            red |= (label & 1) << bit;
            green |= ((label >> 1) & 1) << bit;
            blue |= ((label >> 2) & 1) << bit;
        }

        return new((byte)red, (byte)green, (byte)blue);
    }
}
