using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.PixelFormats;

namespace Gpu.Training.Images.Formats;

/// <summary>
/// Reads PNG (W3C, "Portable Network Graphics", third edition). The chunks are checked and the scanlines inflated here; ImageSharp 2.1.13 gets a small,
/// sound PNG with what remains to be done. On files as they are it loops for ever on interlaced data that ends early, fails on IDAT chunks of one byte,
/// reads past short palettes, mixes up the rows of narrow interlaced images, and ignores the transparent color of 16-bit images.
/// </summary>
internal static class PngReader
{
    private const int Gray = 0, Palette = 3;

    // A stored block of Deflate holds at most so many bytes (RFC 1951, 3.2.4).
    private const int LargestStoredBlock = 65_535;

    // Deflate cannot make more bytes from one: the longest match is 258 bytes and takes at least two bits.
    private const long MostBytesFromOne = 1032;

    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    // The seven passes of Adam7: first column and row, and the steps to the next.
    private static readonly (int X, int Y, int StepX, int StepY)[] Adam7 =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    public static ByteImage Read(byte[] data, RgbColor background) => Read(ReadChunks(data), background);

    private static ByteImage Read(Chunks file, RgbColor background)
    {
        var (width, height) = (file.Width, file.Height);
        if ((long)width * height * file.BitsPerPixel / 8 > file.Scanlines.Length * MostBytesFromOne)
            throw Truncated();
        using var scanlines = new ZLibStream(file.Scanlines, CompressionMode.Decompress);
        byte[] pixels;
        if (!file.IsInterlaced)
        {
            pixels = Decode(file, scanlines, width, height);
        }
        else
        {
            pixels = new byte[width * height * 4];
            foreach (var pass in Adam7)
            {
                var columns = (width - pass.X + pass.StepX - 1) / pass.StepX;
                var rows = (height - pass.Y + pass.StepY - 1) / pass.StepY;
                if (columns <= 0 || rows <= 0)
                    continue;
                var part = Decode(file, scanlines, columns, rows);
                for (var i = 0; i < columns * rows; i++)
                {
                    var (x, y) = (pass.X + (i % columns * pass.StepX), pass.Y + (i / columns * pass.StepY));
                    part.AsSpan(4 * i, 4).CopyTo(pixels.AsSpan(4 * ((y * width) + x)));
                }
            }
        }

        // The checksum of the scanlines is compared when their end is read.
        scanlines.ReadByte();
        return Orientation.Apply(PixelDecoder.Composite(pixels, width, height, background), file.Orientation);
    }

    /// <summary>
    /// Reads the numbers of an indexed or gray PNG of up to 8 bits as they are, without palette and without scaling them to 8 bits; a PNG in color as colors.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is damaged, or is gray with 16 bits.</exception>
    public static ByteImage ReadNumbers(byte[] data)
    {
        var file = ReadChunks(data);
        if (file.ColorType is not (Gray or Palette))
            return Read(file, RgbColor.Black);
        if (file.BitDepth > 8)
            throw new InvalidDataException("It is gray with 16 bits; numbers of up to 8 bits were expected. Save it with 8 bits.");
        // Gray and indexed rows have the same layout, so a palette that maps each number to itself gives the numbers.
        file.ColorType = Palette;
        file.Colors = [.. Enumerable.Range(0, 256).SelectMany(i => new[] { (byte)i, (byte)i, (byte)i })];
        file.Transparency = [];
        var image = Read(file, RgbColor.Black);
        return new ByteImage(image.Height, image.Width, 1, [.. image.Pixels.Where((_, i) => i % 3 == 0)]);
    }

    private static Chunks ReadChunks(byte[] data)
    {
        var reader = new SpanReader(data);
        if (!reader.Bytes(Signature.Length, "the signature").SequenceEqual(Signature))
            throw new InvalidDataException("Its signature is damaged, as by a transfer in text mode.");
        Chunks? file = null;
        while (true)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(reader.Bytes(4, "the length of a chunk"));
            var typeAndContent = reader.Bytes(4L + length, "a chunk");
            var checksum = BinaryPrimitives.ReadUInt32BigEndian(reader.Bytes(4, "the checksum of a chunk"));
            var type = typeAndContent[..4];
            var content = typeAndContent[4..];
            var isNeeded = char.IsAsciiLetterUpper((char)type[0]) || type.SequenceEqual("tRNS"u8);
            if (isNeeded && Crc32.HashToUInt32(typeAndContent) != checksum)
                throw new InvalidDataException($"The checksum of its chunk {Name(type)} in front of byte {reader.Position} is wrong; the file is damaged.");
            if (file is null)
            {
                if (type.SequenceEqual("CgBI"u8))
                    throw new InvalidDataException("It is Apple's variant of PNG, which is not supported. Save it as ordinary PNG.");
                if (!type.SequenceEqual("IHDR"u8))
                    throw new InvalidDataException($"Its first chunk is {Name(type)}; IHDR was expected.");
                file = new Chunks(content);
                continue;
            }

            if (type.SequenceEqual("PLTE"u8))
                file.Colors = content.ToArray();
            else if (type.SequenceEqual("tRNS"u8))
                file.Transparency = content.ToArray();
            else if (type.SequenceEqual("IDAT"u8))
                file.Scanlines.Write(content);
            else if (type.SequenceEqual("eXIf"u8))
                file.Orientation = Orientation.Read(content);
            else if (type.SequenceEqual("IEND"u8))
                break;
        }

