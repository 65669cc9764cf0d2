using System.Buffers.Binary;
using SixLabors.ImageSharp.Formats.Tiff;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.PixelFormats;

namespace Gpu.Training.Images.Formats;

/// <summary>
/// Reads the first image of a TIFF file (TIFF 6.0): strips of gray, palette, RGB or CMYK, uncompressed or with LZW, Deflate, PackBits or a fax code.
/// ImageSharp gets the file with a new directory behind it, which holds only what was checked here. By the original one, 2.1.13 allocates and writes
/// without limits and fills in missing strips; it also refuses CMYK, which is passed to it as RGB with alpha.
/// </summary>
internal static class TiffReader
{
    private const int Uncompressed = 1;
    private const int Group3 = 3;
    private const int Lzw = 5;
    private const int Deflate = 8;
    private const int OldDeflate = 32_946;
    private const int PackBits = 32_773;
    private const int WhiteIsZero = 0;
    private const int Rgb = 2;
    private const int Palette = 3;
    private const int Cmyk = 5;

    public static ByteImage Read(byte[] data, RgbColor background)
    {
        var directory = new TiffDirectory(data);
        var image = new Image(directory);
        var strips = ReadStrips(directory, image, data.Length);
        CheckStrips(data, image, strips);
        var (width, height, channels) = (image.Width, image.Height, image.Channels);
        var hasAlpha = image.Colors == Rgb && channels == 4 && image.ExtraSample != 0;

        SortedDictionary<int, uint[]> tags = new()
        {
            [Tag.Width] = [(uint)width],
            [Tag.Height] = [(uint)height],
            [Tag.BitsPerSample] = [.. Enumerable.Repeat((uint)image.Bits, channels)],
            [Tag.Compression] = [(uint)image.Compression],
            [Tag.Colors] = [image.Colors == Cmyk ? Rgb : image.IsFax ? WhiteIsZero : (uint)image.Colors],
            [Tag.StripOffsets] = strips.Offsets,
            [Tag.Channels] = [(uint)channels],
            [Tag.RowsPerStrip] = [(uint)strips.Rows],
            [Tag.StripBytes] = strips.Bytes,
            [Tag.Planes] = [image.HasPlanes ? 2u : 1u],
            [Tag.FaxOptions] = [(uint)directory.Number(Tag.FaxOptions, 0)],
            [Tag.Predictor] = [(uint)image.Predictor],
        };
        if (channels == 4)
            tags[Tag.ExtraSamples] = [hasAlpha && image.ExtraSample == 1 ? 1u : 2u];
        if (image.Colors == Palette)
            tags[Tag.Palette] = ReadPalette(directory, image.Bits);

        var content = WithDirectory(data, directory.IsBigEndian, tags);
        if (image.HasReversedBits)
            ReverseBits(content, strips);
        using var stream = new MemoryStream(content);
        var decoder = new TiffDecoder { IgnoreMetadata = true, DecodingMode = FrameDecodingMode.First };
        var pixels = PixelDecoder.Decode<Rgba32>(decoder, stream, width, height);
        if (image.Colors == Cmyk)
            CmykToRgb(pixels);
        else if (!hasAlpha)
            PixelDecoder.MakeOpaque(pixels);
        if (image.IsFax && image.Colors != WhiteIsZero)
            Invert(pixels);
        return Orientation.Apply(PixelDecoder.Composite(pixels, width, height, background), Orientation.Valid(directory.Number(Tag.Orientation, 1)));
    }

    private static Strips ReadStrips(TiffDirectory directory, Image image, int fileBytes)
    {
        var rows = (int)Math.Min(directory.Number(Tag.RowsPerStrip, image.Height), image.Height);
        if (rows == 0)
            throw new InvalidDataException("It says that its strips have no rows.");
        var perPlane = (image.Height + rows - 1) / rows;
        var count = perPlane * (image.HasPlanes ? image.Channels : 1);
        var offsets = directory.Numbers(Tag.StripOffsets, count);
        var bytes = directory.Numbers(Tag.StripBytes, count);
        if (offsets.Length < count || (bytes.Length < count && image.Compression != Uncompressed))
            throw SpanReader.Truncated($"its {image.Height} rows need {count} strips, but its directory has {Math.Min(offsets.Length, bytes.Length)}");

        // How long an uncompressed strip is follows from its rows; some programs write another number.
        if (image.Compression == Uncompressed)
            bytes = [.. Enumerable.Range(0, count).Select(i => (uint)(image.BytesPerRow * Math.Min(rows, image.Height - (i % perPlane * (long)rows))))];
        for (var i = 0; i < count; i++)
        {
            if (offsets[i] + (long)bytes[i] > fileBytes)
                throw SpanReader.Truncated($"strip {i} of {bytes[i]} bytes begins at byte {offsets[i]}, but the file has only {fileBytes} bytes");
        }

        return new Strips(rows, offsets, bytes);
    }

