using System.Buffers.Binary;
using System.IO.Compression;

namespace Gpu.Tests.Images;

/// <summary>
/// Writes PNG files of every kind for the reader's tests, sharing no code with the product: samples of any depth, any filter, and interlacing by the
/// picture of the passes in the specification rather than by their formula.
/// </summary>
internal static class TestPng
{
    // PNG specification, section 8.2: the pass to which each pixel of an 8x8 block belongs.
    private static readonly string[] Passes =
        ["16462646", "77777777", "56565656", "77777777", "36463646", "77777777", "56565656", "77777777"];

    /// <param name="samples">Height x width x samples a pixel.</param>
    /// <param name="filter">0 to 4 for that filter in every row, 5 for another in each.</param>
    public static byte[] Make(int width, int height, int type, int depth, int[] samples, bool interlaced, int filter, byte[]? palette = null)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = ((byte)depth, (byte)type, (byte)(interlaced ? 1 : 0));
        var perPixel = samples.Length / width / height;
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var pass = 1; pass <= (interlaced ? 7 : 1); pass++)
                WritePass(zlib, width, height, depth, perPixel, samples, (x, y) => !interlaced || Passes[y % 8][x % 8] - '0' == pass, filter);
        }

        // Pixels in two chunks, with one between the header and them that may be ignored.
        var data = compressed.ToArray();
        List<byte[]> chunks = [Chunk("IHDR", header), Chunk("tEXt", "a comment"u8.ToArray())];
        if (palette is not null)
            chunks.Add(Chunk("PLTE", palette));
        chunks.Add(Chunk("IDAT", data[..(data.Length / 2)]));
        chunks.Add(Chunk("IDAT", data[(data.Length / 2)..]));
        chunks.Add(Chunk("IEND", []));
        return File(chunks);
    }

    public static byte[] File(IEnumerable<byte[]> chunks) => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, .. chunks.SelectMany(chunk => chunk)];

    public static byte[] Chunk(string type, byte[] content)
    {
        byte[] body = [.. System.Text.Encoding.ASCII.GetBytes(type), .. content];
        var crc = uint.MaxValue;
        foreach (var value in body)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320u);
        }

        var result = new byte[body.Length + 8];
        BinaryPrimitives.WriteInt32BigEndian(result, content.Length);
        body.CopyTo(result, 4);
        BinaryPrimitives.WriteUInt32BigEndian(result.AsSpan(body.Length + 4), ~crc);
        return result;
    }

    private static void WritePass(Stream output, int width, int height, int depth, int perPixel, int[] samples, Func<int, int, bool> isIn, int filter)
    {
        byte[]? previous = null;
        for (var y = 0; y < height; y++)
        {
            var bits = new List<bool>();
            for (var x = 0; x < width; x++)
            {
                for (var s = 0; s < perPixel && isIn(x, y); s++)
                {
                    for (var bit = depth - 1; bit >= 0; bit--)
                        bits.Add(((samples[(((y * width) + x) * perPixel) + s] >> bit) & 1) != 0);
                }
            }

            if (bits.Count == 0)
                continue;
            var row = new byte[(bits.Count + 7) / 8];
            for (var i = 0; i < bits.Count; i++)
                row[i / 8] |= (byte)(bits[i] ? 0x80 >> (i % 8) : 0);
            previous ??= new byte[row.Length];
            var kind = filter == 5 ? y % 5 : filter;
            output.WriteByte((byte)kind);
            var distance = Math.Max(1, depth * perPixel / 8);
            for (var i = 0; i < row.Length; i++)
            {
                int a = i < distance ? 0 : row[i - distance], b = previous[i], c = i < distance ? 0 : previous[i - distance];
                int[] candidates = [a, b, c];
                int[] predictions = [0, a, b, (a + b) >> 1, candidates.MinBy(candidate => Math.Abs(a + b - c - candidate))];
                output.WriteByte((byte)(row[i] - predictions[kind]));
            }

            previous = row;
        }
    }
}
