namespace Gpu.Training.Images.Formats;

/// <summary>
/// Checks that the scans of a JPEG file hold all blocks (ITU-T T.81, annexes F and G), by reading their Huffman codes without decoding the image. ImageSharp
/// 2.1.13 makes up the blocks of a scan that ends early.
/// </summary>
internal sealed class JpegScans
{
    private const int BlockSide = 8;

    private readonly JpegFrame _frame;
    private readonly JpegHuffmanTable?[] _dc = new JpegHuffmanTable?[4];
    private readonly JpegHuffmanTable?[] _ac = new JpegHuffmanTable?[4];

    // Of a progressive file: which coefficients of each block of a component are not 0 so far, because refining scans have a bit for each of those.
    private readonly ulong[]?[] _nonzero;
    private int _restartInterval;

    private JpegScans(JpegFrame frame)
    {
        _frame = frame;
        _nonzero = new ulong[frame.Components.Length][];
    }

    /// <summary>Fails where a scan ends before its last block, or has bits that are no code.</summary>
    /// <exception cref="InvalidDataException">The file is truncated or damaged.</exception>
    public static void Check(ReadOnlySpan<byte> data, JpegSegments file)
    {
        var scans = new JpegScans(file.Frame);
        foreach (var (marker, bytes) in file.Kept)
        {
            var segment = data[bytes];
            var length = (segment[2] << 8) | segment[3];
            scans.Add(marker, segment[4..(2 + length)], segment[(2 + length)..]);
        }
    }

    private void Add(byte marker, ReadOnlySpan<byte> content, ReadOnlySpan<byte> codes)
    {
        switch (marker)
        {
            case JpegSegments.DefineHuffmanTables:
                for (var reader = new SpanReader(content); reader.Remaining > 0;)
                {
                    var kind = reader.Byte("a Huffman table");
                    var counts = reader.Bytes(16, "a Huffman table");
                    var symbols = 0;
                    foreach (var count in counts)
                        symbols += count;
                    (kind >> 4 == 0 ? _dc : _ac)[kind & 3] = new JpegHuffmanTable(counts, reader.Bytes(symbols, "a Huffman table"));
                }

                break;
            case JpegSegments.DefineRestartInterval:
                _restartInterval = content.Length >= 2 ? (content[0] << 8) | content[1] : 0;
                break;
            case JpegSegments.StartOfScan when !_frame.IsProgressive || content[^3] == 0:
                CheckInterleaved(content, codes);
                break;
            case JpegSegments.StartOfScan:
                CheckSpectral(content, codes);
                break;
        }
    }

    // All of a sequential scan, or the first coefficients (DC) of a progressive one.
    private void CheckInterleaved(ReadOnlySpan<byte> header, ReadOnlySpan<byte> codes)
    {
        var isRefinement = header[^1] >> 4 != 0;
        if (_frame.IsProgressive && header[^2] != 0)
            throw new InvalidDataException("It has a progressive scan of the first and of other coefficients, which JPEG does not allow; the file is damaged.");
        List<(JpegHuffmanTable? Dc, JpegHuffmanTable? Ac)> blocks = [];
        for (var i = 0; i < header[0]; i++)
        {
            var component = _frame.Components[IndexOf(header[1 + (2 * i)])];
            var tables = header[2 + (2 * i)];
            blocks.AddRange(Enumerable.Repeat((_dc[tables >> 4 & 3], _ac[tables & 3]), header[0] == 1 ? 1 : component.Across * component.Down));
        }

        // A scan of one component has its blocks row after row; in others, each unit has the blocks of all components.
        var (columns, rows) = header[0] == 1 ? BlocksOf(IndexOf(header[1]))
            : (Ceiling(_frame.Width, BlockSide * _frame.Across), Ceiling(_frame.Height, BlockSide * _frame.Down));
        var units = (long)columns * rows;
        var all = blocks.ToArray();
        var reader = new JpegBits(codes);
        for (var unit = 0L; unit < units; unit++)
        {
            if (_restartInterval > 0 && unit > 0 && unit % _restartInterval == 0)
                reader.Restart();
            if (!_frame.IsProgressive)
            {
                foreach (var (dc, ac) in all)
                    reader.SkipBlock(dc!, ac!);
            }
            else if (isRefinement)
            {
                reader.Skip(all.Length);
            }
            else
            {
                foreach (var (dc, _) in all)
                    reader.Skip(reader.Symbol(dc!));
            }
        }
    }

