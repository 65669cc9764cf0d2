using Gpu.Training.Data;

namespace Gpu.Training.Images;

/// <summary>Draws images in a grid with captions, to inspect a data set or predictions.</summary>
public static class ContactSheet
{
    private const int Gap = 4;
    private const int MostPixels = 1 << 26;
    private static readonly byte[] Background = [40, 44, 52];
    private static readonly byte[] Ink = [220, 220, 220];

    /// <summary>
    /// The indices of the first images of each class, class by class, so that a sheet of <paramref name="perClass"/> columns shows one class per row. A class
    /// with fewer images is padded with -1, an empty cell.
    /// </summary>
    public static int[] FirstOfEachClass(ImageSplit split, int classes, int perClass)
    {
        ArgumentNullException.ThrowIfNull(split);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(perClass);
        var indices = new int[checked(classes * perClass)];
        Array.Fill(indices, -1);
        var used = new int[classes];
        for (var i = 0; i < split.Count; i++)
        {
            var label = split.Labels[i];
            if (label < classes && used[label] < perClass)
                indices[(label * perClass) + used[label]++] = i;
        }

        return indices;
    }

    /// <summary>Draws images with their class names as captions.</summary>
    /// <param name="split">The images.</param>
    /// <param name="indices">Indices of the images to draw, row by row; -1 for an empty cell.</param>
    /// <param name="classNames">Class names.</param>
    /// <param name="columns">Images per row.</param>
    /// <param name="scale">Height and width of an image pixel on the sheet, in pixels.</param>
    public static ByteImage Render(ImageSplit split, ReadOnlySpan<int> indices, IReadOnlyList<string> classNames, int columns, int scale)
    {
        ArgumentNullException.ThrowIfNull(split);
        ArgumentNullException.ThrowIfNull(classNames);
        var captions = new string[indices.Length];
        for (var i = 0; i < captions.Length; i++)
            captions[i] = indices[i] < 0 ? "" : classNames[split.Labels[indices[i]]];
        return Render(split, indices, captions, columns, scale, Ink);
    }

    /// <summary>Draws images with given captions, such as "7 > 1" for a 7 that was classified as 1.</summary>
    /// <param name="split">The images.</param>
    /// <param name="indices">Indices of the images to draw, row by row; -1 for an empty cell.</param>
    /// <param name="captions">Caption of each index; clipped to the cell.</param>
    /// <param name="columns">Images per row.</param>
    /// <param name="scale">Height and width of an image pixel on the sheet, in pixels.</param>
    /// <param name="captionColor">Color of the captions, RGB.</param>
    /// <exception cref="ArgumentException">The numbers of indices and captions differ, or the sheet would have more than 2^26 pixels.</exception>
    public static ByteImage Render(
        ImageSplit split, ReadOnlySpan<int> indices, IReadOnlyList<string> captions, int columns, int scale, ReadOnlySpan<byte> captionColor)
    {
        ArgumentNullException.ThrowIfNull(split);
        ArgumentNullException.ThrowIfNull(captions);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(scale);
        if (indices.Length == 0 || captions.Count != indices.Length)
        {
            throw new ArgumentException(
                $"A contact sheet needs at least one image and a caption for each, but has {indices.Length} images and {captions.Count} captions.");
        }

        if (captionColor.Length != 3)
            throw new ArgumentException($"A color has 3 values (red, green, blue), but {captionColor.Length} were given.", nameof(captionColor));

        columns = Math.Min(columns, indices.Length);
        var rows = (indices.Length + columns - 1) / columns;
        var cellWidth = ((long)split.Width * scale) + Gap;
        var cellHeight = ((long)split.Height * scale) + BitmapFont.Height + (2 * Gap);
        var (width, height) = ((columns * cellWidth) + Gap, (rows * cellHeight) + Gap);
        if (width * height > MostPixels)
        {
            throw new ArgumentException(
                $"A sheet of {columns} x {rows} images at scale {scale} would have {width} x {height} dots; at most {MostPixels} are drawn. "
                + "Use fewer images or a smaller scale.");
        }

        var sheet = new ByteImage((int)height, (int)width, 3);
        for (var i = 0; i < sheet.Pixels.Length; i += 3)
            Background.CopyTo(sheet.Pixels, i);
        for (var i = 0; i < indices.Length; i++)
        {
            if (indices[i] < 0)
                continue;
            var left = (int)((i % columns * cellWidth) + Gap);
            var top = (int)((i / columns * cellHeight) + Gap);
            Place(sheet, split, indices[i], left, top, scale);
            var fits = split.Width * scale / BitmapFont.Advance;
            var caption = captions[i].Length <= fits ? captions[i]
                : fits > 3 ? $"{captions[i][..(fits - 2)]}.." : captions[i][..fits];
            BitmapFont.Write(sheet, left, top + (split.Height * scale) + (Gap / 2), caption, captionColor);
        }

        return sheet;
    }

    // Three channels are color; of any other number the first is shown as gray.
    private static void Place(ByteImage sheet, ImageSplit split, int index, int left, int top, int scale)
    {
        var source = split.Image(index);
        var isColor = split.Channels == 3;
        for (var y = 0; y < split.Height * scale; y++)
        {
            for (var x = 0; x < split.Width * scale; x++)
            {
                var pixel = source.Slice(((y / scale * split.Width) + (x / scale)) * split.Channels, split.Channels);
                var target = sheet.Pixels.AsSpan((((top + y) * sheet.Width) + left + x) * 3, 3);
                if (isColor)
                    pixel.CopyTo(target);
                else
                    target.Fill(pixel[0]);
            }
        }
    }
}