        if (file.Scanlines.Length == 0)
            throw new InvalidDataException("It has no image data (IDAT).");
        if (file.ColorType == Palette && file.Colors.Length is 0 or > 768)
            throw new InvalidDataException($"Its palette has {file.Colors.Length} bytes; 3 to 768 were expected.");
        file.Scanlines.Position = 0;
        return file;
    }

    private static string Name(ReadOnlySpan<byte> type) => System.Text.Encoding.Latin1.GetString(type);

    // An image, or a pass of one, as red, green, blue and alpha.
    private static byte[] Decode(Chunks file, Stream scanlines, int width, int height)
    {
        using var png = Build(file, scanlines, width, height);
        return PixelDecoder.Decode<Rgba32>(new PngDecoder { IgnoreMetadata = true }, png, width, height);
    }

    // A PNG that is not interlaced, with a full palette, and with the scanlines in stored blocks, each in a chunk of its own.
    private static MemoryStream Build(Chunks file, Stream scanlines, int width, int height)
    {
        var left = height * (1 + ((((long)width * file.BitsPerPixel) + 7) / 8));
        var png = new MemoryStream((int)(left + (left / LargestStoredBlock * 17) + 2048));
        png.Write(Signature);

        Span<byte> header = stackalloc byte[17];
        "IHDR"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], width);
        BinaryPrimitives.WriteInt32BigEndian(header[8..], height);
        (header[12], header[13]) = ((byte)file.BitDepth, (byte)file.ColorType);
        WriteChunk(png, header);
        if (file.ColorType == Palette)
            WriteChunk(png, [.. "PLTE"u8, .. file.Colors, .. new byte[768 - file.Colors.Length]]);
        if (file.Transparency.Length > 0)
            WriteChunk(png, [.. "tRNS"u8, .. file.TransparencyForDecoder()]);

        var block = new byte[4 + 2 + 5 + LargestStoredBlock];
        "IDAT"u8.CopyTo(block);
        var isFirst = true;
        while (left > 0)
        {
            var at = 4;
            if (isFirst)
                (block[at++], block[at++]) = (0x78, 0x01);
            var size = (int)Math.Min(left, LargestStoredBlock);
            left -= size;
            block[at++] = (byte)(left == 0 ? 1 : 0);
            BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(at), (ushort)size);
            BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(at + 2), (ushort)~size);
            at += 4;
            if (scanlines.ReadAtLeast(block.AsSpan(at, size), size, throwOnEndOfStream: false) < size)
                throw Truncated();
            WriteChunk(png, block.AsSpan(0, at + size));
            isFirst = false;
        }

        WriteChunk(png, "IEND"u8);
        png.Position = 0;
        return png;
    }

    private static InvalidDataException Truncated() => SpanReader.Truncated("its compressed image data ends before the last row");

    private static void WriteChunk(MemoryStream png, ReadOnlySpan<byte> typeAndContent)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, typeAndContent.Length - 4);
        png.Write(number);
        png.Write(typeAndContent);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.HashToUInt32(typeAndContent));
        png.Write(number);
    }

    private sealed class Chunks
    {
        public Chunks(ReadOnlySpan<byte> header)
        {
            if (header.Length != 13)
                throw new InvalidDataException($"Its header (IHDR) has {header.Length} bytes; 13 were expected.");
            var (width, height) = (BinaryPrimitives.ReadUInt32BigEndian(header), BinaryPrimitives.ReadUInt32BigEndian(header[4..]));
            ImageSize.Check(width, height);
            (Width, Height, BitDepth, ColorType, IsInterlaced) = ((int)width, (int)height, header[8], header[9], header[12] == 1);
            var channels = (ColorType, BitDepth) switch
            {
                (0, 1 or 2 or 4 or 8 or 16) => 1,
                (Palette, 1 or 2 or 4 or 8) => 1,
                (2, 8 or 16) => 3,
                (4, 8 or 16) => 2,
                (6, 8 or 16) => 4,
                _ => throw new InvalidDataException($"Its header says color type {ColorType} with {BitDepth} bits, which PNG does not have."),
            };
            if (header[10] != 0 || header[11] != 0 || header[12] > 1)
                throw new InvalidDataException("Its header names an unknown method of compression, filtering or interlacing.");
            BitsPerPixel = channels * BitDepth;
        }

        public int Width { get; }

        public int Height { get; }

        public int BitDepth { get; }

        public int ColorType { get; set; }

        public bool IsInterlaced { get; }

        public int BitsPerPixel { get; }

        public int Orientation { get; set; } = Formats.Orientation.Upright;

        /// <summary>Red, green and blue of the palette.</summary>
        public byte[] Colors { get; set; } = [];

        /// <summary>The content of tRNS: alpha of the palette's colors, or the transparent gray or color in 16-bit numbers.</summary>
        public byte[] Transparency { get; set; } = [];

        /// <summary>The compressed scanlines, of all IDAT chunks.</summary>
        public MemoryStream Scanlines { get; } = new();

        /// <summary>tRNS as ImageSharp 2.1.13 wants it: it reads the 16-bit numbers with the low byte first. Other images have none.</summary>
        public byte[] TransparencyForDecoder()
        {
            var numbers = ColorType switch { 0 => 1, 2 => 3, _ => 0 };
            if (ColorType == Palette)
                return Transparency.Length <= 256 ? Transparency : Transparency[..256];
            if (numbers == 0 || Transparency.Length < 2 * numbers)
                return [];
            var content = Transparency[..(2 * numbers)];
            for (var i = 0; i < content.Length && BitDepth == 16; i += 2)
                (content[i], content[i + 1]) = (content[i + 1], content[i]);
            return content;
        }
    }
}
