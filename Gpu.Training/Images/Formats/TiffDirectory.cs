using System.Buffers.Binary;

namespace Gpu.Training.Images.Formats;

/// <summary>
/// The first directory (IFD) of a TIFF file or of an EXIF block (TIFF 6.0, section 2). Counts are checked before anything is allocated by them.
/// </summary>
internal readonly ref struct TiffDirectory
{
    private const int EntryBytes = 12;
    private readonly ReadOnlySpan<byte> _data;
    private readonly ReadOnlySpan<byte> _entries;

    /// <param name="data">The file or the block.</param>
    /// <exception cref="InvalidDataException">It is not TIFF, or the directory lies outside.</exception>
    public TiffDirectory(ReadOnlySpan<byte> data)
    {
        _data = data;
        if (data.Length < 8)
            throw SpanReader.Truncated($"a TIFF header has 8 bytes, but the file has {data.Length}");
        IsBigEndian = data[0] == 'M';
        if (!data.StartsWith("II"u8) && !data.StartsWith("MM"u8))
            throw new InvalidDataException("It has no TIFF header.");
        if (UInt16(data[2..]) == 43)
            throw new InvalidDataException("BigTIFF is not supported. Save it as PNG, or as TIFF of less than 4 GB.");
        if (UInt16(data[2..]) != 42)
            throw new InvalidDataException("It has no TIFF header.");

        var offset = UInt32(data[4..]);
        if (offset + 2L > data.Length)
            throw SpanReader.Truncated($"its directory begins at byte {offset}, but the file has only {data.Length} bytes");
        var bytes = EntryBytes * UInt16(data[(int)offset..]);
        if (offset + 2L + bytes > data.Length)
            throw SpanReader.Truncated($"its directory of {bytes} bytes begins at byte {offset + 2L}, but the file has only {data.Length} bytes");
        _entries = data.Slice((int)offset + 2, bytes);
    }

    /// <summary>Whether the high byte of a number comes first.</summary>
    public bool IsBigEndian { get; }

    /// <summary>Whether there is a tag.</summary>
    public bool Has(int tag) => !Find(tag).IsEmpty;

    /// <summary>The only, or first, number of a tag.</summary>
    /// <exception cref="InvalidDataException">The tag has another type, or its values lie outside the file.</exception>
    public long Number(int tag, long standard) => Has(tag) ? Numbers(tag, limit: 1)[0] : standard;

    /// <summary>All numbers of a tag, an empty array where it is missing.</summary>
    /// <param name="tag">The tag.</param>
    /// <param name="limit">The most that are wanted.</param>
    /// <exception cref="InvalidDataException">The tag has another type, or its values lie outside the file.</exception>
    public uint[] Numbers(int tag, int limit = int.MaxValue)
    {
        var entry = Find(tag);
        if (entry.IsEmpty)
            return [];
        var (type, count) = (UInt16(entry[2..]), UInt32(entry[4..]));
        var size = type switch
        {
            1 => 1,
            3 => 2,
            4 => 4,
            _ => throw new InvalidDataException($"TIFF tag {tag} has values of type {type}; 1 (byte), 3 (short) or 4 (long) were expected."),
        };
        if (count == 0)
            throw new InvalidDataException($"TIFF tag {tag} has no values.");
        var bytes = size * (long)count;
        var values = entry[8..];
        if (bytes > 4)
        {
            var offset = UInt32(values);
            if (offset + bytes > _data.Length)
                throw SpanReader.Truncated($"the {bytes} bytes of TIFF tag {tag} begin at byte {offset}, but the file has only {_data.Length} bytes");
            values = _data[(int)offset..];
        }

        var numbers = new uint[(int)Math.Min(count, limit)];
        for (var i = 0; i < numbers.Length; i++)
        {
            var value = values[(i * size)..];
            numbers[i] = size switch { 1 => value[0], 2 => UInt16(value), _ => UInt32(value) };
        }

        return numbers;
    }

    private ReadOnlySpan<byte> Find(int tag)
    {
        for (var entries = _entries; !entries.IsEmpty; entries = entries[EntryBytes..])
        {
            if (UInt16(entries) == tag)
                return entries[..EntryBytes];
        }

        return default;
    }

    private ushort UInt16(ReadOnlySpan<byte> bytes) =>
        IsBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private uint UInt32(ReadOnlySpan<byte> bytes) =>
        IsBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
