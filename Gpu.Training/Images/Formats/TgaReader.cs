using System.Buffers.Binary;
using SixLabors.ImageSharp.Formats.Tga;
using SixLabors.ImageSharp.PixelFormats;

namespace Gpu.Training.Images.Formats;

/// <summary>
/// Reads TGA (Truevision, "TGA file format specification", version 2). The format has no signature, so a file counts as TGA when it is nothing else and
/// its header makes sense. ImageSharp does not notice missing data, and mistakes a true-color image that comes with a palette for a paletted one; it
/// gets a file with the essential parts.
/// </summary>
internal static class TgaReader
{
    private const int HeaderBytes = 18;

    /// <summary>Whether the beginning of a file can be that of a TGA.</summary>
    public static bool IsTga(ReadOnlySpan<byte> data) => data.Length >= HeaderBytes && IsKnown(new Header(data));

    public static ByteImage Read(byte[] data, RgbColor background)
    {
        var reader = new SpanReader(data);
        var start = reader.Bytes(HeaderBytes, "the header");
        var header = new Header(start);
        ImageSize.Check(header.Width, header.Height);
        reader.Bytes(header.IdBytes, "the identification field");
        var colors = reader.Bytes((long)header.MapLength * ((header.MapBits + 7) / 8), "the palette");
        var pixels = reader.Position;
        if (header.IsRunLength)
            CheckRuns(ref reader, header);
        else
            reader.Bytes((long)header.Width * header.Height * header.PixelBytes, "its pixels");

        // The same without identification, with the palette only where it is used, from color 0, and without 1-bit alpha, which few programs mean.
        using var content = new MemoryStream();
        content.Write([0, (byte)(header.IsPaletted ? 1 : 0), start[2], 0, 0]);
        var map = header.IsPaletted ? new byte[(header.MapStart * header.MapBits / 8) + colors.Length] : [];
        if (header.IsPaletted)
            colors.CopyTo(map.AsSpan(header.MapStart * header.MapBits / 8));
        var entries = header.IsPaletted ? header.MapStart + header.MapLength : 0;
        content.Write([(byte)entries, (byte)(entries >> 8), (byte)(header.IsPaletted ? header.MapBits : 0)]);
        content.Write(start[8..17]);
        content.WriteByte((byte)((start[17] & 0x30) | (header.CanHaveAlpha ? 8 : 0)));
        content.Write(map);
        content.Write(data.AsSpan(pixels..reader.Position));
        content.Position = 0;
        var rgba = PixelDecoder.Decode<Rgba32>(new TgaDecoder(), content, header.Width, header.Height);
        if (!header.HasAlpha && IsTransparent(rgba))
            PixelDecoder.MakeOpaque(rgba);
        return PixelDecoder.Composite(rgba, header.Width, header.Height, background);
    }

    private static bool IsTransparent(ReadOnlySpan<byte> rgba)
    {
        for (var i = 3; i < rgba.Length; i += 4)
        {
            if (rgba[i] != 0)
                return false;
        }

        return true;
    }

    private static bool IsKnown(Header header) =>
        (header.Type, header.PixelBits) is ((1 or 9, 8) or (2 or 10, 15 or 16 or 24 or 32) or (3 or 11, 8 or 16))
        && header.MapType <= 1
        && (header.IsPaletted
            ? header.MapType == 1 && header.MapBits is 16 or 24 or 32 && header.MapLength is > 0 and <= 256 && header.MapStart + header.MapLength <= 256
            : header.MapType == 1 || (header.MapStart, header.MapLength) == (0, 0))
        && header.AlphaBits is 0 or 1 or 8
        && (header.Width, header.Height) is (> 0, > 0);

    // Reads the packets until they make all pixels.
    private static void CheckRuns(ref SpanReader reader, Header header)
    {
        for (var left = (long)header.Width * header.Height; left > 0;)
        {
            var packet = reader.Byte("a packet of pixels");
            var count = 1 + (packet & 127);
            reader.Bytes(packet >= 128 ? header.PixelBytes : (long)count * header.PixelBytes, "a packet of pixels");
            left -= count;
            if (left < 0)
                throw new InvalidDataException("Its last packet has more pixels than the image; the file is damaged.");
        }
    }

    private sealed class Header(ReadOnlySpan<byte> bytes)
    {
        public int IdBytes { get; } = bytes[0];

        public int MapType { get; } = bytes[1];

        public int Type { get; } = bytes[2];

        public int MapStart { get; } = BinaryPrimitives.ReadUInt16LittleEndian(bytes[3..]);

        public int MapLength { get; } = bytes[1] == 0 ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(bytes[5..]);

        public int MapBits { get; } = bytes[7];

        public int Width { get; } = BinaryPrimitives.ReadUInt16LittleEndian(bytes[12..]);

        public int Height { get; } = BinaryPrimitives.ReadUInt16LittleEndian(bytes[14..]);

        public int PixelBits { get; } = bytes[16];

        public int AlphaBits { get; } = bytes[17] & 15;

        public bool IsPaletted => Type is 1 or 9;

        public bool IsRunLength => Type >= 9;

        public int PixelBytes => (PixelBits + 7) / 8;

        /// <summary>Whether colors have a byte for alpha: true colors, the palette's colors, and gray with a second byte.</summary>
        public bool CanHaveAlpha => IsPaletted ? MapBits == 32 : PixelBits == 32 || (Type is 3 or 11 && PixelBits == 16);

        /// <summary>Whether that byte is said to be alpha. Many programs do not say so; then it is, unless it is 0 everywhere.</summary>
        public bool HasAlpha => AlphaBits == 8 && CanHaveAlpha;
    }
}
