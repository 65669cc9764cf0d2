namespace Gpu.Training.Images.Formats;

/// <summary>A Huffman table of JPEG (ITU-T T.81, annex C), to pass over codes and the bits behind them.</summary>
internal sealed class JpegHuffmanTable
{
    /// <summary>The number of bits that <see cref="Steps"/> is for.</summary>
    public const int FastBits = 10;

    private const int LongestCode = 16;

    // For the first bits of a code: its symbol, and its length in the bits from 8; 0 for longer codes.
    private readonly ushort[] _fast = new ushort[1 << FastBits];
    private readonly ushort[] _steps = new ushort[1 << FastBits];
    private readonly int[] _limits = new int[LongestCode + 1];
    private readonly int[] _offsets = new int[LongestCode + 1];
    private readonly byte[] _values;

    /// <summary>Builds the table.</summary>
    /// <param name="counts">The number of codes of each length, 1 to 16.</param>
    /// <param name="values">Their symbols.</param>
    /// <exception cref="InvalidDataException">There are more codes of a length than bits allow.</exception>
    public JpegHuffmanTable(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> values)
    {
        _values = values.ToArray();
        var (code, index) = (0, 0);
        for (var length = 1; length <= LongestCode; length++)
        {
            _offsets[length] = index - code;
            for (var i = 0; i < counts[length - 1]; i++, code++, index++)
            {
                if (code >= 1 << length)
                    throw new InvalidDataException("It has a Huffman table with more codes than there are; the file is damaged.");
                if (length <= FastBits)
                {
                    var codes = new Range(code << (FastBits - length), (code + 1) << (FastBits - length));
                    _fast.AsSpan(codes).Fill((ushort)((length << 8) | _values[index]));
                    _steps.AsSpan(codes).Fill(Step(_values[index], length));
                }
            }

            // Codes of this length, left-aligned to 16 bits, are below it.
            _limits[length] = code << (LongestCode - length);
            code <<= 1;
        }
    }

    /// <summary>
    /// For the next bits in a block of a sequential scan: how many bits the code and the number behind it have, and from bit 8 how many coefficients they are
    /// for, which is 64 at the end of the block; 0 for longer codes.
    /// </summary>
    public ReadOnlySpan<ushort> Steps => _steps;

    /// <summary>The symbol at the beginning of 16 bits, and from bit 8 the length of its code.</summary>
    /// <exception cref="InvalidDataException">The bits are no code.</exception>
    public int Find(int bits)
    {
        int fast = _fast[bits >> (LongestCode - FastBits)];
        return fast != 0 ? fast : FindLong(bits);
    }

    // A symbol is a number of zeros before a coefficient, and the number of bits of that.
    private static ushort Step(byte symbol, int length)
    {
        var (zeros, size) = (symbol >> 4, symbol & 15);
        var coefficients = size != 0 ? zeros + 1 : symbol == 0xF0 ? 16 : 64;
        return (ushort)((coefficients << 8) | (length + size));
    }

    private int FindLong(int bits)
    {
        for (var length = FastBits + 1; length <= LongestCode; length++)
        {
            if (bits < _limits[length])
                return (length << 8) | _values[_offsets[length] + (bits >> (LongestCode - length))];
        }

        throw new InvalidDataException("It has bits that are no Huffman code; the file is damaged.");
    }
}
