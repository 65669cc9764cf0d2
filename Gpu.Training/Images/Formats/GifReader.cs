using System.Buffers.Binary;
using SixLabors.ImageSharp.Formats.Gif;

namespace Gpu.Training.Images.Formats;

/// <summary>
/// Reads the first frame of a GIF (GIF89a specification). The blocks are checked up to the trailer, and ImageSharp gets the frame alone, as if it were not
/// interlaced: 2.1.13 fills in what is missing of a truncated file, and fails on low interlaced frames and on those that reach beyond the canvas.
/// </summary>
internal static class GifReader
{
    private const byte Extension = 0x21;
    private const byte Image = 0x2C;
    private const byte Trailer = 0x3B;
    private const byte GraphicControl = 0xF9;

    private const int Interlaced = 0x40;

    // The first row and the step of the four passes.
    private static readonly (int First, int Step)[] Passes = [(0, 8), (4, 8), (2, 4), (1, 2)];

    // For files without a table of colors.
    private static readonly byte[] Grays = [.. Enumerable.Range(0, 768).Select(i => (byte)(i / 3))];

    public static ByteImage Read(byte[] data, RgbColor background)
    {
        var reader = new SpanReader(data) { Position = 6 };
        var screen = reader.Bytes(7, "the screen descriptor");
        var (canvasWidth, canvasHeight) = ((int)BinaryPrimitives.ReadUInt16LittleEndian(screen), (int)BinaryPrimitives.ReadUInt16LittleEndian(screen[2..]));
        var globalColors = ReadColors(ref reader, screen[4]);
        ReadOnlySpan<byte> control = default;
        ByteImage? result = null;
        while (true)
        {
            switch (reader.Byte("a block, or the trailer,"))
            {
                case Extension:
                    var label = reader.Byte("an extension");
                    var start = reader.Position;
                    SkipBlocks(ref reader);
                    if (label == GraphicControl && reader.Position - start == 6)
                        control = data.AsSpan(start + 1, 4);
                    break;
                case Image:
                    var frame = reader.Bytes(9, "an image descriptor");
                    var colors = ReadColors(ref reader, frame[8]);
                    var codes = reader.Position;
                    var codeSize = reader.Byte("the code size");
                    SkipBlocks(ref reader);
                    if (result is not null)
                        break;
                    if (codeSize is < 2 or > 11)
                        throw new InvalidDataException($"Its code size is {codeSize}; 2 to 8 were expected.");
                    if (colors.IsEmpty)
                        colors = globalColors.IsEmpty ? Grays : globalColors;
                    result = DecodeFrame(canvasWidth, canvasHeight, frame, control, colors, data.AsSpan(codes..reader.Position), background);
                    break;
                case Trailer:
                    return result ?? throw new InvalidDataException("It has no image.");
                case 0:
                    break; // Some programs pad blocks.
                default:
                    throw new InvalidDataException($"At byte {reader.Position - 1} there is no block; the file is damaged.");
            }
        }
    }

    private static ReadOnlySpan<byte> ReadColors(ref SpanReader reader, byte flags) =>
        (flags & 0x80) == 0 ? default : reader.Bytes(3 * (2 << (flags & 7)), "a table of colors");

    private static void SkipBlocks(ref SpanReader reader)
    {
        while (reader.Byte("a data block") is var size and > 0)
            reader.Bytes(size, "a data block");
    }

    // The content of data blocks.
    private static byte[] Join(ReadOnlySpan<byte> blocks)
    {
        var content = new byte[blocks.Length];
        var length = 0;
        while (!blocks.IsEmpty && blocks[0] > 0)
        {
            blocks.Slice(1, blocks[0]).CopyTo(content.AsSpan(length));
            length += blocks[0];
            blocks = blocks[(1 + blocks[0])..];
        }

        return content[..length];
    }

    private static ByteImage Deinterlace(ByteImage stored)
    {
        var image = new ByteImage(stored.Height, stored.Width, 3);
        var (bytes, row) = (3 * stored.Width, 0);
        foreach (var (first, step) in Passes)
        {
            for (var y = first; y < stored.Height; y += step)
                stored.Pixels.AsSpan(row++ * bytes, bytes).CopyTo(image.Pixels.AsSpan(y * bytes));
        }

        return image;
    }

    // What the frame leaves of the canvas is transparent, as in browsers; a frame that reaches beyond enlarges it, as with Pillow.
    private static ByteImage DecodeFrame(
        int canvasWidth, int canvasHeight, ReadOnlySpan<byte> descriptor, ReadOnlySpan<byte> control, ReadOnlySpan<byte> colors, ReadOnlySpan<byte> codes,
        RgbColor background)
    {
        int left = BinaryPrimitives.ReadUInt16LittleEndian(descriptor), top = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[2..]);
        int width = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[4..]), height = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[6..]);
        ImageSize.Check(width, height);
        (canvasWidth, canvasHeight) = (Math.Max(canvasWidth, left + width), Math.Max(canvasHeight, top + height));
        ImageSize.Check(canvasWidth, canvasHeight);

        if (CompressedLength.GifLzw(Join(codes[1..]), codes[0], (long)width * height) is var pixels && pixels < (long)width * height)
            throw SpanReader.Truncated($"its data make {pixels} pixels, but the image has {(long)width * height}");

        // The frame with its table as the global one, and its only block an image of the canvas's size.
        using var gif = new MemoryStream(colors.Length + codes.Length + 64);
        var tableFlags = (byte)(0x80 | (System.Numerics.BitOperations.Log2((uint)colors.Length / 3) - 1));
        gif.Write("GIF89a"u8);
        gif.Write(descriptor.Slice(4, 4));
        gif.Write([tableFlags, 0, 0]);
        gif.Write(colors);
        if (!control.IsEmpty)
            gif.Write([Extension, GraphicControl, 4, .. control, 0]);
        gif.Write([Image, 0, 0, 0, 0, .. descriptor.Slice(4, 4), 0]);
        gif.Write(codes);
        gif.WriteByte(Trailer);
        gif.Position = 0;
        var decoder = new GifDecoder { IgnoreMetadata = true };
        var frame = PixelDecoder.DecodeRgba(decoder, gif, width, height, background);
        if ((descriptor[8] & Interlaced) != 0)
            frame = Deinterlace(frame);
        if ((width, height) == (canvasWidth, canvasHeight))
            return frame;

        var canvas = new ByteImage(canvasHeight, canvasWidth, 3);
        ReadOnlySpan<byte> fill = [background.Red, background.Green, background.Blue];
        for (var i = 0; i < canvas.Pixels.Length; i += 3)
            fill.CopyTo(canvas.Pixels.AsSpan(i));
        for (var y = 0; y < height; y++)
            frame.Pixels.AsSpan(3 * y * width, 3 * width).CopyTo(canvas.Pixels.AsSpan(3 * (((top + y) * canvasWidth) + left)));
        return canvas;
    }
}
