namespace Gpu.Training.Images.Formats;

/// <summary>The color transform that an Adobe segment (APP14) names.</summary>
internal enum ColorTransform : byte
{
    /// <summary>The components are red, green and blue, or inverted cyan, magenta, yellow and black.</summary>
    None = 0,

    /// <summary>Luma and chroma.</summary>
    YCbCr = 1,

    /// <summary>Luma and chroma of inverted cyan, magenta and yellow, and inverted black.</summary>
    Ycck = 2,
}

/// <summary>What the segments of a JPEG file say, and whether they fit together.</summary>
internal sealed class JpegSegments
{
    /// <summary>The marker in front of a scan.</summary>
    public const byte StartOfScan = 0xDA;

    /// <summary>The last marker.</summary>
    public const byte EndOfImage = 0xD9;

    /// <summary>The marker of Huffman tables.</summary>
    public const byte DefineHuffmanTables = 0xC4;

    /// <summary>The marker of the restart interval.</summary>
    public const byte DefineRestartInterval = 0xDD;

    private const byte DefineQuantization = 0xDB;

    private JpegFrame? _frame;
    private bool _isJfif;
    private byte? _adobeTransform;
    private readonly int[]?[] _quantizationTables = new int[4][];
    private int _dcTables;
    private int _acTables;
    private int _scanned;

    /// <summary>The frame header.</summary>
    public JpegFrame Frame => _frame ?? throw new InvalidDataException("It has no frame header (SOF).");

    /// <summary>The EXIF orientation.</summary>
    public int Orientation { get; private set; } = Formats.Orientation.Upright;

    /// <summary>The segments that a decoder needs, by their markers, and where they are; scans with their data.</summary>
    public List<(byte Marker, Range Bytes)> Kept { get; } = [];

