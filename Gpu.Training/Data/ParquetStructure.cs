using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Globalization;

namespace Gpu.Training.Data;

/// <summary>
/// Checks the metadata of a Parquet file, which are structs of the Thrift compact protocol, before Parquet.Net reads them. Parquet.Net 6.1 reads a field as the
/// type that its number stands for, whatever type the file says; takes the byte after the end for 255; and allocates the lengths that it finds. A damaged
/// byte can make it read for ever, or allocate 2 GB. Source of the table: parquet.thrift of Apache Parquet.
/// </summary>
internal sealed class ParquetStructure
{
    // Wire types of the compact protocol.
    private const int True = 1, False = 2, Byte = 3, Int16 = 4, Int64 = 6, Double = 7, Binary = 8, List = 9, Struct = 12;

    // Parquet.Net builds the schema recursively.
    private const int MostSchemaElements = 10_000, DeepestSchema = 64;

    // A struct a line: field number and type. i: integer, b: bytes, t: true or false, c: byte, d: double, {X: struct X, [: list of what follows.
    private const string Table = """
        FileMetaData 1i 2[{SchemaElement 3i 4[{RowGroup 5[{KeyValue 6b 7[{ColumnOrder 8{Encryption 9b
        SchemaElement 1i 2i 3i 4b 5i 6i 7i 8i 9i 10{LogicalType
        LogicalType 1{Empty 2{Empty 3{Empty 4{Empty 5{Decimal 6{Empty 7{Time 8{Time 10{Int 11{Empty 12{Empty 13{Empty 14{Empty 15{Empty 16{Variant 17{Geo 18{Geo
        Empty
        Decimal 1i 2i
        Time 1t 2{TimeUnit
        TimeUnit 1{Empty 2{Empty 3{Empty
        Int 1c 2t
        Variant 1c
        Geo 1b 2i
        RowGroup 1[{ColumnChunk 2i 3i 4[{SortingColumn 5i 6i 7i
        ColumnChunk 1b 2i 3{ColumnMetaData 4i 5i 6i 7i 8{Crypto 9b
        ColumnMetaData 1i 2[i 3[b 4i 5i 6i 7i 8[{KeyValue 9i 10i 11i 12{Statistics 13[{PageEncodingStats 14i 15i 16{SizeStatistics 17{GeoStatistics
        KeyValue 1b 2b
        Statistics 1b 2b 3i 4i 5b 6b 7t 8t
        PageEncodingStats 1i 2i 3i
        SizeStatistics 1i 2[i 3[i
        GeoStatistics 1{Box 2[i
        Box 1d 2d 3d 4d 5d 6d 7d 8d
        Crypto 1{Empty 2{ColumnKey
        ColumnKey 1[b 2b
        SortingColumn 1i 2t 3t
        ColumnOrder 1{Empty
        Encryption 1{Aes 2{Aes
        Aes 1b 2b 3t
        PageHeader 1i 2i 3i 4i 5{DataPage 6{Empty 7{DictionaryPage 8{DataPage2
        DataPage 1i 2i 3i 4i 5{Statistics
        DictionaryPage 1i 2i 3t
        DataPage2 1i 2i 3i 4i 5i 6i 7t 8{Statistics
        """;

    private static readonly FrozenDictionary<string, FrozenDictionary<int, string>> Structs = Parse();

    private readonly List<long> _children = [];

    private ParquetStructure()
    {
    }

    /// <summary>The integers that were read, by struct and field, such as "PageHeader.3"; the last one of each.</summary>
    public Dictionary<string, long> Values { get; } = [];

    /// <summary>Checks the metadata at the end of a file.</summary>
    /// <exception cref="InvalidDataException">they are damaged</exception>
    public static void CheckFooter(Stream file)
    {
        const int tail = 8, magic = 4;
        if (file.Length < tail + magic) throw new InvalidDataException($"it has {file.Length} bytes, too few for a Parquet file");
        Span<byte> ending = stackalloc byte[tail];
        file.Position = file.Length - tail;
        file.ReadExactly(ending);
        if (!ending[magic..].SequenceEqual("PAR1"u8)) throw new InvalidDataException("it does not end with PAR1: it is truncated, or no Parquet file");
        var length = BinaryPrimitives.ReadInt32LittleEndian(ending);
        if (length < 1 || length > file.Length - tail - magic)
            throw new InvalidDataException($"its metadata would have {length:N0} bytes, but the file has {file.Length:N0}");
        var data = new byte[length];
        file.Position = file.Length - tail - length;
        file.ReadExactly(data);
        file.Position = 0;
        var structure = new ParquetStructure();
        var at = 0;
        structure.CheckStruct("FileMetaData", data, ref at);
        structure.CheckSchema();
    }

