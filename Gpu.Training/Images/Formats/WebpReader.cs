using System.Buffers.Binary;
using SixLabors.ImageSharp.Formats.Webp;

namespace Gpu.Training.Images.Formats;

/// <summary>
/// Reads WebP that is not animated: lossy with or without alpha, and lossless (RFC 9649). The chunks are checked, and ImageSharp gets those with the
/// image: 2.1.13 fills in what is missing of a truncated file, runs in circles on chunks of 2 GB, and fails on chunks of odd size and on short alpha.
/// </summary>
internal static class WebpReader
{
    private const int FlagAnimated = 0x02;
    private const int FlagAlpha = 0x10;

    // ImageSharp reads so many bytes of an alpha chunk at once.
    private const int ShortestAlpha = 9;

    // Bytes behind the image data, for finding out whether these are complete.
    private const int Padding = 256;

    public static ByteImage Read(byte[] data, RgbColor background)
    {
        var reader = new SpanReader(data) { Position = 4 };
        var size = BinaryPrimitives.ReadUInt32LittleEndian(reader.Bytes(4, "the size of the file"));
        if (size > reader.Remaining)
            throw SpanReader.Truncated($"its header says that {size + 8L} bytes are in it, but it has only {data.Length}");
        reader = new SpanReader(data.AsSpan(0, (int)size + 8)) { Position = 12 };
        ReadOnlySpan<byte> image = default, alpha = default, extended = default;
        var (isLossless, orientation) = (false, Orientation.Upright);
        while (reader.Remaining > 0)
        {
            var type = reader.Bytes(4, "a chunk");
            var content = reader.Bytes(BinaryPrimitives.ReadUInt32LittleEndian(reader.Bytes(4, "a chunk")), "a chunk");
            if (content.Length % 2 != 0 && reader.Remaining > 0)
                reader.Position++;
            if (type.SequenceEqual("VP8 "u8) || type.SequenceEqual("VP8L"u8))
            {
                image = image.IsEmpty ? content : throw new InvalidDataException("It has two images.");
                isLossless = type[3] == 'L';
            }
            else if (type.SequenceEqual("VP8X"u8))
            {
                extended = content.Length >= 10 ? content : throw new InvalidDataException("Its chunk VP8X is too short; the file is damaged.");
            }
            else if (type.SequenceEqual("ALPH"u8))
            {
                alpha = content;
            }
            else if (type.SequenceEqual("EXIF"u8))
            {
                orientation = Orientation.Read(content);
            }
        }

        if (!extended.IsEmpty && (extended[0] & FlagAnimated) != 0)
            throw new InvalidDataException("It is animated, which is not supported. Save a frame of it.");
        if (image.IsEmpty)
            throw new InvalidDataException("It has no image.");
        var (width, height, hasAlpha) = isLossless ? ReadLossless(image) : ReadLossy(image);
        ImageSize.Check(width, height);
        var canvas = extended.IsEmpty ? (width, height) : (1 + UInt24(extended[4..]), 1 + UInt24(extended[7..]));
        if (canvas != (width, height))
            throw new InvalidDataException($"Its image is of {height} x {width} pixels (height x width), but its header says {canvas.Item2} x {canvas.Item1}.");
        if (isLossless)
            WebpLosslessCodes.Check(image, width, height);
        var result = Decode(image, isLossless, alpha, hasAlpha, width, height, background, behind: 0);

        // The decoder takes zeros where the data end early. Of a complete image nothing behind the end counts, so that other bytes there change nothing.
        if (!Decode(image, isLossless, alpha, hasAlpha, width, height, background, behind: 0x5A).Pixels.AsSpan().SequenceEqual(result.Pixels))
            throw SpanReader.Truncated("its image data end before the last pixel");
        return Orientation.Apply(result, orientation);
    }