    /// <summary>Takes a segment.</summary>
    /// <returns>Whether a decoder needs it.</returns>
    /// <exception cref="InvalidDataException">It is damaged or does not fit those before, or it means a process that is not supported.</exception>
    public bool Add(byte marker, ReadOnlySpan<byte> content)
    {
        switch (marker)
        {
            case 0xE0:
                _isJfif |= content.StartsWith("JFIF\0"u8);
                return false;
            case 0xE1:
                if (content.StartsWith("Exif\0\0"u8) && Orientation == Formats.Orientation.Upright)
                    Orientation = Formats.Orientation.Read(content);
                return false;
            case 0xEE:
                if (content.StartsWith("Adobe"u8) && content.Length >= 12)
                    _adobeTransform = content[11];
                return false;
            case DefineQuantization:
                AddQuantizationTables(content);
                return true;
            case DefineHuffmanTables:
                AddHuffmanTables(content);
                return true;
            case DefineRestartInterval:
                return true;
            case 0xC0 or 0xC1 or 0xC2:
                if (_frame is not null)
                    throw new InvalidDataException("It has two frame headers (SOF).");
                _frame = new JpegFrame(content, isProgressive: marker == 0xC2);
                return true;
            case >= 0xC3 and <= 0xCF:
                var process = marker switch
                {
                    0xC3 => "lossless JPEG",
                    0xC5 or 0xC6 or 0xC7 => "hierarchical JPEG",
                    _ => "JPEG with arithmetic coding",
                };
                throw new InvalidDataException($"It is {process}, which is not supported. Save it as an ordinary JPEG or as PNG.");
            case StartOfScan:
                AddScan(content);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Checks, at the end of the file, that nothing is missing.</summary>
    public void Complete()
    {
        if (_scanned != (1 << Frame.Components.Length) - 1)
            throw new InvalidDataException("It has an end marker, but not a scan of every component: a part of the image is missing.");
    }

    /// <summary>How the components make colors, by libjpeg's rules; null for gray.</summary>
    public ColorTransform? Transform()
    {
        var components = Frame.Components;
        if (components.Length == 1)
            return null;
        if (components.Length == 4)
            return _adobeTransform is null or 0 ? ColorTransform.None : ColorTransform.Ycck;
        if (_isJfif)
            return ColorTransform.YCbCr;
        if (_adobeTransform is { } transform)
            return transform == 0 ? ColorTransform.None : ColorTransform.YCbCr;
        return (components[0].Id, components[1].Id, components[2].Id) == ('R', 'G', 'B') ? ColorTransform.None : ColorTransform.YCbCr;
    }

    /// <summary>The file with what a decoder needs, and a color transform of choice.</summary>
    /// <param name="data">The file's bytes.</param>
    /// <param name="transform">The transform to name; null for none, of gray images.</param>
    /// <param name="scales">
    /// A factor for the contrast of each component, where 0 makes it constant; samples then have 12 bits, so that 16 leaves the contrast as it is. Null
    /// leaves all as they are.
    /// </param>
    public MemoryStream Write(byte[] data, ColorTransform? transform, int[]? scales = null)
    {
        var jpeg = new MemoryStream(data.Length + 1024);
        jpeg.Write([0xFF, 0xD8]);
        if (transform is { } code)
            jpeg.Write([0xFF, 0xEE, 0, 14, .. "Adobe"u8, 0, 100, 0, 0, 0, 0, (byte)code]);
        for (var i = 0; i < scales?.Length; i++)
        {
            // A table of 16-bit values for each component.
            jpeg.Write([0xFF, DefineQuantization, 0, 131, (byte)(0x10 | i)]);
            foreach (var value in _quantizationTables[Frame.Components[i].Table]!)
            {
                var scaled = Math.Min(value * scales[i], ushort.MaxValue);
                jpeg.Write([(byte)(scaled >> 8), (byte)scaled]);
            }
        }

        foreach (var (marker, bytes) in Kept)
        {
            if (scales is null || marker is not (DefineQuantization or 0xC0 or 0xC1 or 0xC2))
                jpeg.Write(data.AsSpan(bytes));
            else if (marker != DefineQuantization)
                jpeg.Write(Frame12(data.AsSpan(bytes)));
        }

        jpeg.Write([0xFF, EndOfImage]);
        jpeg.Position = 0;
        return jpeg;
    }

    // A frame header with 12 bits a sample, and a quantization table for each component.
    private static byte[] Frame12(ReadOnlySpan<byte> segment)
    {
        var frame = segment.ToArray();
        frame[4] = 12;
        for (var (i, table) = (12, 0); i < frame.Length; i += 3, table++)
            frame[i] = (byte)table;
        return frame;
    }

    private void AddQuantizationTables(ReadOnlySpan<byte> content)
    {
        var reader = new SpanReader(content);
        while (reader.Remaining > 0)
        {
            var table = reader.Byte("a quantization table");
            if (table >> 4 > 1 || (table & 15) > 3)
                throw new InvalidDataException($"It has a quantization table of number and precision {table:X2}, which JPEG does not have.");
            var values = _quantizationTables[table & 15] = new int[64];
            for (var i = 0; i < values.Length; i++)
                values[i] = table >> 4 == 0 ? reader.Byte("a quantization table") : reader.UInt16BigEndian("a quantization table");
        }
    }

    private void AddHuffmanTables(ReadOnlySpan<byte> content)
    {
        var reader = new SpanReader(content);
        while (reader.Remaining > 0)
        {
            var table = reader.Byte("a Huffman table");
            var codes = 0;
            foreach (var count in reader.Bytes(16, "a Huffman table"))
                codes += count;
            reader.Bytes(codes, "a Huffman table");
            if (table >> 4 > 1 || (table & 15) > 3 || codes > 256)
                throw new InvalidDataException($"It has a Huffman table of number {table:X2} with {codes} codes, which JPEG does not have.");
            if (table >> 4 == 0)
                _dcTables |= 1 << (table & 15);
            else
                _acTables |= 1 << (table & 15);
        }
    }

    // A decoder makes buffers for the first scan, so the others must be such as fit it.
    private void AddScan(ReadOnlySpan<byte> content)
    {
        var components = Frame.Components;
        int count = content.IsEmpty ? 0 : content[0];
        if (count == 0 || count > components.Length || content.Length != 4 + (2 * count))
            throw new InvalidDataException($"It has a scan header of {content.Length} bytes for {count} components; the frame has {components.Length}.");
        if (!Frame.IsProgressive && count != 1 && count != components.Length)
            throw new InvalidDataException($"It has a scan of {count} of {components.Length} components, which is not supported. Save it anew.");
        var (first, last, isRefinement) = (content[^3], content[^2], content[^1] >> 4 != 0);
        for (var i = 0; i < count; i++)
        {
            var (id, tables) = (content[1 + (2 * i)], content[2 + (2 * i)]);
            var index = Array.FindIndex(components, component => component.Id == id);
            if (index < 0)
                throw new InvalidDataException($"It has a scan of component {id}, which its frame does not have.");
            if (!Frame.IsProgressive && (_scanned & (1 << index)) != 0)
                throw new InvalidDataException($"It has two scans of component {id}; only progressive JPEG may.");
            var needsDc = !Frame.IsProgressive || (first == 0 && !isRefinement);
            var needsAc = !Frame.IsProgressive || last > 0;
            if ((needsDc && (_dcTables >> (tables >> 4) & 1) == 0) || (needsAc && (_acTables >> (tables & 15) & 1) == 0)
                || _quantizationTables[components[index].Table] is null)
            {
                throw new InvalidDataException($"It has a scan of component {id}, but not the tables for it.");
            }

            _scanned |= 1 << index;
        }
    }
}
