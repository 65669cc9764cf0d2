using System.Runtime.CompilerServices;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Memory;
using SixLabors.ImageSharp.PixelFormats;

namespace Gpu.Training.Images.Formats;

/// <summary>
/// Calls ImageSharp's decoders. The readers check beforehand what a file says of sizes and lengths: the decoders of 2.1.13 believe some of it when they
/// allocate memory, and even when they use pointers.
/// </summary>
internal static class PixelDecoder
{
    // The largest single buffer: 16-bit samples of four channels for the most pixels, and some padding.
    private const int LargestBufferMegabytes = (int)(ImageSize.MostPixels * 8L >> 20) + 64;

    private static readonly Configuration Configuration = new()
    {
        MemoryAllocator = MemoryAllocator.Create(new MemoryAllocatorOptions { AllocationLimitMegabytes = LargestBufferMegabytes }),
    };

    /// <summary>Decodes an image whose size is known.</summary>
    /// <returns>Its pixels, row after row.</returns>
    /// <exception cref="InvalidDataException">The decoder came to another size.</exception>
    public static byte[] Decode<TPixel>(IImageDecoder decoder, Stream content, int width, int height)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        using var image = decoder.Decode<TPixel>(Configuration, content, CancellationToken.None);
        if (image.Width != width || image.Height != height)
            throw new InvalidDataException($"Its header says {height} x {width} pixels (height x width), but its content has {image.Height} x {image.Width}.");
        // Every byte is written.
        var pixels = GC.AllocateUninitializedArray<byte>(width * height * Unsafe.SizeOf<TPixel>());
        image.CopyPixelDataTo(pixels);
        return pixels;
    }

    /// <summary>Decodes an opaque image.</summary>
    public static ByteImage DecodeRgb(IImageDecoder decoder, Stream content, int width, int height) =>
        new(height, width, 3, Decode<Rgb24>(decoder, content, width, height));

    /// <summary>Decodes an image with transparency, and composites it on a background.</summary>
    public static ByteImage DecodeRgba(IImageDecoder decoder, Stream content, int width, int height, RgbColor background) =>
        Composite(Decode<Rgba32>(decoder, content, width, height), width, height, background);

    /// <summary>Composites pixels of red, green, blue and alpha (not premultiplied) on a background.</summary>
    public static ByteImage Composite(ReadOnlySpan<byte> rgba, int width, int height, RgbColor background)
    {
        var image = new ByteImage(height, width, 3);
        var target = image.Pixels.AsSpan();
        for (; !rgba.IsEmpty; rgba = rgba[4..], target = target[3..])
        {
            int alpha = rgba[3];
            target[0] = Blend(rgba[0], background.Red, alpha);
            target[1] = Blend(rgba[1], background.Green, alpha);
            target[2] = Blend(rgba[2], background.Blue, alpha);
        }

        return image;
    }

    /// <summary>Replaces alpha by 255.</summary>
    public static void MakeOpaque(Span<byte> rgba)
    {
        for (var i = 3; i < rgba.Length; i += 4)
            rgba[i] = 255;
    }

    private static byte Blend(int value, int background, int alpha) => (byte)(((value * alpha) + (background * (255 - alpha)) + 127) / 255);
}