    private static void CheckStrips(byte[] data, Image image, Strips strips)
    {
        var perPlane = (image.Height + strips.Rows - 1) / strips.Rows;
        for (var i = 0; i < strips.Offsets.Length; i++)
        {
            var rows = Math.Min(strips.Rows, image.Height - (i % perPlane * strips.Rows));
            var wanted = image.BytesPerRow * rows;
            var (start, length) = ((int)strips.Offsets[i], (int)strips.Bytes[i]);
            var strip = data.AsSpan(start, length);
            var count = image.Compression switch
            {
                Lzw => CompressedLength.TiffLzw(strip, wanted),
                Deflate or OldDeflate => CompressedLength.Deflate(data, start, length, wanted),
                PackBits => CompressedLength.PackBits(strip, wanted),

                // Some programs write no end-of-line codes, or none in front of the first row.
                Group3 when CompressedLength.FaxLines(strip, image.HasReversedBits) is var lines and > 0 && lines < rows - 1 => lines * image.BytesPerRow,
                _ => wanted,
            };
            if (count < wanted)
                throw SpanReader.Truncated($"the data of strip {i} make {count} bytes, but its {rows} rows have {wanted}");
        }
    }

    private static uint[] ReadPalette(TiffDirectory directory, int bits)
    {
        var values = directory.Numbers(Tag.Palette, 3 << bits);
        return values.Length == 3 << bits ? values : throw new InvalidDataException($"Its palette has {values.Length} values; {3 << bits} were expected.");
    }

