using Gpu.Tests.IO;
using Gpu.Training.Data;

namespace Gpu.Tests.Data;

public class CifarFolderTests
{
    [Fact]
    public void ChannelPlanesAreInterleaved()
    {
        using var folder = new TempFolder();
        Write(folder, imagesPerBatch: 3);
        var data = DatasetLoader.Load(folder.Path);
        Assert.Equal((15, 3, 32, 32, 3), (data.Train.Count, data.Test.Count, data.Height, data.Width, data.Channels));
        Assert.Equal("frog", data.ClassNames[6]);
        for (var image = 0; image < 15; image++)
        {
            Assert.Equal(image % 10, data.Train.Labels[image]);
            foreach (var (row, column, channel) in new[] { (0, 0, 0), (0, 1, 2), (31, 31, 1), (17, 4, 2) })
            {
                Assert.Equal(
                    Value(image, channel, row, column),
                    data.Train.Image(image)[(((row * 32) + column) * 3) + channel]);
            }
        }
    }

    [UnixFact("symbolic links without rights of an administrator")]
    public void BatchesMayBeLinks()
    {
        using var folder = new TempFolder();
        using var links = new TempFolder();
        Write(folder, imagesPerBatch: 3);
        foreach (var path in Directory.GetFiles(folder.Path)) File.CreateSymbolicLink(links.File(Path.GetFileName(path)), path);
        Assert.Equal(15, DatasetLoader.Load(links.Path).Train.Count);
    }

    [Fact]
    public void ClassNamesComeFromBatchesMeta()
    {
        using var folder = new TempFolder();
        Write(folder, 2);
        File.WriteAllText(folder.File("batches.meta.txt"), string.Join("\n", Enumerable.Range(0, 10).Select(i => $"name {i}")) + "\n\n");
        Assert.Equal("name 9", DatasetLoader.Load(folder.Path).ClassNames[9]);
        File.WriteAllText(folder.File("batches.meta.txt"), "a\nb\n");
        Assert.Contains("there are 2 classes", Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);
    }

    [Fact]
    public void MissingTruncatedAndDamagedBatchesAreErrors()
    {
        using var folder = new TempFolder();
        Write(folder, 2);
        File.Delete(folder.File("data_batch_3.bin"));
        Assert.Contains("missing data_batch_3.bin", Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);

        folder.Write("data_batch_3.bin", new byte[3072]);
        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path));
        Assert.Contains("data_batch_3.bin", error.Message);
        Assert.Contains("3072 bytes", error.Message);
        Assert.Contains("multiple of 3073", error.Message);

        folder.Write("data_batch_3.bin", []);
        Assert.Contains("has 0 bytes", Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);

        var wrongLabel = new byte[2 * 3073];
        wrongLabel[3073] = 10;
        folder.Write("data_batch_3.bin", wrongLabel);
        error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path));
        Assert.Contains("Label 1 in", error.Message);
        Assert.Contains("is 10", error.Message);
    }

    private static byte Value(int image, int channel, int row, int column) => (byte)((image * 71) + (channel * 90) + (row * 5) + column);

    internal static void Write(TempFolder folder, int imagesPerBatch)
    {
        for (var batch = 0; batch < 6; batch++)
        {
            var content = new byte[imagesPerBatch * 3073];
            for (var i = 0; i < content.Length; i++)
            {
                var image = (batch * imagesPerBatch) + (i / 3073);
                var place = (i % 3073) - 1;
                content[i] = place < 0 ? (byte)(image % 10) : Value(image, place / 1024, place % 1024 / 32, place % 32);
            }

            folder.Write(batch < 5 ? $"data_batch_{batch + 1}.bin" : "test_batch.bin", content);
        }
    }
}
