namespace Gpu.Training.Data;

/// <summary>One part of a data set (training, validation or test): images of one size as bytes, and a label for each.</summary>
public sealed class ImageSplit
{
    /// <summary>Creates a split over the arrays given; they are not copied.</summary>
    /// <param name="pixels">Count x Height x Width x Channels bytes (NHWC), 0 = black, 255 = full.</param>
    /// <param name="labels">Class index of each image, from 0.</param>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="channels">Values a pixel: 1 for grey, 3 for red, green, blue.</param>
    /// <exception cref="DatasetException">The number of bytes is not that of the labels' images, or a label is negative.</exception>
    public ImageSplit(byte[] pixels, int[] labels, int height, int width, int channels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        var expected = (Int128)labels.Length * height * width * channels;
        if (pixels.Length != expected)
        {
            throw new DatasetException(
                $"{labels.Length} labels of {height}x{width}x{channels} images need {expected} pixel bytes, but {pixels.Length} were given.");
        }

        for (var i = 0; i < labels.Length; i++)
        {
            if (labels[i] < 0)
                throw new DatasetException($"Label {i} is {labels[i]}; labels are class indices from 0.");
        }

        Pixels = pixels;
        Labels = labels;
        Height = height;
        Width = width;
        Channels = channels;
    }

    /// <summary>All pixels, NHWC: Count x Height x Width x Channels bytes.</summary>
    public byte[] Pixels { get; }

    /// <summary>Class index of each image.</summary>
    public int[] Labels { get; }

    /// <summary>Rows of an image.</summary>
    public int Height { get; }

    /// <summary>Columns of an image.</summary>
    public int Width { get; }

    /// <summary>Values a pixel.</summary>
    public int Channels { get; }

    /// <summary>Number of images.</summary>
    public int Count => Labels.Length;

    /// <summary>Bytes of one image: Height x Width x Channels.</summary>
    public int ImageSize => Height * Width * Channels;

    /// <summary>The bytes of one image, Height x Width x Channels.</summary>
    public ReadOnlySpan<byte> Image(int index) => Pixels.AsSpan(checked(index * ImageSize), ImageSize);

    /// <summary>The first <paramref name="count"/> images, or all of them when there are no more than that.</summary>
    public ImageSplit Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return count >= Count ? this : new ImageSplit(Pixels[..(count * ImageSize)], Labels[..count], Height, Width, Channels);
    }

    /// <summary>The images named by <paramref name="indices"/>, in that order, copied.</summary>
    public ImageSplit Select(ReadOnlySpan<int> indices)
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

    /// <summary>How many images each of <paramref name="classes"/> classes has.</summary>
    public int[] CountPerClass(int classes)
    {
        var counts = new int[classes];
        foreach (var label in Labels)
            counts[label]++;
        return counts;
    }

    /// <summary>
    /// Draws a part at random, the same share of every class (rounded to the nearest), and returns it and the rest. Both keep the order that
    /// the images had.
    /// </summary>
    /// <param name="fraction">Share of the images in the part drawn, between 0 and 1, both excluded.</param>
    /// <param name="seed">The same seed draws the same images on every platform.</param>
    /// <exception cref="DatasetException">One of the two parts would be empty.</exception>
    public (ImageSplit Remaining, ImageSplit Part) Divide(double fraction, ulong seed)
    {
        if (!(fraction > 0 && fraction < 1))
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "The share to split off must lie between 0 and 1, both excluded.");
        var order = new int[Count];
        for (var i = 0; i < order.Length; i++)
            order[i] = i;
        new PortableRandom(seed).Shuffle(order.AsSpan());

        var wanted = new int[Labels.Length == 0 ? 0 : Labels.Max() + 1];
        foreach (var label in Labels)
            wanted[label]++;
        for (var i = 0; i < wanted.Length; i++)
            wanted[i] = (int)Math.Round(wanted[i] * fraction, MidpointRounding.AwayFromZero);

        var drawn = new bool[Count];
        foreach (var index in order)
        {
            if (wanted[Labels[index]] > 0)
            {
                wanted[Labels[index]]--;
                drawn[index] = true;
            }
        }

        var rest = Enumerable.Range(0, Count).Where(i => !drawn[i]).ToArray();
        var part = Enumerable.Range(0, Count).Where(i => drawn[i]).ToArray();
        if (rest.Length == 0 || part.Length == 0)
        {
            throw new DatasetException(
                $"Splitting a share of {fraction} off {Count} images leaves one part empty. Use more images, or a share nearer to the middle.");
        }

        return (Select(rest), Select(part));
    }
}
