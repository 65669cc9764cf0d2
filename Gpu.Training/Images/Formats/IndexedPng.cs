using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace Gpu.Training.Images.Formats;

/// <summary>
/// Writes indexed PNG of 8 bits. ImageSharp quantizes colors when it writes one, and so does not keep the numbers.
/// </summary>
internal static class IndexedPng
{
    public static byte[] Encode(ByteImage numbers, IReadOnlyList<RgbColor> palette)
    {
        using var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, numbers.Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), numbers.Height);
        (header[8], header[9]) = (8, 3);
        WriteChunk(png, "IHDR"u8, header);
        var colors = new byte[768];
        for (var i = 0; i < Math.Min(256, palette.Count); i++)
            (colors[3 * i], colors[3 * i + 1], colors[3 * i + 2]) = (palette[i].Red, palette[i].Green, palette[i].Blue);
        WriteChunk(png, "PLTE"u8, colors);
        using var rows = new MemoryStream();
        using (var compressed = new ZLibStream(rows, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (var y = 0; y < numbers.Height; y++)
            {
                // The filter of the row: none.
                compressed.WriteByte(0);
                compressed.Write(numbers.Pixels, y * numbers.Width, numbers.Width);
            }
        }

        WriteChunk(png, "IDAT"u8, rows.ToArray());
        WriteChunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    /// <summary>Writes a chunk: length, type, content, and the CRC-32 of type and content (PNG specification, 5.3).</summary>
    internal static void WriteChunk(Stream png, ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        png.Write(number);
        byte[] typeAndContent = [.. type, .. content];
        png.Write(typeAndContent);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.HashToUInt32(typeAndContent));
        png.Write(number);
    }
}
