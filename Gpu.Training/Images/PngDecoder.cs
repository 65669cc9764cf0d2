using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Gpu.Training.IO;

namespace Gpu.Training.Images;

/// <summary>Reads PNG: every colour type and bit depth, interlaced or not, with all checksums. Transparency is ignored.</summary>
internal sealed class PngDecoder
{
    private static readonly (int Column, int Row, int ColumnStep, int RowStep)[] Adam7 =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    private readonly string name;
    private readonly MemoryStream compressed = new();
    private int width;
    private int height;
    private int depth;
    private int type;
    private bool isInterlaced;
    private byte[]? palette;

    private PngDecoder(string name) => this.name = name;

    private int Samples => type switch { PngFormat.Colour => 3, PngFormat.GreyAlpha => 2, PngFormat.ColourAlpha => 4, _ => 1 };

    private int OutputChannels => type is PngFormat.Grey or PngFormat.GreyAlpha ? 1 : 3;

    public static ByteImage Decode(byte[] data, string name)
    {
        var decoder = new PngDecoder(name);
        decoder.ReadChunks(data);
        return decoder.ReadPixels();
    }

    private void ReadChunks(byte[] data)
    {
        var position = PngFormat.Signature.Length;
        while (true)
        {
            if (data.Length - position < 12)
                throw BuiltInDecoder.Truncated(name, position + 12L, data.Length, "the chunks up to IEND");
            var length = BinaryPrimitives.ReadUInt32BigEndian(data.AsSpan(position));
            if (length > data.Length - position - 12)
                throw BuiltInDecoder.Truncated(name, position + 12L + length, data.Length, "its chunks");
            var kind = Encoding.Latin1.GetString(data, position + 4, 4);
            var content = data.AsSpan(position + 8, (int)length);
            var stored = BinaryPrimitives.ReadUInt32BigEndian(data.AsSpan(position + 8 + (int)length));
            var computed = Crc32.Compute(data.AsSpan(position + 4, (int)length + 4));
            if (stored != computed)
                throw Damaged($"the checksum of the chunk {kind} at byte {position} is 0x{stored:X8}, but its content gives 0x{computed:X8}");
            if (width == 0 && kind != "IHDR")
                throw Damaged($"the first chunk is {kind}, but IHDR was expected");
            position += 12 + (int)length;
            switch (kind)
            {
                case "IHDR":
                    ReadHeader(content);
                    break;
                case "PLTE":
                    if (length == 0 || length % 3 != 0 || length > 768)
                        throw Damaged($"its palette has {length} bytes, but a multiple of 3 up to 768 was expected");
                    palette = content.ToArray();
                    break;
                case "IDAT":
                    compressed.Write(content);
                    break;
                case "IEND":
                    return;
                default:
                    // A capital first letter marks a chunk without which the image cannot be understood.
                    if (char.IsAsciiLetterUpper(kind[0]))
                        throw Damaged($"it has a chunk {kind}, which the PNG specification does not know");
                    break;
            }
        }
    }

    private void ReadHeader(ReadOnlySpan<byte> header)
    {
        if (width != 0)
            throw Damaged("it has two IHDR chunks");
        if (header.Length != 13)
            throw Damaged($"its IHDR chunk has {header.Length} bytes, but 13 were expected");
        var wide = BinaryPrimitives.ReadUInt32BigEndian(header);
        var high = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        BuiltInDecoder.CheckSize(wide, high, name);
        (width, height, depth, type) = ((int)wide, (int)high, header[8], header[9]);
        var isKnown = type switch
        {
            PngFormat.Grey => depth is 1 or 2 or 4 or 8 or 16,
            PngFormat.Palette => depth is 1 or 2 or 4 or 8,
            PngFormat.Colour or PngFormat.GreyAlpha or PngFormat.ColourAlpha => depth is 8 or 16,
            _ => false,
        };
        if (!isKnown)
            throw Damaged($"colour type {type} with {depth} bits is not one that the PNG specification allows");
        if (header[10] != 0 || header[11] != 0 || header[12] > 1)
            throw Damaged($"compression {header[10]}, filter {header[11]}, interlace {header[12]} were found, but 0, 0 and 0 or 1 were expected");
        isInterlaced = header[12] == 1;
    }

