using System.Buffers.Binary;
using SixLabors.ImageSharp.Formats.Tiff;
using SixLabors.ImageSharp.PixelFormats;

namespace Gpu.Training.Images.Formats;

/// <summary>
/// Reads the first image of a TIFF file: strips of grey, palette, RGB or CMYK, uncompressed or with LZW, Deflate or PackBits (TIFF 6.0). ImageSharp gets
/// the file with a new directory behind it, which holds only what was checked here: by the original one it allocates and writes without limits, fills
/// in missing strips, and refuses CMYK, which is passed to it as RGB with alpha.
/// </summary>
internal static class TiffReader
{
    private const int Separated = 5;
    private const int Rgb = 2;
    private const int PaletteColour = 3;

    // Tags (TIFF 6.0, appendix A).
    private const int ImageWidth = 256;
    private const int ImageLength = 257;
    private const int BitsPerSample = 258;
    private const int Compression = 259;
    private const int Photometric = 262;
    private const int FillOrder = 266;
    private const int StripOffsets = 273;
    private const int OrientationTag = 274;
    private const int SamplesPerPixel = 277;
    private const int RowsPerStrip = 278;
    private const int StripByteCounts = 279;
    private const int PlanarConfiguration = 284;
    private const int Predictor = 317;
    private const int ColourMap = 320;
    private const int TileWidth = 322;
    private const int InkSet = 332;
    private const int ExtraSamples = 338;
    private const int SampleFormat = 339;

    public static ByteImage Read(byte[] data, RgbColor background)
    {
        var directory = new TiffDirectory(data);
        var (width, height) = (directory.Number(ImageWidth, 0), directory.Number(ImageLength, 0));
        ImageSize.Check(width, height);
        var photometric = CheckKind(directory);
        var channels = (int)directory.Number(SamplesPerPixel, 1);
        var bits = CheckBits(directory, channels);
        var strips = ReadStrips(directory, data.Length, height, ((width * channels * bits) + 7) / 8);
        var extra = directory.Number(ExtraSamples, 2);
        var hasAlpha = photometric == Rgb && channels == 4 && extra != 0;

        SortedDictionary<int, uint[]> tags = new()
        {
            [ImageWidth] = [(uint)width],
            [ImageLength] = [(uint)height],
            [BitsPerSample] = [.. Enumerable.Repeat((uint)bits, channels)],
            [Compression] = [(uint)directory.Number(Compression, 1)],
            [Photometric] = [(uint)(photometric == Separated ? Rgb : photometric)],
            [StripOffsets] = strips.Offsets,
            [SamplesPerPixel] = [(uint)channels],
            [RowsPerStrip] = [(uint)strips.Rows],
            [StripByteCounts] = strips.Bytes,
            [Predictor] = [(uint)directory.Number(Predictor, 1)],
        };
        if (channels == 4)
            tags[ExtraSamples] = [extra == 1 && hasAlpha ? 1u : 2u];
        if (photometric == PaletteColour)
            tags[ColourMap] = ReadColourMap(directory, bits);

        using var content = WithDirectory(data, directory.IsBigEndian, tags);
        var decoder = new TiffDecoder { IgnoreMetadata = true, DecodingMode = SixLabors.ImageSharp.Metadata.FrameDecodingMode.First };
        var pixels = PixelDecoder.Decode<Rgba32>(decoder, content, (int)width, (int)height);
        if (photometric == Separated)
            CmykToRgb(pixels);
        else if (!hasAlpha)
            MakeOpaque(pixels);
        var image = PixelDecoder.Composite(pixels, (int)width, (int)height, background);
        return Orientation.Apply(image, Orientation.Valid(directory.Number(OrientationTag, Orientation.Upright)));
    }

    private static int CheckKind(TiffDirectory directory)
    {
        const string Advice = "Save it as PNG, or as TIFF without it.";
        if (directory.Has(TileWidth))
            throw new InvalidDataException($"It is divided into tiles, which is not supported. {Advice}");
        if (directory.Number(PlanarConfiguration, 1) != 1)
            throw new InvalidDataException($"Its channels are stored as separate planes, which is not supported. {Advice}");
        if (directory.Number(FillOrder, 1) != 1)
            throw new InvalidDataException($"The bits of its bytes are in reverse order (fill order 2), which is not supported. {Advice}");
        if (directory.Number(SampleFormat, 1) != 1)
            throw new InvalidDataException("Its samples are signed or floating-point numbers; unsigned ones are supported. Convert it.");
        var compression = directory.Number(Compression, 1);
        if (compression is not (1 or 5 or 8 or 32_946 or 32_773))
        {
            throw new InvalidDataException(
                $"Its compression {compression} is not supported; uncompressed (1), LZW (5), Deflate (8) and PackBits (32773) are. Save it as PNG.");
        }

        if (directory.Number(Predictor, 1) is not (1 or 2) || (directory.Number(Predictor, 1) == 2 && compression is 1 or 32_773))
            throw new InvalidDataException($"Its predictor {directory.Number(Predictor, 1)} is not supported with compression {compression}. {Advice}");
        var photometric = directory.Number(Photometric, -1);
        if (photometric is not (0 or 1 or Rgb or PaletteColour or Separated) || directory.Number(InkSet, 1) != 1)
        {
            throw new InvalidDataException(
                $"Its colours (photometric interpretation {photometric}) are not supported; grey (0, 1), RGB (2), palette (3) and CMYK (5) are. Save it as PNG.");
        }

        return (int)photometric;
    }

