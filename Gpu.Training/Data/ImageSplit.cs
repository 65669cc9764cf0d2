using System.IO.Hashing;
using System.Runtime.InteropServices;
using Gpu.Training.Data.Cache;
using Gpu.Training.Images;

namespace Gpu.Training.Data;

/// <summary>A split of a data set (training, validation or test): images of one size as bytes, and a label per image.</summary>
public sealed class ImageSplit : DataSplit
{
    /// <summary>The most classes of labels in a file. Names and counts are kept for each class, so that a damaged label would allocate gigabytes.</summary>
    internal const int MostClasses = 1_000_000;

    /// <summary>The label of a pixel that does not count, neither in the loss nor in the metrics.</summary>
    public const byte VoidLabel = Gpu.Kernels.PixelLoss.Void;

    private readonly byte[]? _pixels;
    private readonly MappedImages? _mapped;

    /// <summary>Creates a split over the given arrays, without copying them.</summary>
    /// <param name="pixels">Pixels, [count, height, width, channels]; 0 is black, 255 full intensity.</param>
    /// <param name="labels">Class index of each image, from 0.</param>
    /// <param name="height">Image height in pixels.</param>
    /// <param name="width">Image width in pixels.</param>
    /// <param name="channels">Values per pixel: 1 for gray, 3 for RGB.</param>
    /// <exception cref="DatasetException">The number of bytes does not match the labels and sizes, or a label is negative.</exception>
    public ImageSplit(byte[] pixels, int[] labels, int height, int width, int channels)
        : this(pixels, labels, height, width, channels, null)
    {
    }

    /// <summary>Creates a split of named images over the given arrays, without copying them.</summary>
    /// <param name="pixels">Pixels, [count, height, width, channels]; 0 is black, 255 full intensity.</param>
    /// <param name="labels">Class index of each image, from 0.</param>
    /// <param name="height">Image height in pixels.</param>
    /// <param name="width">Image width in pixels.</param>
    /// <param name="channels">Values per pixel: 1 for gray, 3 for RGB.</param>
    /// <param name="names">Name of each image, such as its path relative to the folder of the data set; null for none.</param>
    /// <exception cref="DatasetException">The number of bytes or names does not match the labels and sizes, or a label is negative.</exception>
    public ImageSplit(byte[] pixels, int[] labels, int height, int width, int channels, IReadOnlyList<string>? names)
        : base(labels ?? throw new ArgumentNullException(nameof(labels)))
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        var expected = (Int128)labels.Length * height * width * channels;
        if (pixels.Length != expected)
        {
            throw new DatasetException(
                $"{labels.Length} labels of {height}x{width}x{channels} images need {expected} pixel bytes, but {pixels.Length} were given.");
        }

