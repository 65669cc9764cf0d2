using System.Globalization;
using Gpu.Training.Images;
using Gpu.Training.Images.Formats;

namespace Gpu.Training.Data.Masks;

/// <summary>Reads the masks of images: indexed or gray files, whose numbers are the classes, or files in color with a palette.</summary>
internal static class MaskReader
{
    private const int MostNamed = 20;

    // Numbers above are taken for gray values of a few classes, not for class numbers of which some do not occur.
    private const int MostContiguous = 32;

    private static readonly string[] VocNames =
    [
        "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse", "motorbike",
        "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
    ];

    /// <summary>Reads the masks.</summary>
    /// <param name="layout">The folders.</param>
    /// <param name="files">The images.</param>
    /// <param name="transform">How the images were resized; null if they were not.</param>
    /// <param name="note">Receives what the user should know.</param>
    /// <returns>The labels of the pixels of each image, and the class names.</returns>
    /// <exception cref="DatasetException">
    /// Masks cannot be read, have other sizes than their images, or unknown colors or numbers; the message lists all.
    /// </exception>
    public static (byte[][] Masks, string[] ClassNames) Read(
        MaskFolderLayout layout, IReadOnlyList<ImageFile> files, ImageTransform? transform, Action<string>? note)
    {
        var palette = MaskPalette.TryRead(layout.Root.Path);
        var (masks, errors, used) = (new byte[files.Count][], new string?[files.Count], new bool[files.Count][]);
        var colors = new HashSet<int>[files.Count];
        Parallel.For(0, files.Count, i =>
        {
            try
            {
                var path = layout.Masks[files[i].Path];
                var image = ImageCodec.LoadNumbers(path);
                var size = ImageHeader.Read(files[i].Path);
                if ((image.Height, image.Width) != size)
                {
                    errors[i] = $"'{path}' is {image.Height}x{image.Width}, its image {size.Height}x{size.Width} (height x width)";
                    return;
                }

                (var labels, colors[i]) = Labels(image, palette);
                used[i] = new bool[256];
                foreach (var label in labels) used[i][label] = true;
                masks[i] = transform?.ApplyToMask(labels, image.Height, image.Width, ImageSplit.VoidLabel) ?? labels;
            }
            catch (ImageException e)
            {
                errors[i] = e.Message;
            }
        });
        Require(layout, errors);
        RequireColors(layout, palette, colors);
        var values = Enumerable.Range(0, 256).Where(value => used.Any(one => one[value])).ToArray();
        return (masks, Names(layout, palette, values, masks, note));
    }

    // The numbers, or the labels of the colors, and the colors without one.
    private static (byte[] Labels, HashSet<int> Unknown) Labels(ByteImage image, MaskPalette? palette)
    {
        HashSet<int> unknown = [];
        // Without a palette, colors that are gray are numbers, too.
        if (palette?.Colors is null) image = image.ReduceIfGray();
        if (image.Channels == 1) return (image.Pixels, unknown);
        var labels = new byte[image.Height * image.Width];
        for (var i = 0; i < labels.Length; i++)
        {
            var key = MaskPalette.Key(image.Pixels[3 * i], image.Pixels[3 * i + 1], image.Pixels[3 * i + 2]);
            if (palette?.Colors?.TryGetValue(key, out var label) == true) labels[i] = label;
            else unknown.Add(key);
        }

        return (labels, unknown);
    }

    private static void Require(MaskFolderLayout layout, string?[] errors)
    {
        var bad = errors.OfType<string>().ToArray();
        if (bad.Length == 0) return;
        throw new DatasetException(
            $"{FolderTree.Count(bad.Length, "mask")} in '{layout.Root.Path}' cannot be used: a mask has the size of its image. Correct or remove "
            + $"{(bad.Length == 1 ? "it" : "them")}:{NameList.Lines(bad)}");
    }

    private static void RequireColors(MaskFolderLayout layout, MaskPalette? palette, HashSet<int>[] colors)
    {
        var unknown = colors.SelectMany(found => found).Distinct().Order().ToArray();
        if (unknown.Length == 0) return;
        var example = layout.Masks[layout.Files[Array.FindIndex(colors, found => found.Count > 0)].Path];
        var list = NameList.Join([.. unknown.Select(color => $"{color >> 16} {(color >> 8) & 255} {color & 255}")], MostNamed);
        throw new DatasetException(
            $"The masks in '{layout.Root.Path}' have {FolderTree.Count(unknown.Length, "color")} without a class, as in '{example}': {list}. "
            + $"{(palette?.Colors is null ? "Write a file 'palette.txt' into that folder" : "Complete the palette in that folder")} with one line for each "
            + "class, such as '128 64 32 road' (red, green, blue, name; the name void for pixels that do not count), or save the masks as indexed PNG.");
    }

    private static string[] Names(MaskFolderLayout layout, MaskPalette? palette, int[] values, byte[][] masks, Action<string>? note)
    {
        var counted = values.Where(value => value != ImageSplit.VoidLabel).ToArray();
        if (palette is not null || (layout.IsVoc && counted.All(value => value < VocNames.Length)))
        {
            var names = palette?.Names.ToArray() ?? VocNames;
            if (counted.All(value => value < names.Length)) return names;
            throw new DatasetException(
                $"The masks in '{layout.Root.Path}' have the numbers "
                + $"{NameList.Join([.. counted.Where(value => value >= names.Length).Select(Text)], MostNamed)}, but its list of classes has {names.Length} "
                + $"(0 to {names.Length - 1}; {ImageSplit.VoidLabel} does not count). Correct the masks or the list.");
        }

        if (values is [0, ImageSplit.VoidLabel])
        {
            note?.Invoke("The masks have the values 0 and 255 alone: 255 is taken as a class, not as void.");
            Replace(masks, value => value == 0 ? (byte)0 : (byte)1);
            return ["0", "255"];
        }

        if (counted.Length < 2)
        {
            throw new DatasetException(
                $"All pixels of the masks in '{layout.Root.Path}' that count have the value {NameList.Join([.. counted.Select(Text)])}. At least two "
                + $"classes are needed; {ImageSplit.VoidLabel} marks pixels that do not count.");
        }

        if (counted[^1] < MostContiguous) return [.. Enumerable.Range(0, counted[^1] + 1).Select(Text)];
        var list = NameList.Join([.. counted.Select(Text)], MostNamed);
        note?.Invoke($"The masks have {counted.Length} values up to {counted[^1]}; each is taken as a class: {list}.");
        Replace(masks, value => value == ImageSplit.VoidLabel ? value : (byte)Array.IndexOf(counted, value));
        return [.. counted.Select(Text)];
    }

    private static void Replace(byte[][] masks, Func<byte, byte> map)
    {
        var table = Enumerable.Range(0, 256).Select(value => map((byte)value)).ToArray();
        foreach (var mask in masks)
            for (var i = 0; i < mask.Length; i++) mask[i] = table[mask[i]];
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