    private ByteImage ReadPixels()
    {
        if (type == PngFormat.Palette && palette is null)
            throw Damaged("it has colour type 3 but no PLTE chunk");
        if (compressed.Length == 0)
            throw Damaged("it has no IDAT chunk");
        // Deflate makes at most 1032 bytes from one, so a damaged size is noticed before memory is taken for it.
        var leastBytes = (long)width * height * Samples * depth / 8;
        if (leastBytes / 1032 > compressed.Length)
            throw Damaged($"{width} x {height} pixels cannot come from {compressed.Length} compressed bytes");
        compressed.Position = 0;
        var image = new ByteImage(height, width, OutputChannels);
        try
        {
            using var zlib = new ZLibStream(compressed, CompressionMode.Decompress);
            if (isInterlaced)
            {
                foreach (var (column, row, columnStep, rowStep) in Adam7)
                    ReadPass(zlib, image, column, row, columnStep, rowStep);
            }
            else
            {
                ReadPass(zlib, image, 0, 0, 1, 1);
            }

            // Reading on past the last row makes the decompressor compare the checksum.
            if (zlib.ReadByte() >= 0)
                throw Damaged("more pixels follow after the last row");
        }
        catch (InvalidDataException e)
        {
            throw BuiltInDecoder.Damaged(name, "its pixels cannot be decompressed", e);
        }

        return image;
    }

    // Reads the rows of one pass and puts its pixels at every columnStep-th column of every rowStep-th row.
    private void ReadPass(ZLibStream zlib, ByteImage image, int column, int row, int columnStep, int rowStep)
    {
        var columns = (width - column + columnStep - 1) / columnStep;
        var rows = (height - row + rowStep - 1) / rowStep;
        if (columns <= 0 || rows <= 0)
            return;
        var bits = Samples * depth;
        var rowBytes = (int)((((long)columns * bits) + 7) / 8);
        var current = new byte[rowBytes];
        var previous = new byte[rowBytes];
        for (var y = 0; y < rows; y++)
        {
            var filter = zlib.ReadByte();
            var got = zlib.ReadAtLeast(current, rowBytes, throwOnEndOfStream: false);
            if (filter < 0 || got < rowBytes)
                throw Damaged($"its compressed pixels end in row {row + (y * rowStep)} of {height}");
            Unfilter(filter, current, previous, Math.Max(1, bits / 8));
            var target = (((row + (y * rowStep)) * width) + column) * image.Channels;
            for (var x = 0; x < columns; x++, target += columnStep * image.Channels)
                Convert(current, x, image.Pixels.AsSpan(target, image.Channels));
            (current, previous) = (previous, current);
        }
    }

    // PNG specification, section 9: each byte is stored as its difference from a prediction; "left" is the same byte of the pixel before.
    private void Unfilter(int filter, byte[] current, byte[] previous, int pixelBytes)
    {
        if (filter > 4)
            throw Damaged($"row filter {filter} was found, but 0 to 4 were expected");
        for (var i = 0; i < current.Length; i++)
        {
            int left = i >= pixelBytes ? current[i - pixelBytes] : 0;
            int above = previous[i];
            int aboveLeft = i >= pixelBytes ? previous[i - pixelBytes] : 0;
            var prediction = filter switch
            {
                1 => left,
                2 => above,
                3 => (left + above) / 2,
                4 => Paeth(left, above, aboveLeft),
                _ => 0,
            };
            current[i] = (byte)(current[i] + prediction);
        }
    }

    private static int Paeth(int left, int above, int aboveLeft)
    {
        var estimate = left + above - aboveLeft;
        var toLeft = Math.Abs(estimate - left);
        var toAbove = Math.Abs(estimate - above);
        var toAboveLeft = Math.Abs(estimate - aboveLeft);
        if (toLeft <= toAbove && toLeft <= toAboveLeft)
            return left;
        return toAbove <= toAboveLeft ? above : aboveLeft;
    }

    private void Convert(byte[] row, int x, Span<byte> target)
    {
        if (type == PngFormat.Palette)
        {
            var index = Sample(row, x);
            if (3 * index >= palette!.Length)
                throw Damaged($"a pixel has palette entry {index}, but the palette has {palette.Length / 3}");
            palette.AsSpan(3 * index, 3).CopyTo(target);
            return;
        }

        var most = (1 << depth) - 1;
        for (var c = 0; c < target.Length; c++)
            target[c] = (byte)(((Sample(row, (x * Samples) + c) * 255) + (most / 2)) / most);
    }

    private int Sample(byte[] row, int index) => depth switch
    {
        8 => row[index],
        16 => (row[2 * index] << 8) | row[(2 * index) + 1],
        _ => (row[index * depth / 8] >> (8 - depth - (index * depth % 8))) & ((1 << depth) - 1),
    };

    private ImageException Damaged(string what) => BuiltInDecoder.Damaged(name, what);
}
