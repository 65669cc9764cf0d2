using Gpu.Training.Images;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;

namespace Gpu.Cli.Bench;

/// <summary>
/// Decodes and resizes images with SixLabors.ImageSharp alone, on the calling thread: what the program's own reading of images is compared with.
/// </summary>
internal static class PlainImageSharp
{
    private static readonly Configuration SingleThread = CreateSingleThread();

    /// <summary>
    /// Decodes a file to RGB and brings it to one size by the filter that <see cref="ImageTransform"/> uses: scaled to cover the size, the center kept.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="height">Height of the result in pixels.</param>
    /// <param name="width">Width of the result in pixels.</param>
    /// <returns>RGB bytes, [height, width, 3].</returns>
    /// <exception cref="UsageException">ImageSharp cannot decode the file.</exception>
    public static byte[] Decode(string path, int height, int width)
    {
        try
        {
            using var image = Image.Load<Rgb24>(SingleThread, path);
            if ((image.Height, image.Width) != (height, width))
            {
                var options = new ResizeOptions { Size = new Size(width, height), Mode = ResizeMode.Crop, Sampler = KnownResamplers.CatmullRom };
                image.Mutate(SingleThread, context => context.Resize(options));
            }

            var pixels = new byte[height * width * 3];
            image.CopyPixelDataTo(pixels);
            return pixels;
        }
        catch (Exception e) when (e is ImageFormatException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"SixLabors.ImageSharp alone cannot decode '{path}' ({e.Message.TrimEnd('.')}). Leave it out of the folder.", e);
        }
    }

    private static Configuration CreateSingleThread()
    {
        var configuration = Configuration.Default.Clone();
        configuration.MaxDegreeOfParallelism = 1;
        return configuration;
    }
}