    private static byte[] WithDirectory(byte[] data, bool isBigEndian, SortedDictionary<int, uint[]> tags)
    {
        var start = (data.Length + 1) & ~1;
        var values = start + 2 + (12 * tags.Count) + 4;
        var content = new byte[values + (4 * tags.Values.Sum(one => one.Length))];
        data.CopyTo(content, 0);
        PutLong(4, (uint)start);
        PutShort(start, tags.Count);
        var entry = start + 2;
        foreach (var (tag, numbers) in tags)
        {
            // ImageSharp wants the types of the specification.
            var isLong = tag is Tag.Width or Tag.Height or Tag.StripOffsets or Tag.RowsPerStrip or Tag.StripBytes or Tag.FaxOptions;
            var size = isLong ? 4 : 2;
            var isInline = numbers.Length * size <= 4;
            PutShort(entry, tag);
            PutShort(entry + 2, isLong ? 4 : 3);
            PutLong(entry + 4, (uint)numbers.Length);
            if (!isInline)
                PutLong(entry + 8, (uint)values);
            var place = isInline ? entry + 8 : values;
            foreach (var number in numbers)
            {
                if (isLong)
                    PutLong(place, number);
                else
                    PutShort(place, (int)number);
                place += size;
            }

            values = isInline ? values : place;
            entry += 12;
        }

        return content;

        void PutShort(int place, int value)
        {
            if (isBigEndian)
                BinaryPrimitives.WriteUInt16BigEndian(content.AsSpan(place), (ushort)value);
            else
                BinaryPrimitives.WriteUInt16LittleEndian(content.AsSpan(place), (ushort)value);
        }

        void PutLong(int place, uint value)
        {
            if (isBigEndian)
                BinaryPrimitives.WriteUInt32BigEndian(content.AsSpan(place), value);
            else
                BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(place), value);
        }
    }

    private static void ReverseBits(Span<byte> content, Strips strips)
    {
        for (var i = 0; i < strips.Offsets.Length; i++)
        {
            foreach (ref var value in content.Slice((int)strips.Offsets[i], (int)strips.Bytes[i]))
            {
                var bits = (value >> 4) | (value << 4);
                bits = ((bits & 0xCC) >> 2) | ((bits & 0x33) << 2);
                value = (byte)(((bits & 0xAA) >> 1) | ((bits & 0x55) << 1));
            }
        }
    }

    // ImageSharp takes the white runs of fax codes for white, but they are zeros, whatever those mean.
    private static void Invert(Span<byte> pixels)
    {
        for (; !pixels.IsEmpty; pixels = pixels[4..])
            (pixels[0], pixels[1], pixels[2]) = ((byte)~pixels[0], (byte)~pixels[1], (byte)~pixels[2]);
    }

    private static void CmykToRgb(Span<byte> pixels)
    {
        for (; !pixels.IsEmpty; pixels = pixels[4..])
        {
            var light = 255 - pixels[3];
            for (var i = 0; i < 3; i++)
                pixels[i] = (byte)((((255 - pixels[i]) * light) + 127) / 255);
            pixels[3] = 255;
        }
    }

    // TIFF 6.0, appendix A.
    private static class Tag
    {
        public const int Width = 256;
        public const int Height = 257;
        public const int BitsPerSample = 258;
        public const int Compression = 259;
        public const int Colors = 262;
        public const int FillOrder = 266;
        public const int StripOffsets = 273;
        public const int Orientation = 274;
        public const int Channels = 277;
        public const int RowsPerStrip = 278;
        public const int StripBytes = 279;
        public const int Planes = 284;
        public const int FaxOptions = 292;
        public const int Predictor = 317;
        public const int Palette = 320;
        public const int TileWidth = 322;
        public const int InkSet = 332;
        public const int ExtraSamples = 338;
        public const int SampleFormat = 339;
    }

    // Where the strips are: those of the first plane from top to bottom, then those of the next.
    private sealed record Strips(int Rows, uint[] Offsets, uint[] Bytes);

    // What the directory says of the image, all of which is supported.
    private sealed class Image
    {
        public Image(TiffDirectory directory)
        {
            var (width, height) = (directory.Number(Tag.Width, 0), directory.Number(Tag.Height, 0));
            ImageSize.Check(width, height);
            (Width, Height) = ((int)width, (int)height);
            if (directory.Has(Tag.TileWidth))
                throw new InvalidDataException("It is divided into tiles, which is not supported. Save it with strips, or as PNG.");
            if (directory.Number(Tag.SampleFormat, 1) != 1)
                throw new InvalidDataException("Its samples are signed or floating-point numbers; unsigned ones are supported. Convert it.");

            Compression = directory.Number(Tag.Compression, Uncompressed);
            if (!IsFax && Compression is not (Uncompressed or Lzw or Deflate or OldDeflate or PackBits))
            {
                throw new InvalidDataException(
                    $"Its compression {Compression} is not supported; none (1), fax codes (3, 4), LZW (5), Deflate (8) and PackBits (32773) are. "
                    + "Save it as PNG.");
            }

            Colors = directory.Number(Tag.Colors, -1);
            Channels = (int)Math.Min(directory.Number(Tag.Channels, 1), 99);
            var bits = directory.Has(Tag.BitsPerSample) ? directory.Numbers(Tag.BitsPerSample, 16) : [1u];
            Bits = (int)bits[0];
            var isSupported = (Colors, Channels) switch
            {
                (0 or 1, 1) => Bits is 1 or 2 or 4 or 8 or 16,
                (Rgb, 3 or 4) => Bits is 8 or 16,
                (Palette, 1) => Bits is 1 or 2 or 4 or 8,
                (Cmyk, 4) => Bits is 8 && directory.Number(Tag.InkSet, 1) == 1,
                _ => false,
            };
            if (!isSupported || bits.Any(one => one != Bits) || (IsFax && (Colors > 1 || Bits != 1)))
            {
                throw new InvalidDataException(
                    $"It has {Channels} channels of {string.Join("/", bits)} bits in colors of kind {Colors}, which is not supported. Gray (kind 0 or 1) "
                    + "of 1 to 16 bits, RGB (2) of 8 or 16 bits, with alpha or without, a palette (3) and CMYK (5) of 8 bits are. Save it as PNG.");
            }

            HasPlanes = Channels > 1 && directory.Number(Tag.Planes, 1) == 2;
            Predictor = Compression is Lzw or Deflate or OldDeflate ? directory.Number(Tag.Predictor, 1) : 1;
            if (Predictor is not (1 or 2) || (Predictor == 2 && (HasPlanes || Bits < 8)))
                throw new InvalidDataException($"Its predictor {Predictor} is not supported for images like this one. Save it without, or as PNG.");
            HasReversedBits = directory.Number(Tag.FillOrder, 1) == 2;
            ExtraSample = directory.Number(Tag.ExtraSamples, 2);
        }

        public int Width { get; }

        public int Height { get; }

        public long Compression { get; }

        public bool IsFax => Compression is 3 or 4;

        /// <summary>Photometric interpretation.</summary>
        public long Colors { get; }

        public int Channels { get; }

        public int Bits { get; }

        public bool HasPlanes { get; }

        public long Predictor { get; }

        /// <summary>Whether the lowest bit of a byte is the first.</summary>
        public bool HasReversedBits { get; }

        /// <summary>What the fourth channel is: 0 nothing, 1 premultiplied alpha, 2 alpha.</summary>
        public long ExtraSample { get; }

        public long BytesPerRow => (((long)Width * Bits * (HasPlanes ? 1 : Channels)) + 7) / 8;
    }
}
