using Gpu.Training.Data;

namespace Gpu.Training.Images;

/// <summary>Draws many small images as one, in a grid with a caption under each, to look at a data set or at predictions.</summary>
public static class ContactSheet
{
    private const int Gap = 4;
    private const int MostPixels = 1 << 26;
    private static readonly byte[] Background = [40, 44, 52];
    private static readonly byte[] Ink = [220, 220, 220];

    /// <summary>
    /// The indices of the first images of each class, one class after another: a sheet of <paramref name="perClass"/> columns then shows a class a
    /// row. A class with fewer images fills its row with -1, which leaves a cell empty.
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

    /// <summary>Draws a data set's images, each with the name of its class.</summary>
    /// <param name="split">Where the images are.</param>
    /// <param name="indices">Which to draw, row after row; -1 leaves a cell empty.</param>
    /// <param name="classNames">The classes' names.</param>
    /// <param name="columns">Images in a row.</param>
    /// <param name="scale">How many dots wide and high a pixel becomes.</param>
    public static ByteImage Render(ImageSplit split, ReadOnlySpan<int> indices, IReadOnlyList<string> classNames, int columns, int scale)
    {
        ArgumentNullException.ThrowIfNull(split);
        ArgumentNullException.ThrowIfNull(classNames);
        var captions = new string[indices.Length];
        for (var i = 0; i < captions.Length; i++)
            captions[i] = indices[i] < 0 ? "" : classNames[split.Labels[indices[i]]];
        return Render(split, indices, captions, columns, scale, Ink);
    }

    /// <summary>Draws images with captions of the caller's choice, such as "7 > 1" for a seven that was taken for a one.</summary>
    /// <param name="split">Where the images are.</param>
    /// <param name="indices">Which to draw, row after row; -1 leaves a cell empty.</param>
    /// <param name="captions">A caption for each index; what is too long for its cell is cut off.</param>
    /// <param name="columns">Images in a row.</param>
    /// <param name="scale">How many dots wide and high a pixel becomes.</param>
    /// <param name="captionColour">Red, green and blue of the captions.</param>
    /// <exception cref="ArgumentException">The numbers of indices and captions differ, or the sheet would be absurdly large.</exception>
    public static ByteImage Render(
        ImageSplit split, ReadOnlySpan<int> indices, IReadOnlyList<string> captions, int columns, int scale, ReadOnlySpan<byte> captionColour)
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

        if (captionColour.Length != 3)
            throw new ArgumentException($"A colour has 3 values (red, green, blue), but {captionColour.Length} were given.", nameof(captionColour));

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
            var caption = captions[i].Length > fits ? captions[i][..fits] : captions[i];
            BitmapFont.Write(sheet, left, top + (split.Height * scale) + (Gap / 2), caption, captionColour);
        }

        return sheet;
    }

    // Three channels are colour; of any other number the first is shown as grey.
    private static void Place(ByteImage sheet, ImageSplit split, int index, int left, int top, int scale)
    {
        var source = split.Image(index);
        var isColour = split.Channels == 3;
        for (var y = 0; y < split.Height * scale; y++)
        {
            for (var x = 0; x < split.Width * scale; x++)
            {
                var pixel = source.Slice(((y / scale * split.Width) + (x / scale)) * split.Channels, split.Channels);
                var target = sheet.Pixels.AsSpan((((top + y) * sheet.Width) + left + x) * 3, 3);
                if (isColour)
                    pixel.CopyTo(target);
                else
                    target.Fill(pixel[0]);
            }
        }
    }
}
