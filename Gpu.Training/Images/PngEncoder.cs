using System.Buffers.Binary;
using System.IO.Compression;
using Gpu.Training.IO;

namespace Gpu.Training.Images;

/// <summary>Writes PNG: grey or colour, 8 bits a channel, not interlaced.</summary>
public static class PngEncoder
{
    /// <summary>The PNG file of an image.</summary>
    public static byte[] Encode(ByteImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        using var output = new MemoryStream();
        output.Write(PngFormat.Signature);

        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, image.Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), image.Height);
        header[8] = 8;
        header[9] = (byte)(image.Channels == 1 ? PngFormat.Grey : PngFormat.Colour);
        WriteChunk(output, "IHDR"u8, header);
        WriteChunk(output, "IDAT"u8, Compress(image));
        WriteChunk(output, "IEND"u8, []);
        return output.ToArray();
    }

    private static byte[] Compress(ByteImage image)
    {
        var rowBytes = image.Width * image.Channels;
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            // Filter 2 (Up): each byte minus the one above it.
            var row = new byte[rowBytes + 1];
            row[0] = 2;
            for (var y = 0; y < image.Height; y++)
            {
                for (var x = 0; x < rowBytes; x++)
                    row[x + 1] = (byte)(image.Pixels[(y * rowBytes) + x] - (y > 0 ? image.Pixels[((y - 1) * rowBytes) + x] : 0));
                zlib.Write(row);
            }
        }

        return compressed.ToArray();
    }

    private static void WriteChunk(Stream output, ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        output.Write(number);
        output.Write(type);
        output.Write(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Compute(content, Crc32.Compute(type)));
        output.Write(number);
    }
}
