using Gpu.Training.Images.Formats;

namespace Gpu.Training.Images;

/// <summary>Reads many image files in parallel. Full-size images exist only while one is decoded and resized.</summary>
internal static class ImageBatch
{
    // Decoding takes up to about 20 bytes a pixel, so images that are decoded at the same time need about 1 GB at most; a larger one is decoded alone.
    private const long MostPixelsAtOnce = 50_000_000;

    /// <summary>Reads the sizes of images from the headers of their files.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="errors">Receives the error of each file that cannot be read.</param>
    /// <returns>The size of each image; (0, 0) for files that cannot be read.</returns>
    public static (int Height, int Width)[] ReadSizes(IReadOnlyList<string> paths, ImageException?[] errors)
    {
        var sizes = new (int Height, int Width)[paths.Count];
        Parallel.For(0, paths.Count, i =>
        {
            try
            {
                sizes[i] = ImageHeader.Read(paths[i]);
            }
            catch (ImageException e)
            {
                errors[i] = e;
            }
        });
        return sizes;
    }

    /// <summary>Decodes and resizes the images whose files have no error yet.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="sizes">The sizes in their headers, which limit how many are decoded at the same time.</param>
    /// <param name="transform">How they are resized; null leaves them as they are.</param>
    /// <param name="background">Background of transparent images and of padding.</param>
    /// <param name="errors">The errors so far; receives that of each file that cannot be decoded.</param>
    /// <param name="hashes">Receives the XXH3 of each file, which identifies its content.</param>
    /// <returns>The images; null for those with an error.</returns>
    public static ByteImage?[] Decode(
        IReadOnlyList<string> paths, (int Height, int Width)[] sizes, ImageTransform? transform, RgbColor background, ImageException?[] errors,
        UInt128[] hashes)
    {
        var images = new ByteImage?[paths.Count];
        Decode(paths, sizes, transform, background, errors, (index, image, hash) => (images[index], hashes[index]) = (image, hash));
        return images;
    }

    /// <summary>Decodes and resizes the images whose files have no error yet, and gives each to a receiver, which may be called by several threads.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="sizes">The sizes in their headers, which limit how many are decoded at the same time.</param>
    /// <param name="transform">How they are resized; null leaves them as they are.</param>
    /// <param name="background">Background of transparent images and of padding.</param>
    /// <param name="errors">The errors so far; receives that of each file that cannot be decoded.</param>
    /// <param name="receive">Receives the index, the image, and the XXH3 of the file, which identifies its content.</param>
    public static void Decode(
        IReadOnlyList<string> paths, (int Height, int Width)[] sizes, ImageTransform? transform, RgbColor background, ImageException?[] errors,
        Action<int, ByteImage, UInt128> receive)
    {
        var (gate, used) = (new object(), 0L);
        Parallel.For(0, paths.Count, i =>
        {
            if (errors[i] is not null)
                return;
            var pixels = (long)sizes[i].Height * sizes[i].Width;
            lock (gate)
            {
                while (used > 0 && used + pixels > MostPixelsAtOnce)
                    Monitor.Wait(gate);
                used += pixels;
            }

            try
            {
                var image = ImageCodec.Load(paths[i], background, out var hash);
                receive(i, transform is null ? image : transform.Apply(image, background), hash);
            }
            catch (ImageException e)
            {
                errors[i] = e;
            }
            finally
            {
                lock (gate)
                {
                    used -= pixels;
                    Monitor.PulseAll(gate);
                }
            }
        });
    }
}
