using Gpu.Tests.IO;
using Gpu.Training.Data;
using Gpu.Training.Images;
using Parquet;
using Parquet.Schema;

namespace Gpu.Tests.Data;

public class ParquetFolderTests
{
    private const string Metadata = """
        {"info": {"features": {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog", "owl"], "_type": "ClassLabel"}}}}
        """;

    [Theory]
    [InlineData("", true)]
    [InlineData("data", false)]
    public async Task ImagesLabelsAndNamesAreRead(string subfolder, bool isStruct)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("README.md"), "x");
        Directory.CreateDirectory(folder.File(subfolder));
        await Write(folder.File(subfolder, "train-00000-of-00002.parquet"), [0, 1, 2], 0, isStruct);
        await Write(folder.File(subfolder, "train-00001-of-00002.parquet"), [2, 1], 3, isStruct);
        await Write(folder.File(subfolder, "test-00000-of-00001.parquet"), [1], 5, isStruct);
        await Write(folder.File(subfolder, "validation-00000-of-00001.parquet"), [0, 2], 6, isStruct);
        var data = DatasetLoader.Load(folder.Path);
        Assert.Equal(["cat", "dog", "owl"], data.ClassNames);
        Assert.Equal([0, 1, 2, 2, 1], data.Train.Labels);
        Assert.Equal((1, 2), (data.Test.Count, data.Validation!.Count));
        Assert.Equal((4, 6, 3), (data.Height, data.Width, data.Channels));
        for (var i = 0; i < 5; i++) Assert.Equal(Picture(i).Pixels, data.Train.Image(i).ToArray());
    }

    [Fact]
    public async Task WithoutATestFileAShareIsHeldOut()
    {
        using var folder = new TempFolder();
        await Write(folder.File("0000.parquet"), [.. Enumerable.Range(0, 30).Select(i => i % 3)], 0, true, metadata: null);
        var data = DatasetLoader.Load(folder.Path);
        Assert.Equal((24, 6, "2"), (data.Train.Count, data.Test.Count, data.ClassNames[2]));
    }

    [Fact]
    public async Task OneFileIsADataSetAndIsShown()
    {
        using var folder = new TempFolder();
        await Write(folder.File("test-0.parquet"), [.. Enumerable.Range(0, 30).Select(i => i % 3)], 0, true);
        var show = Cli.CommandLine.Run("data", "show", folder.File("test-0.parquet"), "--out", folder.File("sheet.png"), "--json").Json;
        Assert.Equal((24, 6), (show.GetProperty("train").GetInt32(), show.GetProperty("test").GetInt32()));
        Assert.Equal("cat", show.GetProperty("classes")[0].GetProperty("name").GetString());
        Assert.Contains("none named train-*.parquet", Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);
    }

    [Fact]
    public async Task ImagesOfSeveralSizesAreResized()
    {
        using var folder = new TempFolder();
        await Write(folder.File("train.parquet"), [0, 1, 0, 1, 2, 2], 0, true, oddRow: 2);
        await Write(folder.File("test.parquet"), [0, 1, 2], 6, true);
        var data = DatasetLoader.Load(folder.Path, new DatasetOptions
        {
            ChooseTransform = sizes => new ImageTransform { Height = 4, Width = 4 + sizes.Distinct().Count() },
        });
        Assert.Equal((6, 3), (data.Train.Count, data.Test.Count));
        Assert.Equal((4, 6, 4), (data.Height, data.Width, data.Transform!.Height));
        Assert.Equal(Picture(0).Pixels, data.Train.Image(0).ToArray());
        Assert.All(data.Train.Image(2).ToArray(), value => Assert.Equal(0, value));
    }

    // Written by tools/parquet-vectors with Apache Arrow's C++ library, as pyarrow writes: Snappy in one row group, Zstandard in two, dictionaries, nullable
    // columns in an optional struct, and the class names in the metadata.
    [Fact]
    public void FilesOfArrowAreRead()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Data", "Vectors");
        var data = DatasetLoader.Load(folder);
        Assert.Equal(["cat", "dog", "owl"], data.ClassNames);
        Assert.Equal((60, 30, 4, 6, 3), (data.Train.Count, data.Test.Count, data.Height, data.Width, data.Channels));
        foreach (var (split, first) in new[] { (data.Train, 0), (data.Test, 60) })
        {
            for (var i = 0; i < split.Count; i++)
            {
                var index = first + i;
                Assert.Equal(index % 3, split.Labels[i]);
                Assert.Equal(Enumerable.Range(0, 72).Select(k => (byte)((3 * k) + (index / 5 * 5))), split.Image(i).ToArray());
            }
        }
    }

    [Fact]
    public async Task FaultyFilesAreErrors()
    {
        using var folder = new TempFolder();
        var train = folder.File("train.parquet");
        File.WriteAllText(train, "PAR1 is not enough");
        Assert.Contains("train.parquet' cannot be read", Message());
        await Write(train, [0, -1], 0, true);
        Assert.Contains("row 2' has the label -1", Message());
        await Write(train, [.. Enumerable.Range(0, 20).Select(i => i % 4)], 0, true);
        Assert.Contains("is 3, but there are 3 classes", Message());
        await Write(train, [0, 1], 0, true, labelName: "target");
        Assert.Contains("no column of labels (label). Columns: image/bytes, image/path, target", Message());
        await Write(train, [0, 1, 0, 1], 0, true, oddRow: 2);
        Assert.Contains("row 3' is 5x5 (height x width), but most of the training images are 4x6", Message());
        await Write(train, [0, 1, 0, 1], 0, true, noImageRow: 1);
        Assert.Contains("row 2' has no image bytes", Message());
        File.Move(train, folder.File("test.parquet"));
        Assert.Contains("none named train-*.parquet", Message());

        string Message() => Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message;
    }

    private static ByteImage Picture(int index) => new(4, 6, 3, [.. Enumerable.Range(0, 72).Select(i => (byte)(i * 3 + index))]);

    internal static Task WriteSample(string path, int label = 1) => Write(path, [0, label, 0, 1], 0, isStruct: true);

    private static async Task Write(
        string path, int[] labels, int first, bool isStruct, string? metadata = Metadata, string labelName = "label", int oddRow = -1, int noImageRow = -1)
    {
        var bytes = labels.Select((_, i) => i == noImageRow
            ? null!
            : ImageCodec.EncodePng(i == oddRow ? new ByteImage(5, 5, 3) : Picture(first + i))).ToArray();
        Field image = isStruct
            ? new StructField("image", new DataField("bytes", typeof(byte[]), isNullable: true), new DataField("path", typeof(string), isNullable: true))
            : new DataField("image", typeof(byte[]), isNullable: true);
        var schema = new ParquetSchema(image, new DataField<long?>(labelName));
        await using var stream = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(schema, stream);
        if (metadata is not null) writer.CustomMetadata = new Dictionary<string, string> { ["huggingface"] = metadata };
        using var group = writer.CreateRowGroup();
        var fields = schema.GetDataFields();
        await group.WriteAsync(fields[0], bytes);
        if (isStruct) await group.WriteAsync(fields[1], labels.Select((_, i) => $"{i}.png").ToArray());
        await group.WriteAsync<long>(fields[^1], labels.Select(label => (long?)label).ToArray().AsMemory());
        group.CompleteValidate();
    }
}
