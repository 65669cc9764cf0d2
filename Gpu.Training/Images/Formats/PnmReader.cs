namespace Gpu.Training.Images.Formats;

/// <summary>
/// Reads PBM, PGM and PPM, plain and binary (Netpbm formats P1 to P6). ImageSharp's decoder is no help here: 2.1.13 skips first pixels that look like
/// white space, swaps the bytes of 16-bit values, scales by whole factors, and wants spaces between plain bits.
/// </summary>
internal static class PnmReader
{
    public static ByteImage Read(byte[] data)
    {
        var kind = data[1] - '0';
        var isPlain = kind <= 3;
        var isBitmap = kind is 1 or 4;
        var channels = kind is 3 or 6 ? 3 : 1;
        var reader = new SpanReader(data) { Position = 2 };
        var (width, height) = (ReadNumber(ref reader, "the width"), ReadNumber(ref reader, "the height"));
        ImageSize.Check(width, height);
        var most = isBitmap ? 1 : ReadNumber(ref reader, "the largest value");
        if (most is 0 or > 65_535)
            throw new InvalidDataException($"Its largest value is {most}; 1 to 65535 were expected.");
        if (!isPlain && !IsSpace(reader.Byte("a space behind the header")))
            throw new InvalidDataException("Its header does not end with a space; the file is damaged.");

        // A plain file has a digit a value at least, so a header that promises more is found out before anything is allocated.
        var values = (long)width * height * channels;
        var row = isBitmap ? (width + 7L) / 8 : (long)width * channels * (most > 255 ? 2 : 1);
        if ((isPlain ? values : row * height) > reader.Remaining)
            throw SpanReader.Truncated($"its {values} values begin at byte {reader.Position}, but the file has only {data.Length} bytes");
        var pixels = new byte[values];
        if (isPlain)
        {
            for (var i = 0; i < pixels.Length; i++)
                pixels[i] = isBitmap ? Bit(ReadDigit(ref reader)) : Scale(ReadNumber(ref reader, "a value"), most);
        }
        else
        {
            var samples = reader.Bytes(row * height, "its values");
            for (var i = 0; i < pixels.Length; i++)
            {
                pixels[i] = isBitmap ? Bit(samples[(int)((i / width * row) + (i % width / 8))] >> (7 - (i % width % 8)) & 1)
                    : most > 255 ? Scale((samples[2 * i] << 8) | samples[(2 * i) + 1], most)
                    : Scale(samples[i], most);
            }
        }

        return new ByteImage(height, width, channels, pixels).ToChannels(3);
    }

    // 1 is black.
    private static byte Bit(int bit) => (byte)(bit == 0 ? 255 : 0);

    private static byte Scale(int value, int most) => (byte)(((Math.Min(value, most) * 255) + (most / 2)) / most);

    private static int ReadDigit(ref SpanReader reader)
    {
        SkipSpace(ref reader);
        return reader.Byte("a bit") switch
        {
            (byte)'0' => 0,
            (byte)'1' => 1,
            _ => throw new InvalidDataException($"At byte {reader.Position - 1} there is no 0 or 1; the file is damaged."),
        };
    }

    /// <summary>Reads a number of the header, or of a plain file.</summary>
    public static int ReadNumber(ref SpanReader reader, string what)
    {
        SkipSpace(ref reader);
        var (start, value) = (reader.Position, 0L);
        while (reader.Remaining > 0 && char.IsAsciiDigit((char)reader.Rest[0]))
            value = Math.Min((value * 10) + reader.Byte(what) - '0', int.MaxValue);
        // A number that ends with the file may have lost digits; the formats demand a space behind each.
        if (reader.Remaining == 0)
            throw SpanReader.Truncated(reader.Position == start ? $"{what} is missing" : $"no space follows {what} at its end");
        if (reader.Position == start)
            throw new InvalidDataException($"At byte {start} there is no number for {what}; the file is damaged.");

        return (int)value;
    }

    // Comments go from # to the end of the line.
    private static void SkipSpace(ref SpanReader reader)
    {
        while (reader.Remaining > 0 && (IsSpace(reader.Rest[0]) || reader.Rest[0] == '#'))
        {
            if (reader.Byte("") != '#')
                continue;
            while (reader.Remaining > 0 && reader.Byte("") is not ((byte)'\n' or (byte)'\r'))
            {
            }
        }
    }

    private static bool IsSpace(byte value) => value is (byte)' ' or (>= 9 and <= 13);
}
