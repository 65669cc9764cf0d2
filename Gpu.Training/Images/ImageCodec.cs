using Gpu.Training.IO;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Gpu.Training.Images;

/// <summary>
/// Reads image files. Where the project is built with SixLabors.ImageSharp, that decodes (JPEG, PNG, BMP, GIF, WebP, TIFF, TGA, PNM and more); otherwise
/// a small built-in codec does, which knows PNG, BMP and PNM. What a file is, is told by its first bytes, not by its name.
/// </summary>
public static class ImageCodec
{
    /// <summary>
    /// Endings, in lower case with their dot, by which a file in a folder is taken for an image. It lists the formats that only ImageSharp reads in
    /// every build, so that their absence is an error that says why rather than a folder that looks empty.
    /// </summary>
    public static IReadOnlyList<string> Extensions { get; } =
        [".png", ".bmp", ".pbm", ".pgm", ".ppm", ".pnm", ".jpg", ".jpeg", ".gif", ".webp", ".tif", ".tiff", ".tga"];

    /// <summary>Whether a file's ending is that of an image (<see cref="Extensions"/>), in upper or lower case.</summary>
    public static bool HasImageExtension(string path) => Extensions.Contains(Path.GetExtension(path).ToLowerInvariant());

    /// <summary>Reads and decodes an image file; see <see cref="Decode"/>.</summary>
    /// <exception cref="ImageException">The file is missing or unreadable, of no known format, damaged, or too large.</exception>
    public static ByteImage Load(string path)
    {
        byte[] data;
        try
        {
            data = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ImageException($"The image file '{path}' does not exist. Check the path.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageException($"The image file '{path}' cannot be read: {e.Message}", e);
        }

        return Decode(data, path);
    }

    /// <summary>
    /// Decodes the content of an image file. The result has one channel when every pixel is grey, whatever the file says, and three otherwise; this way it
    /// does not depend on the codec. Transparency is ignored: a pixel keeps its colour. 16-bit values are scaled to 8 bits and rounded.
    /// </summary>
    /// <param name="data">The file's bytes.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="ImageException">The content is of no known format, damaged, or too large.</exception>
    public static ByteImage Decode(byte[] data, string name)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.Length == 0)
            throw new ImageException($"The image file '{name}' is empty. Replace it, or remove it from the folder.");

        try
        {
            using var image = Image.Load<Rgb24>(data);
            var result = new ByteImage(image.Height, image.Width, 3);
            image.CopyPixelDataTo(result.Pixels);
            return result.ReduceIfGrey();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Its own exceptions for what it checks, and others from deep inside for damage that it does not.
            throw new ImageException($"The image file '{name}' cannot be decoded: {e.Message} Replace it, or remove it from the folder.", e);
        }
    }

    /// <summary>Writes an image as PNG, grey or colour with 8 bits a channel. The file appears complete or not at all.</summary>
    public static void SavePng(string path, ByteImage image) => AtomicFile.WriteAllBytes(path, EncodePng(image));

    /// <summary>An image as the bytes of a PNG file.</summary>
    public static byte[] EncodePng(ByteImage image)
    {
        using var stream = new MemoryStream();
        using Image picture = image.Channels == 1
            ? Image.LoadPixelData<L8>(image.Pixels, image.Width, image.Height)
            : Image.LoadPixelData<Rgb24>(image.Pixels, image.Width, image.Height);
        picture.SaveAsPng(stream);
        return stream.ToArray();
    }
}