    /// <summary>Checks the headers of the pages of a column, and the lengths that they promise.</summary>
    /// <param name="file">the file; its position is changed</param>
    /// <param name="offset">offset of the first page</param>
    /// <param name="values">values of the column, nulls included</param>
    /// <param name="isSnappy">whether pages are compressed by Snappy</param>
    /// <exception cref="InvalidDataException">a header is damaged</exception>
    public static void CheckPages(Stream file, long offset, long values, bool isSnappy)
    {
        for (long found = 0; found < values;)
        {
            var header = ReadHeader(file, ref offset);
            var (compressed, uncompressed) = (header.Get("PageHeader.3"), header.Get("PageHeader.2"));
            if (compressed < 0 || compressed > file.Length - offset || uncompressed < 0 || uncompressed > MostUncompressed(compressed))
            {
                throw new InvalidDataException(
                    $"a page at byte {offset:N0} would have {compressed:N0} bytes, {uncompressed:N0} uncompressed, which do not fit {file.Length:N0} bytes");
            }

            CheckCompressed(file, offset + header.Get("DataPage2.5") + header.Get("DataPage2.6"), compressed, isSnappy);
            offset += compressed;
            var page = header.Values.ContainsKey("DataPage2.1") ? "DataPage2" : "DataPage";
            var isDictionary = header.Get("PageHeader.1") == 2;
            var count = header.Get(isDictionary ? "DictionaryPage.1" : $"{page}.1");
            var levels = (header.Get("DataPage2.5"), header.Get("DataPage2.6"));
            var isRight = isDictionary ? count >= 0 && count <= uncompressed : count > 0 && count <= values - found;
            if (!isRight || levels.Item1 < 0 || levels.Item2 < 0 || levels.Item1 + levels.Item2 > compressed || header.Get("DataPage2.2") is var nulls
                && (nulls < 0 || nulls > count))
                throw new InvalidDataException($"a page before byte {offset:N0} would have {count:N0} of {values:N0} values");
            if (!isDictionary) found += count;
        }
    }

    // Repeated values compress by any factor, but a page of them is small. Deflate expands by 1032 at most.
    private static long MostUncompressed(long compressed) => (16 << 20) + 1100 * compressed;

