namespace Gpu.Training.Data;

/// <summary>A split of a data set (training, validation or test): images of one size as bytes, and a label per image.</summary>
public sealed class ImageSplit : DataSplit
{
    /// <summary>Creates a split over the given arrays, without copying them.</summary>
    /// <param name="pixels">Pixels, [count, height, width, channels]; 0 is black, 255 full intensity.</param>
    /// <param name="labels">Class index of each image, from 0.</param>
    /// <param name="height">Image height in pixels.</param>
    /// <param name="width">Image width in pixels.</param>
    /// <param name="channels">Values per pixel: 1 for gray, 3 for RGB.</param>
    /// <exception cref="DatasetException">The number of bytes does not match the labels and sizes, or a label is negative.</exception>
    public ImageSplit(byte[] pixels, int[] labels, int height, int width, int channels)
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

        Pixels = pixels;
        Height = height;
        Width = width;
        Channels = channels;
    }

    /// <summary>All pixels, [count, height, width, channels].</summary>
    public byte[] Pixels { get; }

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

    internal override string SampleNoun => "images";

    /// <summary>The pixels of an image, [height, width, channels].</summary>
    public ReadOnlySpan<byte> Image(int index) => Pixels.AsSpan(checked(index * ImageSize), ImageSize);

    /// <summary>The first <paramref name="count"/> images, or all if there are fewer.</summary>
    public override ImageSplit Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return count >= Count ? this : new ImageSplit(Pixels[..(count * ImageSize)], Labels[..count], Height, Width, Channels);
    }

    /// <summary>Copies the images with the given indices, in that order.</summary>
    public override ImageSplit Select(ReadOnlySpan<int> indices)
    {
        var pixels = new byte[checked(indices.Length * ImageSize)];
        var labels = new int[indices.Length];
        for (var i = 0; i < indices.Length; i++)
        {
            Image(indices[i]).CopyTo(pixels.AsSpan(i * ImageSize));
            labels[i] = Labels[indices[i]];
        }

        return new ImageSplit(pixels, labels, Height, Width, Channels);
    }

    /// <summary>
    /// Draws a stratified random part: the same share of every class, rounded to the nearest count. Returns the rest and the part; both keep the order of
    /// the images.
    /// </summary>
    /// <param name="fraction">Share of the images in the part, between 0 and 1 (exclusive).</param>
    /// <param name="seed">Random seed; the same seed draws the same images on every platform.</param>
    /// <exception cref="DatasetException">One of the two parts would be empty.</exception>
    public (ImageSplit Remaining, ImageSplit Part) Divide(double fraction, ulong seed)
    {
        var (rest, part) = DrawPart(fraction, seed);
        return (Select(rest), Select(part));
    }
}
