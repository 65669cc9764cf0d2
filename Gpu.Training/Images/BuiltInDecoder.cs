namespace Gpu.Training.Images;

/// <summary>Chooses among the built-in decoders by the first bytes of a file.</summary>
internal static class BuiltInDecoder
{
    // Enough for any photograph, and small enough that a damaged header does not take the machine's memory.
    private const long MostPixels = 1L << 27;

    public static ByteImage Decode(byte[] data, string name)
    {
        if (data.AsSpan().StartsWith(PngFormat.Signature))
            return PngDecoder.Decode(data, name);
        if (data.AsSpan().StartsWith("BM"u8))
            return BmpDecoder.Decode(data, name);
        if (data.Length >= 2 && data[0] == 'P' && data[1] is >= (byte)'1' and <= (byte)'6')
            return PnmDecoder.Decode(data, name);
        if (ForeignFormat(data) is string format)
        {
            throw new ImageException(
                $"'{name}' is a {format} file. This build reads PNG, BMP and PNM only, because the package SixLabors.ImageSharp could not be restored when it was built. "
                + "Convert the images to PNG, or build again where a NuGet feed has SixLabors.ImageSharp.");
        }

        throw new ImageException(
            $"'{name}' is not an image that this build reads: it begins with the bytes {Convert.ToHexString(data.AsSpan(0, Math.Min(8, data.Length)))}, "
            + "but PNG, BMP or PNM (P1 to P6) was expected. Convert the file to PNG, or remove it from the folder.");
    }

    /// <summary>Fails for a size that no image can have or that is larger than this decoder takes.</summary>
    public static void CheckSize(long width, long height, string name)
    {
        if (width <= 0 || height <= 0)
            throw Damaged(name, $"its header says {width} x {height} pixels, but both must be at least 1");
        if (width > MostPixels / height)
        {
            throw new ImageException(
                $"The image file '{name}' says that it has {width} x {height} pixels; at most {MostPixels} are read. The header is damaged, or the image needs to be made smaller.");
        }
    }

    /// <summary>The error for content that breaks the rules of its format.</summary>
    public static ImageException Damaged(string name, string what, Exception? inner = null)
    {
        var message = $"The image file '{name}' is damaged: {what}. Replace the file, or remove it from the folder.";
        return inner is null ? new ImageException(message) : new ImageException(message, inner);
    }

    /// <summary>The error for content that ends too early.</summary>
    public static ImageException Truncated(string name, long expected, long found, string of) =>
        new($"The image file '{name}' is truncated: {of} need {expected} bytes, but only {found} were found. Replace the file, or remove it from the folder.");

    private static string? ForeignFormat(ReadOnlySpan<byte> data)
    {
        if (data.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
            return "JPEG";
        if (data.StartsWith("GIF8"u8))
            return "GIF";
        if (data.Length >= 12 && data.StartsWith("RIFF"u8) && data[8..].StartsWith("WEBP"u8))
            return "WebP";
        if (data.StartsWith("II*\0"u8) || data.StartsWith("MM\0*"u8))
            return "TIFF";
        if (data.Length >= 12 && data[4..].StartsWith("ftyp"u8))
            return "HEIF or AVIF";
        return null;
    }
}
