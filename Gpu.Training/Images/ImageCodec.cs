using System.IO.Hashing;
using Gpu.Training.Images.Formats;
using Gpu.Training.IO;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Gpu.Training.Images;

/// <summary>
/// Reads image files of the formats PNG, JPEG, BMP, GIF (the first frame), TIFF (the first image), WebP, TGA, PBM, PGM and PPM, and writes PNG. What a file
/// is, is told by its content, not by its name.
/// </summary>
/// <remarks>
/// The result is what a viewer shows: turned by the EXIF orientation, composited on a background where it is transparent, in 8 bits a channel. Color
/// profiles are not applied. A file that is truncated or damaged is an error, as is one that declares more than 134 million pixels; neither is decoded.
/// </remarks>
public static class ImageCodec
{
    /// <summary>Endings, in lower case with their dot, by which a file in a folder is taken for an image.</summary>
    public static IReadOnlyList<string> Extensions { get; } =
        [".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".gif", ".tif", ".tiff", ".webp", ".tga", ".pbm", ".pgm", ".ppm", ".pnm"];

    /// <summary>Whether a file's ending is that of an image (<see cref="Extensions"/>), in upper or lower case.</summary>
    public static bool HasImageExtension(string path) => Extensions.Contains(Path.GetExtension(path).ToLowerInvariant());

    /// <summary>Reads and decodes an image file; see <see cref="Decode"/>.</summary>
    /// <param name="path">A regular file.</param>
    /// <param name="background">What transparent images are composited on; white where it is null.</param>
    /// <exception cref="ImageException">
    /// The file is missing, unreadable or no regular file, of no supported format, truncated, damaged, or too large.
    /// </exception>
    public static ByteImage Load(string path, RgbColor? background = null) => Decode(ReadFile(path), path, background);

    /// <summary>Reads and decodes an image file, and computes the XXH3 (128 bits) of its bytes, which identifies its content.</summary>
    internal static ByteImage Load(string path, RgbColor background, out UInt128 hash)
    {
        var data = ReadFile(path);
        hash = XxHash128.HashToUInt128(data);
        return Decode(data, path, background);
    }

    /// <summary>
    /// Decodes the content of an image file. The result has one channel when every pixel is gray, whatever the file says, and three otherwise.
    /// </summary>
    /// <param name="data">The file's bytes; what follows the end of the image is ignored.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="background">What transparent images are composited on; white where it is null.</param>
    /// <exception cref="ImageException">The content is of no supported format, truncated, damaged, or too large.</exception>
    public static ByteImage Decode(byte[] data, string name, RgbColor? background = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.Length == 0)
            throw new ImageException($"The image file '{name}' is empty. Replace or remove the file.");

        var format = "";
        try
        {
            var (detected, read) = ImageFormat.Detect(data);
            format = $" as {detected}";
            return read(data, background ?? RgbColor.White).ReduceIfGray();
        }
        catch (Exception e)
        {
            // Damage that the readers of this assembly do not find can cause any exception in a decoder.
            var isExplained = e.Source == typeof(ImageCodec).Assembly.GetName().Name && e is InvalidDataException or NotSupportedException;
            var detail = e is ImageFormatException ? e.Message.TrimEnd('.') : e.GetType().Name;
            var reason = isExplained ? e.Message.TrimEnd('.') : $"Its data are damaged ({detail})";
            throw new ImageException($"The image file '{name}' cannot be decoded{format}. {reason}. Replace or remove the file.", e);
        }
    }

    /// <summary>
    /// Reads an image file whose pixels are numbers, such as classes: indexed and gray PNG files as they are (one channel), other files as
    /// <see cref="Decode"/> does.
    /// </summary>
    /// <param name="path">A regular file.</param>
    /// <exception cref="ImageException">As for the other files; or the file is a JPEG, which changes numbers.</exception>
    public static ByteImage LoadNumbers(string path)
    {
        var data = ReadFile(path);
        if (data.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8]))
            throw new ImageException($"The image file '{path}' is a JPEG, whose compression changes numbers. Save it as PNG.");
        if (!data.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G']))
            return Decode(data, path);
        try
        {
            return PngReader.ReadNumbers(data);
        }
        catch (Exception e)
        {
            var reason = e is InvalidDataException ? e.Message.TrimEnd('.') : $"Its data are damaged ({e.GetType().Name})";
            throw new ImageException($"The image file '{path}' cannot be decoded as PNG. {reason}. Replace or remove the file.", e);
        }
    }

    /// <summary>Writes numbers as an indexed PNG file with a palette. The file appears complete or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="numbers">An image of one channel.</param>
    /// <param name="palette">The color of each number, at most 256; numbers above are black.</param>
    public static void SaveIndexedPng(string path, ByteImage numbers, IReadOnlyList<RgbColor> palette)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        ArgumentNullException.ThrowIfNull(palette);
        ArgumentOutOfRangeException.ThrowIfNotEqual(numbers.Channels, 1);
        AtomicFile.WriteAllBytes(path, FileOrigin.MarkPng(IndexedPng.Encode(numbers, palette)));
    }

    /// <summary>Reads the size of an image from its header, after the EXIF orientation, without decoding the image.</summary>
    /// <param name="data">The file's bytes.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="ImageException">The content is of no supported format, its header is damaged, or it has more than 100 million pixels.</exception>
    public static (int Height, int Width) ReadSize(byte[] data, string name)
    {
        ArgumentNullException.ThrowIfNull(data);
        try
        {
            return ImageHeader.Read(data);
        }
        catch (InvalidDataException e)
        {
            throw new ImageException($"The image '{name}' cannot be decoded. {e.Message.TrimEnd('.')}. Replace it.", e);
        }
    }

    /// <summary>Writes an image as PNG, gray or color with 8 bits a channel. The file appears complete or not at all.</summary>
    public static void SavePng(string path, ByteImage image) => AtomicFile.WriteAllBytes(path, FileOrigin.MarkPng(EncodePng(image)));

    /// <summary>An image as the bytes of a PNG file.</summary>
    public static byte[] EncodePng(ByteImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        using var stream = new MemoryStream();
        using Image picture = image.Channels == 1
            ? Image.LoadPixelData<L8>(image.Pixels, image.Width, image.Height)
            : Image.LoadPixelData<Rgb24>(image.Pixels, image.Width, image.Height);
        picture.SaveAsPng(stream);
        return stream.ToArray();
    }

    private static byte[] ReadFile(string path)
    {
        try
        {
            using var file = RegularFile.OpenRead(path);
            if (file.Length > ImageSize.MostFileBytes)
                throw new ImageException($"The image file '{path}' has {file.Length} bytes; at most {ImageSize.MostFileBytes} are read. Scale the image down.");
            var data = new byte[file.Length];
            file.ReadExactly(data);
            return data;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ImageException($"The image file '{path}' does not exist. Check the path.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageException($"The image file '{path}' cannot be read: {e.Message} Replace or remove the file.", e);
        }
    }
}