    // A progressive scan of other coefficients (AC) of one component.
    private void CheckSpectral(ReadOnlySpan<byte> header, ReadOnlySpan<byte> codes)
    {
        var (first, last, isRefinement) = (header[^3], header[^2], header[^1] >> 4 != 0);
        if (header[0] != 1 || first > last || last > 63)
            throw new InvalidDataException($"It has a progressive scan of {header[0]} components, coefficients {first} to {last}; the file is damaged.");
        var index = IndexOf(header[1]);
        var (columns, rows) = BlocksOf(index);
        var blocks = _nonzero[index] ??= new ulong[(long)columns * rows];
        var table = _ac[header[2] & 3]!;
        var reader = new JpegBits(codes);
        var run = 0;
        for (var block = 0; block < blocks.Length; block++)
        {
            if (_restartInterval > 0 && block > 0 && block % _restartInterval == 0)
            {
                reader.Restart();
                run = 0;
            }

            if (isRefinement)
                Refine(ref reader, table, ref blocks[block], first, last, ref run);
            else if (run > 0)
                run--;
            else
                ReadFirst(ref reader, table, ref blocks[block], first, last, out run);
        }
    }

    // T.81, G.1.2.2. The run is the number of blocks behind this one that have no coefficients.
    private static void ReadFirst(ref JpegBits reader, JpegHuffmanTable table, ref ulong nonzero, int first, int last, out int run)
    {
        run = 0;
        for (var k = first; k <= last; k++)
        {
            var symbol = reader.Symbol(table);
            var (zeros, size) = (symbol >> 4, symbol & 15);
            if (size != 0)
            {
                k += zeros;
                reader.Skip(size);
                if (k <= last)
                    nonzero |= 1UL << k;
            }
            else if (zeros == 15)
            {
                k += 15;
            }
            else
            {
                run = (1 << zeros) + reader.Read(zeros) - 1;
                return;
            }
        }
    }

    // T.81, G.1.2.3. The run includes this block.
    private static void Refine(ref JpegBits reader, JpegHuffmanTable table, ref ulong nonzero, int first, int last, ref int run)
    {
        var k = first;
        while (run == 0 && k <= last)
        {
            var symbol = reader.Symbol(table);
            var (zeros, isNew) = (symbol >> 4, (symbol & 15) != 0);
            if (isNew)
            {
                reader.Skip(1);
            }
            else if (zeros < 15)
            {
                run = (1 << zeros) + reader.Read(zeros);
                break;
            }

            for (; k <= last; k++)
            {
                if ((nonzero >> k & 1) != 0)
                    reader.Skip(1);
                else if (--zeros < 0)
                    break;
            }

            if (isNew && k <= last)
                nonzero |= 1UL << k;
            k++;
        }

        if (run == 0)
            return;
        for (; k <= last; k++)
        {
            if ((nonzero >> k & 1) != 0)
                reader.Skip(1);
        }

        run--;
    }

    private int IndexOf(byte id) => Array.FindIndex(_frame.Components, component => component.Id == id);

    // Columns and rows of blocks of a component by itself.
    private (int Columns, int Rows) BlocksOf(int index)
    {
        var (across, down) = _frame.Ratio(_frame.Components[index]);
        return (Ceiling(Ceiling(_frame.Width, across), BlockSide), Ceiling(Ceiling(_frame.Height, down), BlockSide));
    }

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;
}
