using Gpu.Training.Images;
using Gpu.Training.Runs;

namespace Gpu.Cli.Parsing;

/// <summary>Turns decoded images into the input of a run's network; the same for every command that classifies images.</summary>
internal static class NetworkInput
{
    /// <summary>The names of the classes, one for each output of the network.</summary>
    public static string[] ClassNames(RunFolder run)
    {
        var known = run.Configuration.ClassNames;
        return [.. known, .. Enumerable.Range(0, run.Model.Output.Length).Skip(known.Count).Select(i => $"(output {i})")];
    }

    /// <summary>How images are resized: as the training images were; null if they must have the size of the network's input.</summary>
    public static ImageTransform? TransformOf(RunFolder run)
    {
        var input = run.Model.Input;
        return run.Configuration.Transform ?? (input.IsImage ? new ImageTransform { Height = input.Height, Width = input.Width } : null);
    }

    /// <summary>The pixels of an image in the shape of the network's input, height x width x channels.</summary>
    /// <param name="name">what to call the image in messages</param>
    /// <param name="image">the image</param>
    /// <param name="run">the run</param>
    /// <param name="transform">how it is resized (<see cref="TransformOf"/>)</param>
    /// <param name="background">what padding is filled with</param>
    /// <exception cref="ImageException">the size of the image does not fit the network</exception>
    public static byte[] Pixels(string name, ByteImage image, RunFolder run, ImageTransform? transform, RgbColor background)
    {
        return Pixels(name, transform?.Apply(image, background) ?? image, run);
    }

    /// <summary>As <see cref="Pixels(string, ByteImage, RunFolder, ImageTransform?, RgbColor)"/>, of all parts that cover the image.</summary>
    /// <exception cref="ImageException">the size of the image does not fit the network</exception>
    public static byte[][] Parts(string name, ByteImage image, RunFolder run, ImageTransform? transform, RgbColor background) =>
        [.. (transform?.Cover(image, background) ?? [image]).Select(part => Pixels(name, part, run))];

    private static byte[] Pixels(string name, ByteImage image, RunFolder run)
    {
        var input = run.Model.Input;
        // A network with a flat input accepts any gray or color image with as many values.
        var channels = input.IsImage ? input.Channels : run.Configuration.Normalization.Mean.Length;
        if (channels is not (1 or 3) || image.Height * image.Width * channels != input.Length || (input.IsImage && image.Height != input.Height))
        {
            throw new ImageException(
                $"The image '{name}' is {image.Height}x{image.Width} (height x width), but the network expects {input}. "
                + "Scale the image to that size, as the training images were.");
        }

        return image.ToChannels(channels).Pixels;
    }
}
