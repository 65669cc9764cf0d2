// Writes the Parquet files in Gpu.Tests/Data/Vectors with Apache Arrow's C++ library, which is also what pyarrow and the hub's `datasets` write with:
//   dotnet run --project tools/parquet-vectors -- Gpu.Tests/Data/Vectors
using ParquetSharp;
using ParquetSharp.Schema;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

const string Metadata =
    """{"info": {"features": {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog", "owl"], "_type": "ClassLabel"}}}}""";
var folder = args is [var given] ? given : throw new ArgumentException("Usage: parquet-vectors FOLDER");
Directory.CreateDirectory(folder);
Write("train-00000-of-00001.parquet", Compression.Snappy, first: 0, rows: 60, groups: 1);
Write("test-00000-of-00001.parquet", Compression.Zstd, first: 60, rows: 30, groups: 2);

void Write(string name, Compression compression, int first, int rows, int groups)
{
    using var image = new GroupNode("image", Repetition.Optional,
    [
        new PrimitiveNode("bytes", Repetition.Optional, LogicalType.None(), PhysicalType.ByteArray),
        new PrimitiveNode("path", Repetition.Optional, LogicalType.String(), PhysicalType.ByteArray),
    ]);
    using var label = new PrimitiveNode("label", Repetition.Optional, LogicalType.None(), PhysicalType.Int64);
    using var schema = new GroupNode("schema", Repetition.Required, [image, label]);
    using var builder = new WriterPropertiesBuilder();
    using var properties = builder.Compression(compression).EnableDictionary().Build();
    using var writer = new ParquetFileWriter(
        Path.Combine(folder, name), schema, properties, keyValueMetadata: new Dictionary<string, string> { ["huggingface"] = Metadata });
    foreach (var part in Enumerable.Range(first, rows).Chunk(rows / groups))
    {
        using var group = writer.AppendRowGroup();
        using (var column = group.NextColumn().LogicalWriter<Nested<byte[]?>?>())
            column.WriteBatch([.. part.Select(i => (Nested<byte[]?>?)new Nested<byte[]?>(Picture(i)))]);
        using (var column = group.NextColumn().LogicalWriter<Nested<string?>?>())
            column.WriteBatch([.. part.Select(i => (Nested<string?>?)new Nested<string?>($"{i}.png"))]);
        using (var column = group.NextColumn().LogicalWriter<long?>())
            column.WriteBatch([.. part.Select(i => (long?)(i % 3))]);
    }

    writer.Close();
}

// Height 4, width 6: the values of image i are 3 k + i. Every fifth image repeats, so that the dictionary is used.
static byte[] Picture(int index)
{
    var pixels = Enumerable.Range(0, 72).Select(k => (byte)((3 * k) + (index / 5 * 5))).ToArray();
    using var image = Image.LoadPixelData<Rgb24>(pixels, 6, 4);
    using var stream = new MemoryStream();
    image.SaveAsPng(stream);
    return stream.ToArray();
}
