namespace Gpu.Training.Images;

/// <summary>
/// Reads the portable any-map formats of Netpbm: P1 to P3 (bits, grey, colour as text) and P4 to P6 (the same in binary), with a largest
/// value up to 65535. Only the first image of a file is read.
/// </summary>
internal sealed class PnmDecoder
{
    private readonly byte[] data;
    private readonly string name;
    private int position = 2;

    private PnmDecoder(byte[] data, string name)
    {
        this.data = data;
        this.name = name;
    }

    public static ByteImage Decode(byte[] data, string name) => new PnmDecoder(data, name).Decode();

    private ByteImage Decode()
    {
        var kind = data[1] - '0';
        var isText = kind <= 3;
        var isBits = kind is 1 or 4;
        var channels = kind is 3 or 6 ? 3 : 1;
        var width = ReadNumber("width");
        var height = ReadNumber("height");
        BuiltInDecoder.CheckSize(width, height, name);
        var most = isBits ? 1 : ReadNumber("largest value");
        if (most is < 1 or > 65535)
            throw BuiltInDecoder.Damaged(name, $"its largest value is {most}, but 1 to 65535 was expected");

        // A row of bits is filled up to a whole byte; values above 255 take two bytes.
        var rowBytes = isBits ? ((long)width + 7) / 8 : (long)width * channels * (most > 255 ? 2 : 1);
        if (isText)
        {
            // At least a digit a value: checked before memory is taken for them.
            var fewest = (long)width * height * channels;
            if (data.Length - position < fewest)
                throw BuiltInDecoder.Truncated(name, position + fewest, data.Length, "its values");
        }
        else
        {
            position++; // Exactly one white space separates the header from the values.
            if (position + (rowBytes * height) > data.Length)
                throw BuiltInDecoder.Truncated(name, position + (rowBytes * height), data.Length, $"{width} x {height} x {channels} values and the header");
        }

        var image = new ByteImage(height, width, channels);
        for (var i = 0; i < image.Pixels.Length; i++)
        {
            var value = (isText, isBits) switch
            {
                (true, true) => ReadBit(),
                (true, false) => ReadNumber("value"),
                (false, true) => (data[position + ((i / width) * (int)rowBytes) + (i % width / 8)] >> (7 - (i % width % 8))) & 1,
                _ when most > 255 => (data[position + (2 * i)] << 8) | data[position + (2 * i) + 1],
                _ => data[position + i],
            };
            if (value > most)
                throw BuiltInDecoder.Damaged(name, $"value {i} is {value}, but the largest is {most}");
            var scaled = ((value * 255) + (most / 2)) / most;
            image.Pixels[i] = (byte)(isBits ? 255 - scaled : scaled); // In a bitmap 1 is black.
        }

        return image;
    }

    private void SkipSpace()
    {
        while (position < data.Length)
        {
            if (data[position] == '#')
            {
                while (position < data.Length && data[position] is not ((byte)'\n' or (byte)'\r'))
                    position++;
            }
            else if (data[position] is (byte)' ' or (>= 9 and <= 13))
            {
                position++;
            }
            else
            {
                return;
            }
        }
    }

    private int ReadNumber(string what)
    {
        SkipSpace();
        var start = position;
        var number = 0;
        while (position < data.Length && data[position] is >= (byte)'0' and <= (byte)'9')
        {
            number = (number * 10) + (data[position++] - '0');
            if (number > 100_000_000)
                throw BuiltInDecoder.Damaged(name, $"its {what} is larger than 100000000");
        }

        if (position == start)
            throw BuiltInDecoder.Damaged(name, $"at byte {start} a number ({what}) was expected, but {(start < data.Length ? $"0x{data[start]:X2} was found" : "the file ends")}");
        return number;
    }

    // In P1 the bits need no space between them.
    private int ReadBit()
    {
        SkipSpace();
        if (position >= data.Length || data[position] is not ((byte)'0' or (byte)'1'))
            throw BuiltInDecoder.Damaged(name, $"at byte {position} a bit (0 or 1) was expected");
        return data[position++] - '0';
    }
}