        if (names is not null && names.Count != labels.Length)
            throw new DatasetException($"{labels.Length} images need as many names, but {names.Count} were given.");
        Names = names;
        _pixels = pixels;
        Height = height;
        Width = width;
        Channels = channels;
    }

    /// <summary>Creates a split of images in a mapped file.</summary>
    internal ImageSplit(MappedImages images, int[] labels, int height, int width, IReadOnlyList<string>? names)
        : base(labels)
    {
        _mapped = images;
        Names = names;
        (Height, Width, Channels) = (height, width, images.Channels);
    }

    /// <summary>The split with masks: one class for each pixel.</summary>
    /// <param name="masks">The class of each pixel, [count, height, width]; <see cref="VoidLabel"/> for pixels that do not count. It is not copied.</param>
    /// <exception cref="DatasetException">The number of bytes does not match the images.</exception>
    public ImageSplit WithMasks(byte[] masks)
    {
        ArgumentNullException.ThrowIfNull(masks);
        var expected = (long)Count * Height * Width;
        if (masks.LongLength != expected)
            throw new DatasetException($"{Count} masks of {Height}x{Width} need {expected} bytes, but {masks.LongLength} were given.");
        return Copy(masks);
    }

    /// <summary>The mask of an image, [height, width]; empty without masks.</summary>
    public ReadOnlySpan<byte> Mask(int index) => Masks is null ? [] : Masks.AsSpan(checked(index * Height * Width), Height * Width);

    /// <summary>All pixels, [count, height, width, channels].</summary>
    /// <exception cref="InvalidOperationException">The images are in a cache file (<see cref="IsMapped"/>).</exception>
    public byte[] Pixels => _pixels ?? throw new InvalidOperationException("The images are in a cache file, not in an array: read them with CopyImage.");

    /// <summary>Whether the images are in a cache file that is mapped into memory, because there are many: <see cref="Pixels"/> is not available.</summary>
    public bool IsMapped => _mapped is not null;

    /// <summary>Whether the images are streamed to the device while they are used.</summary>
    internal bool IsStreamed => _mapped is { IsStreamed: true };

    internal MappedImages? Mapped => _mapped;

    /// <summary>Name of each image, such as its path relative to the folder of the data set, with '/' between folders; null if the images have none.</summary>
    public IReadOnlyList<string>? Names { get; }

    /// <summary>
    /// The class of each pixel, [count, height, width], <see cref="VoidLabel"/> for pixels that do not count; null if the images have one class each. All
    /// <see cref="DataSplit.Labels"/> are 0 then.
    /// </summary>
    public byte[]? Masks { get; private init; }

    /// <summary>Image height in pixels.</summary>
    public int Height { get; }

    /// <summary>Image width in pixels.</summary>
    public int Width { get; }

    /// <summary>Values per pixel.</summary>
    public int Channels { get; }

    /// <summary>Number of images.</summary>
    public override int Count => Labels.Length;

    /// <summary>Bytes per image: height x width x channels.</summary>
    public int ImageSize => Height * Width * Channels;

    /// <inheritdoc/>
    public override string SampleNoun => "images";

    /// <summary>The pixels of an image, [height, width, channels].</summary>
    public ReadOnlySpan<byte> Image(int index)
    {
        if (_pixels is not null)
            return _pixels.AsSpan(checked(index * ImageSize), ImageSize);
        var image = new byte[ImageSize];
        CopyImage(index, image);
        return image;
    }

    /// <summary>Copies the pixels of an image.</summary>
    /// <param name="index">The image.</param>
    /// <param name="destination">Receives the pixels, [height, width, channels].</param>
    /// <exception cref="DatasetException">The image is in a cache file that is damaged.</exception>
    public void CopyImage(int index, Span<byte> destination)
    {
        if (_mapped is not null)
            _mapped.Read(index, destination);
        else
            Image(index).CopyTo(destination);
    }

    /// <summary>The first <paramref name="count"/> images, or all if there are fewer.</summary>
    public override ImageSplit Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (_mapped is not null && count < Count)
            return Select([.. Enumerable.Range(0, count)]);
        return count >= Count ? this
            : new ImageSplit(Pixels[..(count * ImageSize)], Labels[..count], Height, Width, Channels, Names?.Take(count).ToArray())
            {
                Masks = Masks?[..(count * Height * Width)],
            };
    }

    /// <summary>Copies the images with the given indices, in that order.</summary>
    public override ImageSplit Select(ReadOnlySpan<int> indices)
    {
        var pixels = _mapped is null ? new byte[checked(indices.Length * ImageSize)] : null;
        var labels = new int[indices.Length];
        var names = Names is null ? null : new string[indices.Length];
        for (var i = 0; i < indices.Length; i++)
        {
            if (pixels is not null)
                Image(indices[i]).CopyTo(pixels.AsSpan(i * ImageSize));
            labels[i] = Labels[indices[i]];
            if (names is not null)
                names[i] = Names![indices[i]];
        }

        byte[]? masks = null;
        if (Masks is not null)
        {
            masks = new byte[checked(indices.Length * Height * Width)];
            for (var i = 0; i < indices.Length; i++) Mask(indices[i]).CopyTo(masks.AsSpan(i * Height * Width));
        }

        return pixels is null
            ? new ImageSplit(_mapped!.Select(indices), labels, Height, Width, names) { Masks = masks }
            : new ImageSplit(pixels, labels, Height, Width, Channels, names) { Masks = masks };
    }

    /// <summary>
    /// Converts the images: gray is repeated to make RGB; RGB becomes gray by the luma of ITU-R BT.601, as Pillow's <c>convert("L")</c> computes it.
    /// </summary>
    /// <param name="channels">Values per pixel: 1 for gray, 3 for RGB.</param>
    public ImageSplit ToChannels(int channels) =>
        channels == Channels ? this
        : _mapped is not null ? new ImageSplit(_mapped.ToChannels(channels), Labels, Height, Width, Names) { Masks = Masks }
        : Converted(Height, Width, channels, image => image.ToChannels(channels), Masks);

    /// <summary>Resizes the images.</summary>
    /// <param name="transform">The size, and what happens to other proportions.</param>
    /// <param name="background">What <see cref="ImageFit.Pad"/> fills the rest with.</param>
    public ImageSplit Resize(ImageTransform transform, RgbColor background)
    {
        ArgumentNullException.ThrowIfNull(transform);
        return (transform.Height, transform.Width) == (Height, Width) ? this
            : Converted(
                transform.Height, transform.Width, Channels, image => transform.Apply(image, background).ToChannels(Channels), ResizedMasks(transform));
    }

    private byte[]? ResizedMasks(ImageTransform transform)
    {
        if (Masks is null) return null;
        var size = transform.Height * transform.Width;
        var masks = new byte[checked(Count * size)];
        Parallel.For(0, Count, i => transform.ApplyToMask(Mask(i), Height, Width, VoidLabel).CopyTo(masks, i * size));
        return masks;
    }

    /// <summary>
    /// The number of images of each class; with masks, of images that have pixels of the class.
    /// </summary>
    public override int[] CountPerClass(int classes)
    {
        if (Masks is null) return base.CountPerClass(classes);
        var counts = new int[classes];
        Span<bool> has = stackalloc bool[256];
        for (var i = 0; i < Count; i++)
        {
            has.Clear();
            foreach (var label in Mask(i)) has[label] = true;
            for (var c = 0; c < Math.Min(classes, VoidLabel); c++)
                if (has[c]) counts[c]++;
        }

        return counts;
    }

    /// <summary>The number of pixels of each class; without masks all are 0.</summary>
    public long[] CountPixelsPerClass(int classes)
    {
        var all = new long[256];
        foreach (var label in Masks ?? []) all[label]++;
        return all[..classes];
    }

    /// <summary>The same images with other labels.</summary>
    internal ImageSplit WithLabels(int[] labels) => _mapped is null
        ? new ImageSplit(Pixels, labels, Height, Width, Channels, Names) { Masks = Masks }
        : new ImageSplit(_mapped, labels, Height, Width, Names) { Masks = Masks };

    /// <summary>The same images without their masks.</summary>
    internal ImageSplit WithoutMasks() => Masks is null ? this : Copy(null);

    private ImageSplit Copy(byte[]? masks) => _mapped is null
        ? new ImageSplit(Pixels, new int[Count], Height, Width, Channels, Names) { Masks = masks }
        : new ImageSplit(_mapped, new int[Count], Height, Width, Names) { Masks = masks };

    /// <summary>
    /// Draws a stratified random part and returns the rest and the part; both keep the order of the images. Named images are drawn by their names: about the
    /// share of every class, and an image that is added moves no other one. Other images are drawn by their order: the same share of every class, rounded to
    /// the nearest count.
    /// </summary>
    /// <param name="fraction">Share of the images in the part, between 0 and 1 (exclusive).</param>
    /// <param name="seed">Random seed; the same seed draws the same images on every platform.</param>
    /// <exception cref="DatasetException">One of the two parts would be empty.</exception>
    public (ImageSplit Remaining, ImageSplit Part) Divide(double fraction, ulong seed)
    {
        var (rest, part) = DrawPart(fraction, seed);
        return (Select(rest), Select(part));
    }

    /// <summary>Divides by the order of the images also where they have names.</summary>
    internal (ImageSplit Remaining, ImageSplit Part) DivideByOrder(double fraction, ulong seed)
    {
        var (rest, part) = DrawPart(fraction, seed, byOrder: true);
        return (Select(rest), Select(part));
    }

    private protected override bool[] Draw(double fraction, ulong seed) =>
        Names is null ? base.Draw(fraction, seed) : NameHash.Draw("validation", Names, Stratum, fraction, seed);

    private ImageSplit Converted(int height, int width, int channels, Func<ByteImage, ByteImage> convert, byte[]? masks)
    {
        var size = height * width * channels;
        if ((long)size * Count > Array.MaxLength)
        {
            throw new DatasetException(
                $"{Count} images of {height}x{width}x{channels} do not fit into one array of {Array.MaxLength} bytes. Use fewer or smaller images.");
        }

        var pixels = new byte[size * Count];
        Parallel.For(0, Count, i => convert(new ByteImage(Height, Width, Channels, Image(i).ToArray())).Pixels.CopyTo(pixels, i * size));
        return new ImageSplit(pixels, Labels, height, width, channels, Names) { Masks = masks };
    }

    internal override string ComputeFingerprint()
    {
        var check = new Crc32();
        if (Mapped is { } mapped)
            mapped.AppendTo(check);
        else
            check.Append(Pixels);
        check.Append(MemoryMarshal.AsBytes(Labels.AsSpan()));
        if (Masks is not null) check.Append(Masks);
        return $"{Count}x{Height}x{Width}x{Channels}-{check.GetCurrentHashAsUInt32():x8}";
    }
}
