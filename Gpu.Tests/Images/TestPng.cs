using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace Gpu.Tests.Images;

/// <summary>Takes PNG files apart and puts them together, sharing no code with the product.</summary>
internal static class TestPng
{
    private static readonly byte[] Signature = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    public static List<(string Type, byte[] Content)> Chunks(byte[] png)
    {
        List<(string, byte[])> chunks = [];
        for (var at = Signature.Length; at < png.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            chunks.Add((System.Text.Encoding.ASCII.GetString(png, at + 4, 4), png[(at + 8)..(at + 8 + length)]));
            at += 12 + length;
        }

        return chunks;
    }

    public static byte[] Join(IEnumerable<(string Type, byte[] Content)> chunks) =>
        [.. Signature, .. chunks.SelectMany(chunk => Chunk(chunk.Type, chunk.Content))];

    /// <summary>A file of one kind of pixels from its scanlines, each with its filter byte.</summary>
    public static byte[] Make(int width, int height, int colorType, int depth, byte[] scanlines, bool isInterlaced = false, byte[]? transparency = null)
    {
        List<(string, byte[])> chunks = [("IHDR", Header(width, height, colorType, depth, isInterlaced))];
        if (transparency is not null)
            chunks.Add(("tRNS", transparency));
        return Join([.. chunks, ("IDAT", Compress(scanlines)), ("IEND", [])]);
    }

    public static byte[] Header(int width, int height, int colorType, int depth, bool isInterlaced = false)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = ((byte)depth, (byte)colorType, (byte)(isInterlaced ? 1 : 0));
        return header;
    }

    public static byte[] Compress(byte[] scanlines)
    {
        using var stream = new MemoryStream();
        using (var zlib = new ZLibStream(stream, CompressionLevel.Optimal, leaveOpen: true))
            zlib.Write(scanlines);
        return stream.ToArray();
    }

    private static byte[] Chunk(string type, byte[] content)
    {
        byte[] body = [.. System.Text.Encoding.ASCII.GetBytes(type), .. content];
        var (length, checksum) = (new byte[4], new byte[4]);
        BinaryPrimitives.WriteInt32BigEndian(length, content.Length);
        BinaryPrimitives.WriteUInt32BigEndian(checksum, Crc32.HashToUInt32(body));
        return [.. length, .. body, .. checksum];
    }
}
