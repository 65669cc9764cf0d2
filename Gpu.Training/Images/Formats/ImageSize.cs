namespace Gpu.Training.Images.Formats;

/// <summary>The largest image that is decoded. Headers are checked against it before anything of an image's size is allocated.</summary>
internal static class ImageSize
{
    /// <summary>The largest width and height; no camera, scanner or JPEG file exceeds it.</summary>
    public const int LargestSide = 65_535;

    /// <summary>The most pixels: 134 million. Decoding so many takes up to about 3 GB.</summary>
    public const int MostPixels = 1 << 27;

    /// <summary>The most bytes of a file; no format here needs more for so many pixels.</summary>
    public const int MostFileBytes = 1 << 30;

    /// <summary>Fails unless an image of this size may be decoded.</summary>
    /// <exception cref="InvalidDataException">A side is 0 or too long, or there are too many pixels.</exception>
    public static void Check(long width, long height)
    {
        if (width <= 0 || height <= 0)
            throw new InvalidDataException($"Its header says {height} x {width} pixels (height x width); both numbers must be at least 1.");
        if (width > LargestSide || height > LargestSide || width * height > MostPixels)
        {
            throw new InvalidDataException(
                $"Its header says {height} x {width} pixels (height x width); at most {LargestSide:N0} a side and {MostPixels:N0} altogether are "
                + "decoded. Scale the image down.");
        }
    }
}
