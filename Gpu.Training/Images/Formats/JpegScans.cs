namespace Gpu.Training.Images.Formats;

/// <summary>
/// Checks that the scans of a sequential JPEG file hold all blocks (ITU-T T.81, annex F), by reading their Huffman codes without decoding the image. ImageSharp
/// 2.1.13 makes up the blocks of a scan that ends early. Progressive files are not checked: their scans depend on those before.
/// </summary>
internal static class JpegScans
{
    private const int BlockSide = 8;
    private const int BlockCoefficients = 64;

    /// <summary>Fails where a scan ends before its last block, or has bits that are no code.</summary>
    /// <exception cref="InvalidDataException">The file is truncated or damaged.</exception>
    public static void Check(ReadOnlySpan<byte> data, JpegSegments file)
    {
        var (dc, ac, restartInterval) = (new HuffmanTable?[4], new HuffmanTable?[4], 0);
        foreach (var (marker, bytes) in file.Kept)
        {
            var segment = data[bytes];
            var length = (segment[2] << 8) | segment[3];
            var content = segment[4..(2 + length)];
            switch (marker)
            {
                case JpegSegments.DefineHuffmanTables:
                    for (var reader = new SpanReader(content); reader.Remaining > 0;)
                    {
                        var kind = reader.Byte("a Huffman table");
                        var counts = reader.Bytes(16, "a Huffman table");
                        var codes = 0;
                        foreach (var count in counts)
                            codes += count;
                        (kind >> 4 == 0 ? dc : ac)[kind & 3] = new HuffmanTable(counts, reader.Bytes(codes, "a Huffman table"));
                    }

                    break;
                case JpegSegments.DefineRestartInterval:
                    restartInterval = content.Length >= 2 ? (content[0] << 8) | content[1] : 0;
                    break;
                case JpegSegments.StartOfScan:
                    CheckScan(file.Frame, content, segment[(2 + length)..], dc, ac, restartInterval);
                    break;
            }
        }
    }

    private static void CheckScan(
        JpegFrame frame, ReadOnlySpan<byte> header, ReadOnlySpan<byte> codes, HuffmanTable?[] dc, HuffmanTable?[] ac, int restartInterval)
    {
        List<(HuffmanTable Dc, HuffmanTable Ac)> blocks = [];
        var first = header[1];
        for (var i = 0; i < header[0]; i++)
        {
            var (id, tables) = (header[1 + (2 * i)], header[2 + (2 * i)]);
            var component = Array.Find(frame.Components, one => one.Id == id)!;
            var count = header[0] == 1 ? 1 : component.Across * component.Down;
            blocks.AddRange(Enumerable.Repeat((dc[tables >> 4]!, ac[tables & 15]!), count));
        }

        // A scan of one component has its blocks row after row; in others, each unit has the blocks of all components.
        var (across, down) = (frame.Components.Max(one => one.Across), frame.Components.Max(one => one.Down));
        var only = Array.Find(frame.Components, one => one.Id == first)!;
        var units = header[0] == 1
            ? (long)Blocks(Ceiling(frame.Width * only.Across, across)) * Blocks(Ceiling(frame.Height * only.Down, down))
            : (long)Ceiling(frame.Width, BlockSide * across) * Ceiling(frame.Height, BlockSide * down);
        var reader = new CodeReader(codes);
        for (var unit = 0L; unit < units; unit++)
        {
            if (restartInterval > 0 && unit > 0 && unit % restartInterval == 0)
                reader.Restart();
            foreach (var (dcTable, acTable) in blocks)
                reader.SkipBlock(dcTable, acTable);
        }
    }

    private static int Blocks(int size) => Ceiling(size, BlockSide);

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;

    private sealed class HuffmanTable
    {
        private const int FastBits = 9;
        private const int LongestCode = 16;

        private readonly ushort[] _fast = new ushort[1 << FastBits];
        private readonly int[] _limits = new int[LongestCode + 1];
        private readonly int[] _offsets = new int[LongestCode + 1];
        private readonly byte[] _values;

        public HuffmanTable(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> values)
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
                        _fast.AsSpan(code << (FastBits - length), 1 << (FastBits - length)).Fill((ushort)((length << 8) | _values[index]));
                }

                // Codes of this length, left-aligned to 16 bits, are below it.
                _limits[length] = code << (LongestCode - length);
                code <<= 1;
            }
        }

        /// <summary>The symbol at the beginning of 16 bits, and the length of its code.</summary>
        public (int Symbol, int Length) Find(int bits)
        {
            var fast = _fast[bits >> (LongestCode - FastBits)];
            if (fast != 0)
                return (fast & 255, fast >> 8);
            for (var length = FastBits + 1; length <= LongestCode; length++)
            {
                if (bits < _limits[length])
                    return (_values[_offsets[length] + (bits >> (LongestCode - length))], length);
            }

            throw new InvalidDataException("It has bits that are no Huffman code; the file is damaged.");
        }
    }

    private ref struct CodeReader(ReadOnlySpan<byte> data)
    {
        private readonly ReadOnlySpan<byte> _data = data;
        private int _position;
        private ulong _bits;
        private int _count;

        public void SkipBlock(HuffmanTable dc, HuffmanTable ac)
        {
            Skip(Symbol(dc));
            for (var i = 1; i < BlockCoefficients; i++)
            {
                var symbol = Symbol(ac);
                if ((symbol & 15) != 0)
                {
                    i += symbol >> 4;
                    Skip(symbol & 15);
                }
                else if (symbol == 0xF0)
                {
                    i += 15;
                }
                else
                {
                    break; // End of the block.
                }
            }
        }

        /// <summary>Goes behind the next restart marker.</summary>
        public void Restart()
        {
            (_bits, _count) = (0, 0);
            while (true)
            {
                var found = _data[_position..].IndexOf((byte)0xFF);
                if (found < 0 || _position + found + 1 >= _data.Length)
                    throw End();
                _position += found + 1;
                if (_data[_position] is >= 0xD0 and <= 0xD7)
                {
                    _position++;
                    return;
                }
            }
        }

        private int Symbol(HuffmanTable table)
        {
            if (_count < 16)
                Fill();

            // Bits behind the end are zeros here; taking one of them is the error.
            var bits = (int)(_count >= 16 ? _bits >> (_count - 16) : _bits << (16 - _count)) & 0xFFFF;
            var (symbol, length) = table.Find(bits);
            Skip(length);
            return symbol;
        }

        private void Skip(int length)
        {
            if (_count < length)
                Fill();
            if (_count < length)
                throw End();
            _count -= length;
        }

        private void Fill()
        {
            while (_count <= 48 && _position < _data.Length)
            {
                var value = _data[_position];
                if (value == 0xFF)
                {
                    var next = _position + 1 < _data.Length ? _data[_position + 1] : JpegSegments.EndOfImage;
                    if (next == 0xFF)
                    {
                        _position++;
                        continue;
                    }

                    if (next != 0)
                        return;
                    _position++;
                }

                _position++;
                _bits = (_bits << 8) | value;
                _count += 8;
            }
        }

        private static InvalidDataException End() => SpanReader.Truncated("a scan ends before its last block");
    }
}