    // Snappy and Zstandard say how long the data are, which the libraries allocate.
    private static void CheckCompressed(Stream file, long offset, long compressed, bool isSnappy)
    {
        Span<byte> start = stackalloc byte[18];
        if (offset < 0 || offset > file.Length) return;
        file.Position = offset;
        start = start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        ulong length = 0;
        if (start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]) && start.Length == 18)
        {
            var (flag, isSingle) = (start[4] >> 6, (start[4] & 0x20) != 0);
            var at = 5 + (isSingle ? 0 : 1) + ((start[4] & 3) is var id && id == 3 ? 4 : id);
            length = flag switch
            {
                0 => isSingle ? start[at] : 0UL,
                1 => BinaryPrimitives.ReadUInt16LittleEndian(start[at..]),
                2 => BinaryPrimitives.ReadUInt32LittleEndian(start[at..]),
                _ => BinaryPrimitives.ReadUInt64LittleEndian(start[at..]),
            };
        }

        else if (isSnappy && start.Length > 0)
        {
            var at = 0;
            length = ReadUnsigned(start, ref at);
        }

        // Snappy copies 64 bytes at most for each 3.
        if (length > (ulong)(isSnappy ? 64 + 22 * compressed : MostUncompressed(compressed)))
            throw new InvalidDataException($"a page at byte {offset:N0} would have {length:N0} bytes uncompressed, which do not fit {file.Length:N0} bytes");
    }

    // The statistics of a page may hold whole values, so that a header can be long.
    private static ParquetStructure ReadHeader(Stream file, ref long offset)
    {
        for (var most = 1 << 12; ; most <<= 4)
        {
            if (offset < 0 || offset >= file.Length) throw new InvalidDataException($"a page would begin at byte {offset:N0} of {file.Length:N0}");
            var data = new byte[Math.Min(most, file.Length - offset)];
            file.Position = offset;
            file.ReadExactly(data);
            var structure = new ParquetStructure();
            var at = 0;
            try
            {
                structure.CheckStruct("PageHeader", data, ref at);
                offset += at;
                return structure;
            }
            catch (EndOfStreamException e)
            {
                if (data.Length == file.Length - offset || most > 1 << 24)
                    throw new InvalidDataException($"the header of a page at byte {offset:N0} does not end", e);
            }
        }
    }

    private long Get(string field) => Values.GetValueOrDefault(field);

    // Nested as the table is: a struct holds no struct of its own kind.
    private void CheckStruct(string name, ReadOnlySpan<byte> data, ref int at)
    {
        var fields = Structs[name];
        var id = 0;
        var children = 0L;
        while (Next(data, ref at) is var header && header != 0)
        {
            id = header >> 4 == 0 ? (int)Math.Clamp(ReadInteger(data, ref at), short.MinValue, short.MaxValue) : id + (header >> 4);
            var wire = header & 15;
            if (fields.TryGetValue(id, out var kind)) CheckValue($"{name}.{id}", kind, wire, isElement: false, data, ref at);
            else if (wire is >= True and <= Binary) SkipScalar(wire, data, ref at);
            else throw new InvalidDataException($"its metadata have the unknown field {id} of {name}");
            if (name == "SchemaElement" && id == 5) children = Values["SchemaElement.5"];
        }

        if (name == "SchemaElement") _children.Add(children);
    }

    private void CheckValue(string field, string kind, int wire, bool isElement, ReadOnlySpan<byte> data, ref int at)
    {
        switch (kind[0])
        {
            case 'i' when wire is >= Int16 and <= Int64: Values[field] = ReadInteger(data, ref at); break;
            case 't' when wire is True or False && !isElement: break;
            case 'b' when wire == Binary: SkipScalar(wire, data, ref at); break;
            case 'c' when wire == Byte: SkipScalar(wire, data, ref at); break;
            case 'd' when wire == Double: SkipScalar(wire, data, ref at); break;
            case '{' when wire == Struct: CheckStruct(kind[1..], data, ref at); break;
            case '[' when wire == List:
                var header = Next(data, ref at);
                var size = header >> 4 == 15 ? ReadUnsigned(data, ref at) : (ulong)header >> 4;
                // Each element takes a byte at least.
                if (size > (ulong)(data.Length - at))
                    throw new EndOfStreamException($"its metadata have a list of {size:N0} elements in {data.Length - at} bytes");
                for (ulong i = 0; i < size; i++) CheckValue(field, kind[1..], header & 15, isElement: true, data, ref at);
                break;
            default: throw new InvalidDataException($"the field {field} of its metadata has the wrong type {wire}");
        }
    }

    private static void SkipScalar(int wire, ReadOnlySpan<byte> data, ref int at)
    {
        var length = wire switch
        {
            True or False => 0UL,
            Byte => 1UL,
            Double => 8UL,
            Binary => ReadUnsigned(data, ref at),
            _ => ReadUnsigned(data, ref at) * 0,
        };
        if (length > (ulong)(data.Length - at))
            throw new EndOfStreamException($"its metadata have a value of {length:N0} bytes, but {data.Length - at} follow");
        at += (int)length;
    }

    private static long ReadInteger(ReadOnlySpan<byte> data, ref int at)
    {
        var zigzag = ReadUnsigned(data, ref at);
        return (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
    }

    private static ulong ReadUnsigned(ReadOnlySpan<byte> data, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var next = Next(data, ref at);
            if (shift < 64) value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw new InvalidDataException("its metadata have a number of more than 64 bits");
    }

    private static byte Next(ReadOnlySpan<byte> data, ref int at) =>
        at < data.Length ? data[at++] : throw new EndOfStreamException("its metadata end too early");

    // The elements are listed depth first: each is followed by its children.
    private void CheckSchema()
    {
        if (_children.Count is 0 or > MostSchemaElements) throw new InvalidDataException($"its schema has {_children.Count:N0} elements");
        var open = new Stack<long>();
        for (var i = 0; i < _children.Count; i++)
        {
            var children = _children[i];
            while (open.TryPeek(out var left) && left == 0) open.Pop();
            if (open.TryPop(out var parent)) open.Push(parent - 1);
            else if (i > 0) throw new InvalidDataException("its schema has more elements than its root has");
            if (children < 0 || children > _children.Count) throw new InvalidDataException($"an element of its schema has {children:N0} children");
            open.Push(children);
            if (open.Count > DeepestSchema) throw new InvalidDataException($"its schema is more than {DeepestSchema} levels deep");
        }

        if (open.Any(left => left > 0)) throw new InvalidDataException("its schema lacks elements");
    }

    private static FrozenDictionary<string, FrozenDictionary<int, string>> Parse() => Table.Split('\n', StringSplitOptions.TrimEntries)
        .Select(line => line.Split(' ')).ToFrozenDictionary(words => words[0], words => words[1..].ToFrozenDictionary(
            word => int.Parse(word[..DigitCount(word)], CultureInfo.InvariantCulture), word => word[DigitCount(word)..]));

    private static int DigitCount(string word) => word.TakeWhile(char.IsAsciiDigit).Count();
}
