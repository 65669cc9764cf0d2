namespace Gpu.Training.Images.Formats;

/// <summary>Tells what a file is by its first bytes, never by its name.</summary>
internal static class ImageFormat
{
    private const string Supported = "PNG, JPEG, BMP, GIF, TIFF, WebP, TGA, PBM, PGM and PPM";

    private static readonly (byte[] Start, int At, string Name, string Advice)[] Foreign =
    [
        ([.. "ftyp"u8], 4, "HEIF, AVIF or a video (an ISO media file)", "Convert it to JPEG or PNG."),
        ([0xFF, 0x0A], 0, "JPEG XL", "Convert it to JPEG or PNG."),
        ([0, 0, 0, 12, (byte)'J', (byte)'X', (byte)'L', (byte)' '], 0, "JPEG XL", "Convert it to JPEG or PNG."),
        ([0, 0, 0, 12, (byte)'j', (byte)'P'], 0, "JPEG 2000", "Convert it to JPEG or PNG."),
        ([0xFF, 0x4F, 0xFF, 0x51], 0, "JPEG 2000", "Convert it to JPEG or PNG."),
        ([0, 0, 1, 0], 0, "a Windows icon", "Convert it to PNG."),
        ([.. "8BPS"u8], 0, "a Photoshop document", "Save it as PNG."),
        ([.. "%PDF"u8], 0, "PDF", "Save its pages as PNG."),
        ([.. "qoif"u8], 0, "QOI", "Convert it to PNG."),
        ([.. "P7"u8], 0, "PAM", "Convert it to PNG."),
        ([.. "DDS "u8], 0, "DDS", "Convert it to PNG."),
        ([0x76, 0x2F, 0x31, 0x01], 0, "OpenEXR", "Convert it to PNG."),
        ([.. "#?"u8], 0, "Radiance HDR", "Convert it to PNG."),
        ([.. "SIMPLE"u8], 0, "FITS", "Convert it to PNG."),
        ([.. "DICM"u8], 128, "DICOM", "Convert it to PNG."),
        ([0x1F, 0x8B], 0, "a gzip archive", "Unpack it."),
        ([.. "PK"u8], 0, "a zip archive", "Unpack it."),
        ([.. "version https://git-lfs"u8], 0, "a pointer of Git LFS, not the image itself", "Fetch the images with 'git lfs pull'."),
        ([.. "<"u8], 0, "a web page, SVG or XML", "If it is a web page that a download left here, download the image again; save drawings as PNG."),
    ];

    /// <summary>The name and the reader of a file's format.</summary>
    /// <exception cref="InvalidDataException">It is none of the supported ones; the message names the first bytes and what they look like.</exception>
    public static (string Name, Func<byte[], RgbColor, ByteImage> Read) Detect(ReadOnlySpan<byte> data)
    {
        if (data.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G']))
            return ("PNG", PngReader.Read);
        if (data.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
            return ("JPEG", (content, _) => JpegReader.Read(content));
        if (data.StartsWith("GIF87a"u8) || data.StartsWith("GIF89a"u8))
            return ("GIF", GifReader.Read);
        if (data.StartsWith("BM"u8))
            return ("BMP", BmpReader.Read);
        if (data.StartsWith("II*\0"u8) || data.StartsWith("MM\0*"u8) || data.StartsWith("II+\0"u8) || data.StartsWith("MM\0+"u8))
            return ("TIFF", TiffReader.Read);
        if (data.StartsWith("RIFF"u8) && data.Length >= 12 && data[8..].StartsWith("WEBP"u8))
            return ("WebP", WebpReader.Read);
        if (IsPnm(data))
            return ("PNM", (content, _) => PnmReader.Read(content));
        foreach (var (start, at, name, advice) in Foreign)
        {
            if (data.Length <= at || !data[at..].StartsWith(start))
                continue;
            throw new InvalidDataException(
                $"It is of no supported format ({Supported}). Its first bytes, {FirstBytes(data)}, are those of {name}. {advice}");
        }

        if (TgaReader.IsTga(data))
            return ("TGA", TgaReader.Read);
        throw new InvalidDataException($"It is of no supported format ({Supported}): its first bytes are {FirstBytes(data)}.");
    }

    private static bool IsPnm(ReadOnlySpan<byte> data) =>
        data.Length > 2 && data[0] == 'P' && data[1] is >= (byte)'1' and <= (byte)'6' && data[2] is (byte)'#' or (byte)' ' or (>= 9 and <= 13);

    private static string FirstBytes(ReadOnlySpan<byte> data)
    {
        var first = data[..Math.Min(12, data.Length)];
        var text = string.Concat(first.ToArray().Select(one => char.IsBetween((char)one, ' ', '~') ? (char)one : '.'));
        return $"{Convert.ToHexString(first)} (\"{text}\")";
    }
}
