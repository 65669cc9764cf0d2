using System.Buffers.Binary;

namespace Gpu.Training.Images;

/// <summary>Reads Windows bitmaps: 8 bits with a palette, 24 and 32 bits, not compressed. The fourth byte of 32 bits is ignored.</summary>
internal static class BmpDecoder
{
    private const int FileHeader = 14;
    private const int InfoHeader = 40;
    private const int Uncompressed = 0;

    // Masks say where the colours lie in 32 bits; only the usual order blue, green, red is read.
    private const int BitFields = 3;

    public static ByteImage Decode(byte[] data, string name)
    {
        if (data.Length < FileHeader + InfoHeader)
            throw BuiltInDecoder.Truncated(name, FileHeader + InfoHeader, data.Length, "the headers of a BMP file");
        var offset = Read(data, 10);
        var infoSize = Read(data, 14);
        var width = Read(data, 18);
        long height = Read(data, 22);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(data.AsSpan(28));
        var compression = Read(data, 30);
        var colours = Read(data, 46);
        if (infoSize < InfoHeader)
            throw Unsupported(name, $"a header of {infoSize} bytes");
        var isUsualOrder = compression == BitFields && bits == 32 && data.Length >= 66 && Read(data, 54) == 0xFF0000 && Read(data, 58) == 0xFF00 && Read(data, 62) == 0xFF;
        if ((compression != Uncompressed && !isUsualOrder) || bits is not (8 or 24 or 32))
            throw Unsupported(name, $"{bits} bits a pixel with compression {compression}");

        // A negative height says that the rows run from the top down.
        var isTopDown = height < 0;
        height = Math.Abs(height);
        BuiltInDecoder.CheckSize(width, height, name);
        var rowBytes = (((long)width * bits) + 31) / 32 * 4;
        if (offset < FileHeader + InfoHeader || offset + (rowBytes * height) > data.Length)
            throw BuiltInDecoder.Truncated(name, offset + (rowBytes * height), data.Length, $"{width} x {height} pixels of {bits} bits and the headers");

        var palette = ReadOnlySpan<byte>.Empty;
        if (bits == 8)
        {
            var start = FileHeader + (long)infoSize;
            var entries = colours == 0 ? 256 : colours;
            if (entries is < 1 or > 256 || start + (4 * entries) > data.Length)
                throw BuiltInDecoder.Damaged(name, $"its palette of {entries} colours does not fit");
            palette = data.AsSpan((int)start, 4 * entries);
        }

        var image = new ByteImage((int)height, width, 3);
        for (var y = 0; y < height; y++)
        {
            var row = data.AsSpan((int)(offset + (rowBytes * (isTopDown ? y : height - 1 - y))), (int)rowBytes);
            for (var x = 0; x < width; x++)
            {
                ReadOnlySpan<byte> source = row[(x * bits / 8)..];
                if (bits == 8)
                {
                    if (4 * row[x] >= palette.Length)
                        throw BuiltInDecoder.Damaged(name, $"a pixel has palette entry {row[x]}, but the palette has {palette.Length / 4}");
                    source = palette[(4 * row[x])..];
                }

                var target = image.Pixels.AsSpan(((y * width) + x) * 3, 3);
                target[0] = source[2];
                target[1] = source[1];
                target[2] = source[0];
            }
        }

        return image;
    }

    private static int Read(byte[] data, int position) => BinaryPrimitives.ReadInt32LittleEndian(data.AsSpan(position));

    private static ImageException Unsupported(string name, string what) => new(
        $"The BMP file '{name}' has {what}; this build reads 8, 24 and 32 bits without compression. Convert the file to PNG.");
}
