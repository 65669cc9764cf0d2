using System.Buffers.Binary;
using Gpu.Training.IO;

namespace Gpu.Training.Images.Formats;

/// <summary>Reads the size of an image from the header of its file, without decoding it. The decoders check the rest.</summary>
internal static class ImageHeader
{
    /// <summary>The most pixels of an image of a data set: 100 million.</summary>
    public const int MostPixels = 100_000_000;

    // Nearly all headers are within these bytes, even behind a thumbnail.
    private const int FirstBytes = 1 << 16;

    /// <summary>Reads the size as a viewer shows it, after the EXIF orientation.</summary>
    /// <exception cref="ImageException">The file cannot be read, is of no supported format, is damaged, or has too many pixels.</exception>
    public static (int Height, int Width) Read(string path)
    {
        try
        {
            using var file = RegularFile.OpenRead(path);
            if (file.Length == 0)
                throw new ImageException($"The image file '{path}' is empty. Replace or remove the file.");
            if (file.Length > ImageSize.MostFileBytes)
                throw new ImageException($"The image file '{path}' has {file.Length} bytes; at most {ImageSize.MostFileBytes} are read. Scale the image down.");
            var data = new byte[Math.Min(file.Length, FirstBytes)];
            file.ReadExactly(data);
            try
            {
                return Checked(Parse(data));
            }
            catch (InvalidDataException) when (file.Length > data.Length)
            {
                var whole = new byte[file.Length];
                data.CopyTo(whole, 0);
                file.ReadExactly(whole.AsSpan(data.Length));
                return Checked(Parse(whole));
            }
        }
        catch (InvalidDataException e)
        {
            throw new ImageException($"The image file '{path}' cannot be decoded. {e.Message.TrimEnd('.')}. Replace or remove the file.", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ImageException($"The image file '{path}' does not exist. Check the path, or remove the link.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageException($"The image file '{path}' cannot be read: {e.Message} Replace or remove the file.", e);
        }
    }

    /// <summary>Reads the size of an image in memory as a viewer shows it, after the EXIF orientation.</summary>
    /// <exception cref="InvalidDataException">The data are of no supported format, damaged, or of an image with too many pixels.</exception>
    public static (int Height, int Width) Read(byte[] data) => Checked(Parse(data));

    private static (int Height, int Width) Checked((long Height, long Width) size)
    {
        ImageSize.Check(size.Width, size.Height);
        if (size.Width * size.Height > MostPixels)
        {
            throw new InvalidDataException(
                $"Its header says {size.Height} x {size.Width} pixels (height x width); an image of a data set has at most {MostPixels:N0} pixels. "
                + "Scale the image down.");
        }

        return ((int)size.Height, (int)size.Width);
    }

    private static (long Height, long Width) Parse(ReadOnlySpan<byte> data) => ImageFormat.Detect(data).Name switch
    {
        "PNG" => Png(data),
        "JPEG" => Jpeg(data),
        "GIF" => Gif(data),
        "BMP" => Bmp(data),
        "TIFF" => Tiff(data),
        "WebP" => Webp(data),
        "PNM" => Pnm(data),
        _ => Tga(data),
    };

    private static (long, long) Png(ReadOnlySpan<byte> data)
    {
        var reader = new SpanReader(data) { Position = 16 };
        var size = reader.Bytes(8, "the size");
        return (BinaryPrimitives.ReadUInt32BigEndian(size[4..]), BinaryPrimitives.ReadUInt32BigEndian(size));
    }

    private static (long, long) Jpeg(ReadOnlySpan<byte> data)
    {
        var reader = new SpanReader(data) { Position = 2 };
        var orientation = Orientation.Upright;
        while (true)
        {
            if (reader.Byte("a marker") != 0xFF)
                continue;
            var marker = reader.Byte("a marker");
            while (marker == 0xFF)
                marker = reader.Byte("a marker");
            if (marker is 0 or 0x01 or (>= 0xD0 and <= 0xD8))
                continue;
            if (marker is JpegSegments.EndOfImage or JpegSegments.StartOfScan)
                throw new InvalidDataException("It has no frame header (SOF).");
            var content = reader.Bytes(Math.Max(0, reader.UInt16BigEndian("the length of a segment") - 2), "a segment");
            if (marker == 0xE1 && content.StartsWith("Exif\0\0"u8) && orientation == Orientation.Upright)
                orientation = Orientation.Read(content);
            if (marker is < 0xC0 or > 0xCF or 0xC4 or 0xC8 or 0xCC)
                continue;
            if (content.Length < 5)
                throw new InvalidDataException("Its frame header (SOF) is too short.");
            return Turned(BinaryPrimitives.ReadUInt16BigEndian(content[1..]), BinaryPrimitives.ReadUInt16BigEndian(content[3..]), orientation);
        }
    }

    private static (long, long) Gif(ReadOnlySpan<byte> data)
    {
        var reader = new SpanReader(data) { Position = 6 };
        var screen = reader.Bytes(7, "the screen descriptor");
        int width = BinaryPrimitives.ReadUInt16LittleEndian(screen), height = BinaryPrimitives.ReadUInt16LittleEndian(screen[2..]);
        if ((screen[4] & 0x80) != 0)
            reader.Bytes(3 * (2 << (screen[4] & 7)), "a table of colors");
        while (true)
        {
            switch (reader.Byte("a block"))
            {
                case 0x21:
                    reader.Byte("an extension");
                    while (reader.Byte("a data block") is var size and > 0)
                        reader.Bytes(size, "a data block");
                    break;
                case 0x2C:
                    var frame = reader.Bytes(8, "an image descriptor");
                    var right = BinaryPrimitives.ReadUInt16LittleEndian(frame) + BinaryPrimitives.ReadUInt16LittleEndian(frame[4..]);
                    var bottom = BinaryPrimitives.ReadUInt16LittleEndian(frame[2..]) + BinaryPrimitives.ReadUInt16LittleEndian(frame[6..]);
                    return (Math.Max(height, bottom), Math.Max(width, right));
                case 0:
                    break; // Some programs pad blocks.
                default:
                    throw new InvalidDataException("It has no image.");
            }
        }
    }

    private static (long, long) Bmp(ReadOnlySpan<byte> data)
    {
        var reader = new SpanReader(data) { Position = 14 };
        var header = BinaryPrimitives.ReadUInt32LittleEndian(reader.Bytes(4, "the header"));
        if (header == 12)
        {
            var width = reader.UInt16LittleEndian("the width");
            return (reader.UInt16LittleEndian("the height"), width);
        }

        var size = reader.Bytes(8, "the size");
        return (Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(size[4..])), BinaryPrimitives.ReadInt32LittleEndian(size));
    }

    private static (long, long) Tiff(ReadOnlySpan<byte> data)
    {
        var directory = new TiffDirectory(data);
        return Turned(directory.Number(257, 0), directory.Number(256, 0), Orientation.Valid(directory.Number(274, 1)));
    }

    private static (long, long) Webp(ReadOnlySpan<byte> data)
    {
        var reader = new SpanReader(data) { Position = 12 };
        var type = reader.Bytes(4, "a chunk");
        var content = reader.Bytes(14, "a chunk")[4..];
        if (type.SequenceEqual("VP8X"u8))
            return (1 + UInt24(content[7..]), 1 + UInt24(content[4..]));
        if (type.SequenceEqual("VP8 "u8))
            return (BinaryPrimitives.ReadUInt16LittleEndian(content[8..]) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(content[6..]) & 0x3FFF);
        if (!type.SequenceEqual("VP8L"u8))
            throw new InvalidDataException("It has no image.");
        var bits = BinaryPrimitives.ReadUInt32LittleEndian(content[1..]);
        return ((bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1);
    }

    private static (long, long) Pnm(ReadOnlySpan<byte> data)
    {
        var reader = new SpanReader(data) { Position = 2 };
        var width = PnmReader.ReadNumber(ref reader, "the width");
        return (PnmReader.ReadNumber(ref reader, "the height"), width);
    }

    private static (long, long) Tga(ReadOnlySpan<byte> data)
    {
        var reader = new SpanReader(data) { Position = 12 };
        var width = reader.UInt16LittleEndian("the width");
        return (reader.UInt16LittleEndian("the height"), width);
    }

    private static (long, long) Turned(long height, long width, int orientation) => orientation >= 5 ? (width, height) : (height, width);

    private static int UInt24(ReadOnlySpan<byte> bytes) => bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
}