    private static ByteImage Decode(
        ReadOnlySpan<byte> image, bool isLossless, ReadOnlySpan<byte> alpha, bool hasAlpha, int width, int height, RgbColor background, byte behind)
    {
        byte[] padded = [.. image, .. Enumerable.Repeat(behind, Padding)];
        byte[] paddedAlpha = alpha.IsEmpty ? [] : [.. alpha, .. Enumerable.Repeat(behind, Padding)];
        using var webp = Build(padded, isLossless, paddedAlpha, width, height);
        var decoder = new WebpDecoder { IgnoreMetadata = true };
        return hasAlpha || !alpha.IsEmpty
            ? PixelDecoder.DecodeRgba(decoder, webp, width, height, background)
            : PixelDecoder.DecodeRgb(decoder, webp, width, height);
    }

    // RFC 6386, 9.1: the frame tag, a start code, then width and height of 14 bits, each below a scale of 2 bits.
    private static (int Width, int Height, bool HasAlpha) ReadLossy(ReadOnlySpan<byte> image)
    {
        var reader = new SpanReader(image);
        var tag = UInt24(reader.Bytes(3, "the frame header"));
        var start = reader.Bytes(3, "the frame header");
        if ((tag & 1) != 0 || !start.SequenceEqual((ReadOnlySpan<byte>)[0x9D, 0x01, 0x2A]))
            throw new InvalidDataException("Its image does not begin with a key frame; the file is damaged.");
        var (width, height) = (reader.UInt16LittleEndian("the width") & 0x3FFF, reader.UInt16LittleEndian("the height") & 0x3FFF);
        if (tag >> 5 > reader.Remaining)
            throw SpanReader.Truncated($"the first part of its image has {tag >> 5} bytes, but only {reader.Remaining} follow");

        // Section 11.2: the modes of each block of 16 x 16 pixels take 3 bits or more, whatever the probabilities of the rest are. So the header alone does not
        // decide how much is allocated.
        var blocks = (width + 15L) / 16 * ((height + 15) / 16);
        if (3 * blocks > 8L * image.Length)
            throw SpanReader.Truncated($"its header says {width} x {height} pixels, which do not fit the {image.Length} bytes of its image");
        return (width, height, false);
    }

    // RFC 9649, 3.4: a signature, then width - 1 and height - 1 of 14 bits, whether alpha is used, and a version of 3 bits.
    private static (int Width, int Height, bool HasAlpha) ReadLossless(ReadOnlySpan<byte> image)
    {
        var reader = new SpanReader(image);
        if (reader.Byte("the image header") != 0x2F)
            throw new InvalidDataException("Its lossless image has no signature; the file is damaged.");
        var bits = BinaryPrimitives.ReadUInt32LittleEndian(reader.Bytes(4, "the image header"));
        return ((int)(bits & 0x3FFF) + 1, (int)(bits >> 14 & 0x3FFF) + 1, (bits >> 28 & 1) != 0);
    }

    private static MemoryStream Build(ReadOnlySpan<byte> image, bool isLossless, ReadOnlySpan<byte> alpha, int width, int height)
    {
        var webp = new MemoryStream(image.Length + alpha.Length + 64);
        webp.Write("RIFF\0\0\0\0WEBP"u8);
        if (!isLossless && !alpha.IsEmpty)
        {
            WriteChunk(webp, "VP8X"u8, [FlagAlpha, 0, 0, 0, .. Bytes24(width - 1), .. Bytes24(height - 1)], 10);
            WriteChunk(webp, "ALPH"u8, alpha, ShortestAlpha);
        }

        WriteChunk(webp, isLossless ? "VP8L"u8 : "VP8 "u8, image, 0);
        webp.Position = 0;
        return webp;
    }

    // Chunks of even size, so that nothing depends on how ImageSharp pads.
    private static void WriteChunk(MemoryStream webp, ReadOnlySpan<byte> type, ReadOnlySpan<byte> content, int least)
    {
        var size = (Math.Max(content.Length, least) + 1) & ~1;
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, size);
        webp.Write(type);
        webp.Write(length);
        webp.Write(content);
        webp.Write(new byte[size - content.Length]);
    }

    private static int UInt24(ReadOnlySpan<byte> bytes) => bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);

    private static byte[] Bytes24(int value) => [(byte)value, (byte)(value >> 8), (byte)(value >> 16)];
}
