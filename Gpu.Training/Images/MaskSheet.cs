using Gpu.Training.Data;

namespace Gpu.Training.Images;

/// <summary>Images beside their masks, in a grid.</summary>
public static class MaskSheet
{
    private const int PairsPerRow = 4, Gap = 4, MostSide = 16_384;

    /// <summary>Draws the first images, each with its mask in the colors of <see cref="MaskColors"/> on its right.</summary>
    /// <param name="split">Images with masks.</param>
    /// <param name="count">Number of images, from 1 to those of the split.</param>
    /// <param name="scale">Magnification, at least 1.</param>
    /// <exception cref="ArgumentException">The images have no masks, a number is out of range, or the sheet would be too large.</exception>
    public static ByteImage Render(ImageSplit split, int count, int scale)
    {
        ArgumentNullException.ThrowIfNull(split);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, split.Count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(scale);
        if (split.Masks is null) throw new ArgumentException("The images have no masks.", nameof(split));
        var (columns, rows) = (Math.Min(count, PairsPerRow), (count + PairsPerRow - 1) / PairsPerRow);
        var (height, width) = (Gap + (long)rows * (scale * split.Height + Gap), Gap + (long)columns * (2 * scale * split.Width + 2 * Gap));
        if (Math.Max(height, width) > MostSide) throw new ArgumentException($"The sheet would have {height}x{width} pixels; a side can have {MostSide}.");
        var sheet = new ByteImage((int)height, (int)width, 3);
        sheet.Pixels.AsSpan().Fill(40);
        for (var i = 0; i < count; i++)
        {
            var (top, left) = (Gap + i / PairsPerRow * (scale * split.Height + Gap), Gap + i % PairsPerRow * (2 * scale * split.Width + 2 * Gap));
            var image = new ByteImage(split.Height, split.Width, split.Channels, split.Image(i).ToArray()).ToChannels(3);
            Copy(image, sheet, top, left, scale);
            Copy(MaskColors.Draw(split.Mask(i), split.Height, split.Width), sheet, top, left + scale * split.Width, scale);
        }

        return sheet;
    }

    private static void Copy(ByteImage image, ByteImage sheet, int top, int left, int scale)
    {
        for (var y = 0; y < scale * image.Height; y++)
            for (var x = 0; x < scale * image.Width; x++)
                image.Pixels.AsSpan(3 * (y / scale * image.Width + x / scale), 3).CopyTo(sheet.Pixels.AsSpan(3 * ((top + y) * sheet.Width + left + x)));
    }
}
