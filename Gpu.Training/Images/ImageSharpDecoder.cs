#if HAS_IMAGESHARP
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Gpu.Training.Images;

/// <summary>Decodes every format that SixLabors.ImageSharp knows. Compiled only where that package was found.</summary>
internal static class ImageSharpDecoder
{
    public static ByteImage Decode(byte[] data, string name)
    {
        try
        {
            using var image = Image.Load<Rgb24>(data);
            var result = new ByteImage(image.Height, image.Width, 3);
            image.CopyPixelDataTo(result.Pixels);
            return result;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Its own exceptions for what it checks, and others from deep inside for damage that it does not.
            throw new ImageException($"The image file '{name}' cannot be decoded: {e.Message} Replace it, or remove it from the folder.", e);
        }
    }
}
#endif
