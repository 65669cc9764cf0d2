namespace Gpu.Training.Images.Formats;

/// <summary>
/// Reads the beginning of a lossless WebP image (RFC 9649, section 3) to learn how many groups of Huffman codes it has. ImageSharp 2.1.13 allocates 40 kB
/// for each of up to 65,536 groups, and a damaged bit in a small file can make it so many. Libwebp writes at most 2600, and each is used in the image.
/// </summary>
internal ref struct WebpLosslessCodes
{
    private const int HeaderBits = 40;
    private const int MostGroups = 5000;
    private const int Literals = 256;
    private const int LengthCodes = 24;
    private const int DistanceCodes = 40;

    private readonly ReadOnlySpan<byte> _data;
    private long _bit;

    private WebpLosslessCodes(ReadOnlySpan<byte> data)
    {
        _data = data;
        _bit = HeaderBits;
    }

    // Section 3.7.2.1.2: the order in which the lengths of the codes of lengths are stored.
    private static ReadOnlySpan<byte> LengthOrder => [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    /// <summary>Fails where the image has more groups than it can use.</summary>
    /// <exception cref="InvalidDataException">It has, or it is damaged or truncated.</exception>
    public static void Check(ReadOnlySpan<byte> image, int width, int height)
    {
        var codes = new WebpLosslessCodes(image);
        while (codes.Read(1) != 0)
        {
            switch (codes.Read(2))
            {
                case 0 or 1: // Prediction and colors, each with an image of its settings.
                    var shift = codes.Read(3) + 2;
                    codes.SkipImage(Blocks(width, shift), Blocks(height, shift));
                    break;
                case 3: // A palette; several indices are packed into a pixel.
                    var colors = codes.Read(8) + 1;
                    codes.SkipImage(colors, 1);
                    width = Blocks(width, colors switch { <= 2 => 3, <= 4 => 2, <= 16 => 1, _ => 0 });
                    break;
            }
        }

        if (codes.Read(1) != 0)
            codes.Read(4);
        if (codes.Read(1) == 0)
            return;
        var precision = codes.Read(3) + 2;
        var (columns, rows) = (Blocks(width, precision), Blocks(height, precision));
        var groups = codes.SkipImage(columns, rows) + 1;
        if (groups > Math.Min(MostGroups, (columns * rows) + 255))
            throw new InvalidDataException($"It has codes for {groups} kinds of blocks, but only {columns * rows} blocks; the file is damaged.");
    }

    private static int Blocks(int size, int shift) => (size + (1 << shift) - 1) >> shift;

    private int Read(int count)
    {
        if (_bit + count > _data.Length * 8L)
            throw SpanReader.Truncated("its image ends in the middle of its codes");
        var value = 0;
        for (var i = 0; i < count; i++, _bit++)
            value |= (_data[(int)(_bit >> 3)] >> (int)(_bit & 7) & 1) << i;
        return value;
    }

    // Returns the largest number that red and green can make in it, which in the image of groups is the largest group.
    private int SkipImage(int columns, int rows)
    {
        var cacheBits = Read(1) != 0 ? Read(4) : 0;
        var green = ReadCode(Literals + LengthCodes + (cacheBits > 0 ? 1 << cacheBits : 0));
        var (red, blue, alpha, distance) = (ReadCode(Literals), ReadCode(Literals), ReadCode(Literals), ReadCode(DistanceCodes));
        for (var left = (long)columns * rows; left > 0;)
        {
            var symbol = ReadSymbol(green);
            if (symbol is >= Literals and < Literals + LengthCodes)
            {
                left -= ReadPrefixed(symbol - Literals);
                ReadPrefixed(ReadSymbol(distance));
                continue;
            }

            left--;
            if (symbol < Literals)
            {
                ReadSymbol(red);
                ReadSymbol(blue);
                ReadSymbol(alpha);
            }
        }

        return (red.Largest(Literals) << 8) | green.Largest(Literals);
    }

    private int ReadPrefixed(int symbol)
    {
        if (symbol < 4)
            return symbol + 1;
        var extra = (symbol - 2) >> 1;
        return ((2 + (symbol & 1)) << extra) + Read(extra) + 1;
    }

    private Code ReadCode(int symbols)
    {
        var lengths = new byte[Math.Max(symbols, Literals)];
        if (Read(1) != 0)
        {
            var count = Read(1) + 1;
            lengths[Read(1) == 0 ? Read(1) : Read(8)] = 1;
            if (count == 2)
                lengths[Read(8)] = 1;
            return new Code(lengths);
        }

        var lengthLengths = new byte[LengthOrder.Length];
        var stored = Read(4) + 4;
        for (var i = 0; i < stored; i++)
            lengthLengths[LengthOrder[i]] = (byte)Read(3);
        var lengthCode = new Code(lengthLengths);
        var most = Read(1) != 0 ? 2 + Read(2 + (2 * Read(3))) : symbols;
        var previous = 8;
        for (var i = 0; i < symbols && most-- > 0;)
        {
            var length = ReadSymbol(lengthCode);
            if (length < 16)
            {
                previous = length != 0 ? length : previous;
                lengths[i++] = (byte)length;
                continue;
            }

            var repeat = length switch { 16 => 3 + Read(2), 17 => 3 + Read(3), _ => 11 + Read(7) };
            if (i + repeat > symbols)
                throw new InvalidDataException("It has a code with too many lengths; the file is damaged.");
            lengths.AsSpan(i, repeat).Fill((byte)(length == 16 ? previous : 0));
            i += repeat;
        }

        return new Code(lengths);
    }

    private int ReadSymbol(Code code)
    {
        if (code.Single is { } single)
            return single;
        var (value, first, index) = (0, 0, 0);
        for (var length = 1; length < code.Counts.Length; length++)
        {
            value |= Read(1);
            var count = code.Counts[length];
            if (value - first < count)
                return code.Symbols[index + value - first];
            (index, first, value) = (index + count, (first + count) << 1, value << 1);
        }

        throw new InvalidDataException("It has bits that are no code; the file is damaged.");
    }

    // A canonical Huffman code: how many codes there are of each length, and the symbols in the order of their codes.
    private sealed class Code
    {
        public Code(byte[] lengths)
        {
            foreach (var length in lengths)
                Counts[length]++;
            Counts[0] = 0;
            Symbols = [.. Enumerable.Range(0, lengths.Length).Where(symbol => lengths[symbol] != 0).OrderBy(symbol => lengths[symbol])];
            if (Symbols.Length == 0)
                throw new InvalidDataException("It has a code without symbols; the file is damaged.");
            Single = Symbols.Length == 1 ? Symbols[0] : null;
        }

        public int[] Counts { get; } = new int[16];

        public int[] Symbols { get; }

        /// <summary>The only symbol, which takes no bits.</summary>
        public int? Single { get; }

        public int Largest(int below) => Symbols.Where(symbol => symbol < below).DefaultIfEmpty(0).Max();
    }
}