    private static int CheckBits(TiffDirectory directory, int channels)
    {
        var all = directory.Has(BitsPerSample) ? directory.Numbers(BitsPerSample, 16) : [1u];
        var bits = all[0];
        var isSupported = (directory.Number(Photometric, -1), channels) switch
        {
            (0 or 1, 1) => bits is 1 or 2 or 4 or 8 or 16,
            (Rgb, 3 or 4) => bits is 8 or 16,
            (PaletteColour, 1) => bits is 1 or 2 or 4 or 8,
            (Separated, 4) => bits is 8,
            _ => false,
        };
        if (!isSupported || all.Any(one => one != bits) || (directory.Number(Predictor, 1) == 2 && bits < 8))
        {
            throw new InvalidDataException(
                $"It has {channels} channels of {string.Join("/", all)} bits, which is not supported for its kind of colours. Save it as PNG of 8 or 16 bits.");
        }

        return (int)bits;
    }

    private static (int Rows, uint[] Offsets, uint[] Bytes) ReadStrips(TiffDirectory directory, int fileBytes, long height, long bytesPerRow)
    {
        var rows = (int)Math.Min(directory.Number(RowsPerStrip, height), height);
        if (rows == 0)
            throw new InvalidDataException("It says that its strips have no rows.");
        var count = (int)((height + rows - 1) / rows);
        var offsets = directory.Numbers(StripOffsets, count);
        var bytes = directory.Numbers(StripByteCounts, count);
        var isUncompressed = directory.Number(Compression, 1) == 1;
        if (offsets.Length < count || (bytes.Length < count && !isUncompressed))
            throw SpanReader.Truncated($"{height} rows need {count} strips, but its directory has {Math.Min(offsets.Length, bytes.Length)}");

        // How long an uncompressed strip is follows from its rows; some programs write another number.
        if (isUncompressed)
            bytes = [.. Enumerable.Range(0, count).Select(i => (uint)(bytesPerRow * Math.Min(rows, height - ((long)i * rows))))];
        for (var i = 0; i < count; i++)
        {
            if (offsets[i] + (long)bytes[i] > fileBytes)
                throw SpanReader.Truncated($"strip {i} of {bytes[i]} bytes begins at byte {offsets[i]}, but the file has only {fileBytes} bytes");
        }

        return (rows, offsets, bytes);
    }

    private static uint[] ReadColourMap(TiffDirectory directory, int bits)
    {
        var map = directory.Numbers(ColourMap, 3 << bits);
        return map.Length == 3 << bits ? map : throw new InvalidDataException($"Its palette has {map.Length} values; {3 << bits} were expected.");
    }

    private static MemoryStream WithDirectory(byte[] data, bool isBigEndian, SortedDictionary<int, uint[]> tags)
    {
        var start = (data.Length + 1) & ~1;
        var length = 2 + (12 * tags.Count) + 4;
        var values = start + length;
        var content = new byte[values + (4 * tags.Values.Where(one => one.Length > 1).Sum(one => one.Length))];
        data.CopyTo(content, 0);
        PutLong(4, (uint)start);
        PutShort(start, tags.Count);
        var at = start + 2;
        foreach (var (tag, numbers) in tags)
        {
            // ImageSharp wants the type of the specification: numbers of 16 bits, but for what can be larger.
            var isLong = tag is ImageWidth or ImageLength or StripOffsets or RowsPerStrip or StripByteCounts;
            var size = isLong ? 4 : 2;
            PutShort(at, tag);
            PutShort(at + 2, isLong ? 4 : 3);
            PutLong(at + 4, (uint)numbers.Length);
            var isInline = numbers.Length * size <= 4;
            if (!isInline)
                PutLong(at + 8, (uint)values);
            for (var i = 0; i < numbers.Length; i++)
            {
                var place = (isInline ? at + 8 : values) + (i * size);
                if (isLong)
                    PutLong(place, numbers[i]);
                else
                    PutShort(place, (int)numbers[i]);
            }

            values += isInline ? 0 : numbers.Length * size;
            at += 12;
        }

        return new MemoryStream(content);

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

    private static void MakeOpaque(Span<byte> pixels)
    {
        for (var i = 3; i < pixels.Length; i += 4)
            pixels[i] = 255;
    }
}
