namespace Gpu.Training.Images;

/// <summary>A gray or color image of bytes.</summary>
public sealed class ByteImage
{
    /// <summary>Creates an image over an array, which is not copied.</summary>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="channels">1 for gray, 3 for red, green, blue.</param>
    /// <param name="pixels">Height x Width x Channels bytes, row after row; null for a black image.</param>
    /// <exception cref="ArgumentException">The array's length is not that of the image, or the image is too large for an array.</exception>
    public ByteImage(int height, int width, int channels, byte[]? pixels = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if (channels is not (1 or 3))
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "An image has 1 channel (gray) or 3 (red, green, blue).");
        var length = (Int128)height * width * channels;
        if (length > Array.MaxLength)
            throw new ArgumentException($"An image of {height}x{width}x{channels} has {length} bytes; at most {Array.MaxLength} fit.");
        if (pixels is not null && pixels.Length != length)
            throw new ArgumentException($"An image of {height}x{width}x{channels} needs {length} bytes, but {pixels.Length} were given.", nameof(pixels));
        Height = height;
        Width = width;
        Channels = channels;
        Pixels = pixels ?? new byte[(int)length];
    }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>1 for gray, 3 for red, green, blue.</summary>
    public int Channels { get; }

    /// <summary>Height x Width x Channels bytes, row after row, the channels of a pixel side by side.</summary>
    public byte[] Pixels { get; }

    /// <summary>
    /// The image with so many channels: gray is repeated to make color; color becomes gray by the luma of ITU-R BT.601,
    /// 0.299 R + 0.587 G + 0.114 B, in the 16-bit fixed point of Pillow's <c>convert("L")</c>.
    /// </summary>
    public ByteImage ToChannels(int channels)
    {
        if (channels == Channels)
            return this;
        var result = new ByteImage(Height, Width, channels);
        if (channels == 3)
        {
            for (var i = 0; i < Pixels.Length; i++)
                result.Pixels.AsSpan(3 * i, 3).Fill(Pixels[i]);
        }
        else
        {
            for (var i = 0; i < result.Pixels.Length; i++)
                result.Pixels[i] = (byte)(((19_595 * Pixels[3 * i]) + (38_470 * Pixels[(3 * i) + 1]) + (7_471 * Pixels[(3 * i) + 2]) + 0x8000) >> 16);
        }

        return result;
    }

    /// <summary>The image with one channel when every pixel is gray (its three values are equal), otherwise the image itself.</summary>
    public ByteImage ReduceIfGray()
    {
        if (Channels == 1)
            return this;
        var gray = new byte[Height * Width];
        for (var i = 0; i < gray.Length; i++)
        {
            gray[i] = Pixels[3 * i];
            if (gray[i] != Pixels[(3 * i) + 1] || gray[i] != Pixels[(3 * i) + 2])
                return this;
        }

        return new ByteImage(Height, Width, 1, gray);
    }
}
