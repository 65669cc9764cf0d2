using System.Buffers.Binary;
using System.Numerics;
using SixLabors.ImageSharp.Formats.Bmp;

namespace Gpu.Training.Images.Formats;

/// <summary>
/// Reads BMP of Windows, versions 2 to 5, and of OS/2. The header and the length are checked here, because ImageSharp 2.1.13 does not notice missing rows
/// and allocates a palette by the header. It also takes the unused byte of 32-bit pixels for alpha, which they only have where the header has a mask for it.
/// </summary>
internal static class BmpReader
{
    private const int FileHeader = 14;
    private const int CoreHeader = 12;
    private const int InfoHeader = 40;
    private const int Os2Header = 64;
    private const int ColorsUsed = FileHeader + 32;
    private const int Uncompressed = 0;
    private const int Rle8 = 1;
    private const int Rle4 = 2;
    private const int BitFields = 3;

    public static ByteImage Read(byte[] data, RgbColor background)
    {
        var reader = new SpanReader(data) { Position = 10 };
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(reader.Bytes(4, "the header"));
        var headerBytes = BinaryPrimitives.ReadUInt32LittleEndian(reader.Bytes(4, "the header"));
        if (headerBytes is not (CoreHeader or InfoHeader or 52 or 56 or Os2Header or 108 or 124))
            throw new InvalidDataException($"Its header has {headerBytes} bytes; 12, 40, 52, 56, 64, 108 or 124 were expected. Save it as PNG.");
        var header = reader.Bytes(headerBytes - 4, "the header");
        var isCore = headerBytes == CoreHeader;
        long width = isCore ? BinaryPrimitives.ReadUInt16LittleEndian(header) : BinaryPrimitives.ReadInt32LittleEndian(header);
        long height = isCore ? BinaryPrimitives.ReadUInt16LittleEndian(header[2..]) : Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(header[4..]));
        ImageSize.Check(width, height);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(header[(isCore ? 6 : 10)..]);
        var compression = isCore ? Uncompressed : BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        var isKnown = (compression, bits) is (Uncompressed, 1 or 4 or 8 or 16 or 24 or 32) or (Rle8, 8) or (Rle4, 4) or (BitFields, 16 or 32);
        if (!isKnown || (compression == BitFields && headerBytes == Os2Header))
            throw new InvalidDataException($"It has {bits} bits a pixel and compression {compression}, which is not supported. Save it as PNG.");
        if (offset < reader.Position || offset > data.Length)
            throw SpanReader.Truncated($"its pixels begin at byte {offset}, but the header ends at byte {reader.Position} and the file at {data.Length}");

        var hasAlpha = compression == BitFields && CheckMasks(data.AsSpan(FileHeader + InfoHeader), bits, headerBytes);
        reader.Position = (int)offset;
        if (compression is Rle8 or Rle4)
            CheckRuns(ref reader, bits);
        else
            reader.Bytes(((width * bits) + 31) / 32 * 4 * height, "its pixels");

        using var content = new MemoryStream(bits <= 8 && !isCore ? WithColorCount(data, bits, headerBytes, offset) : data);
        var decoder = new BmpDecoder { RleSkippedPixelHandling = RleSkippedPixelHandling.FirstColorOfPalette };
        return hasAlpha
            ? PixelDecoder.DecodeRgba(decoder, content, (int)width, (int)height, background)
            : PixelDecoder.DecodeRgb(decoder, content, (int)width, (int)height);
    }

    // ImageSharp scales masks of 8 bits, and in 16-bit pixels those of 5 and 6. The masks follow the header of 40 bytes, and are part of the longer ones.
    private static bool CheckMasks(ReadOnlySpan<byte> masks, int bits, uint headerBytes)
    {
        if (masks.Length < 16)
            throw SpanReader.Truncated("its color masks are missing");
        for (var i = 0; i < 3; i++)
        {
            var mask = BinaryPrimitives.ReadUInt32LittleEndian(masks[(4 * i)..]);
            var ones = BitOperations.PopCount(mask);
            var isContiguous = ones > 0 && mask >> BitOperations.TrailingZeroCount(mask) == (1u << ones) - 1;
            if (!isContiguous || (bits == 32 ? ones != 8 : ones is not (5 or 6) || mask > ushort.MaxValue))
                throw new InvalidDataException($"Its color mask {mask:X8} is not supported. Save it with 24 bits a pixel, or as PNG.");
        }

        var alpha = headerBytes >= 56 ? BinaryPrimitives.ReadUInt32LittleEndian(masks[12..]) : 0;
        if (bits != 32 || alpha == 0)
            return false;
        return alpha >> BitOperations.TrailingZeroCount(alpha) == 255 ? true
            : throw new InvalidDataException($"Its alpha mask {alpha:X8} is not supported. Save it with 24 bits a pixel, or as PNG.");
    }

    // Reads the run-length codes up to their end marker.
    private static void CheckRuns(ref SpanReader reader, int bits)
    {
        const string Run = "a run of pixels, or the end marker,";
        while (true)
        {
            var code = reader.Bytes(2, Run);
            if (code[0] != 0)
                continue;
            switch (code[1])
            {
                case 0:
                    break; // End of a row.
                case 1:
                    return;
                case 2:
                    reader.Bytes(2, Run);
                    break;
                default:
                    // So many pixels as they are, padded to a multiple of two bytes.
                    reader.Bytes(((code[1] * bits) + 15) / 16 * 2, Run);
                    break;
            }
        }
    }

    // A count of 0 means all colors, but ImageSharp then takes all bytes in front of the pixels for the palette, and stretches it.
    private static byte[] WithColorCount(byte[] data, int bits, uint headerBytes, uint offset)
    {
        var room = (offset - FileHeader - headerBytes) / 4;
        var count = BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan(ColorsUsed));
        if (count > room)
            throw new InvalidDataException($"Its palette of {count} colors does not fit in front of its pixels, where there is room for {room}.");
        if (count != 0)
            return data;
        var copy = data.AsSpan().ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(copy.AsSpan(ColorsUsed), Math.Min(1u << bits, room));
        return copy;
    }
}
