namespace Gpu.Training.Images.Formats;

/// <summary>The EXIF orientation of an image (tag 0x0112, CIPA DC-008): how its rows and columns have to be turned to stand upright.</summary>
internal static class Orientation
{
    /// <summary>The orientation of an image that needs no turning.</summary>
    public const int Upright = 1;

    private const int Tag = 0x0112;

    /// <summary>The orientation in an EXIF block, from 1 to 8; 1 where it has none or is damaged, which is no reason to refuse the image.</summary>
    /// <param name="exif">The block, with or without the "Exif" signature in front of it.</param>
    public static int Read(ReadOnlySpan<byte> exif)
    {
        if (exif.StartsWith("Exif\0\0"u8))
            exif = exif[6..];
        try
        {
            return Valid(new TiffDirectory(exif).Number(Tag, Upright));
        }
        catch (InvalidDataException)
        {
            return Upright;
        }
    }

    /// <summary>A tag's value where it is one from 1 to 8, and 1 otherwise.</summary>
    public static int Valid(long value) => value is >= 1 and <= 8 ? (int)value : Upright;

    /// <summary>The image turned upright.</summary>
    public static ByteImage Apply(ByteImage image, int orientation)
    {
        if (orientation == Upright)
            return image;
        var (width, height, channels) = (image.Width, image.Height, image.Channels);
        var isTransposed = orientation >= 5;
        var result = isTransposed ? new ByteImage(width, height, channels) : new ByteImage(height, width, channels);
        for (var y = 0; y < result.Height; y++)
        {
            for (var x = 0; x < result.Width; x++)
            {
                var (row, column) = orientation switch
                {
                    2 => (y, width - 1 - x),
                    3 => (height - 1 - y, width - 1 - x),
                    4 => (height - 1 - y, x),
                    5 => (x, y),
                    6 => (height - 1 - x, y),
                    7 => (height - 1 - x, width - 1 - y),
                    _ => (x, width - 1 - y),
                };
                image.Pixels.AsSpan(((row * width) + column) * channels, channels).CopyTo(result.Pixels.AsSpan(((y * result.Width) + x) * channels));
            }
        }

        return result;
    }
}
