using Gpu.Tests.IO;
using Gpu.Training.Data;
using Gpu.Training.Images;

namespace Gpu.Tests.Data;

public class ImageFolderTests
{
    [Fact]
    public void LoadsTrainAndTestFolders()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 12; i++)
        {
            Save(folder, $"train/{(i % 3) switch { 0 => "10", 1 => "9", _ => "2" }}/{i}.png", (byte)i);
            Save(folder, $"test/9/{i}.PNG", (byte)(100 + i));
        }

        folder.Write("train/9/Thumbs.db", [1, 2]);
        folder.Write("train/9/.hidden.png", [1, 2]);
        var data = DatasetLoader.Load(folder.Path);
        Assert.Equal(["2", "9", "10"], data.ClassNames); // Numeric names are sorted by value.
        Assert.Equal((12, 12, 2, 3, 1), (data.Train.Count, data.Test.Count, data.Height, data.Width, data.Channels));
        for (var i = 0; i < 12; i++)
            Assert.Equal((data.Train.Image(i)[0] % 3) switch { 0 => 2, 1 => 1, _ => 0 }, data.Train.Labels[i]);
        Assert.Equal(Enumerable.Range(0, 12), Enumerable.Range(0, 12).Select(i => (int)data.Train.Image(i)[0]).Order());
        Assert.All(data.Test.Labels, label => Assert.Equal(1, label));

        // Shuffled, the same way each time.
        Assert.NotEqual(data.Train.Labels.Order(), data.Train.Labels);
        Assert.Equal(data.Train.Pixels, DatasetLoader.Load(folder.Path).Train.Pixels);
    }

    [Fact]
    public void WithoutATestFolderAShareOfEveryClassIsHeldOut()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 40; i++)
            Save(folder, $"{(i % 2 == 0 ? "cat" : "dog")}/{i}.png", (byte)i);
        var data = DatasetLoader.Load(folder.Path);
        Assert.Equal(["cat", "dog"], data.ClassNames);
        Assert.Equal([16, 16], data.Train.CountPerClass(2));
        Assert.Equal([4, 4], data.Test.CountPerClass(2));
        Assert.Equal(data.Test.Pixels, DatasetLoader.Load(folder.Path).Test.Pixels);
        Assert.NotEqual(data.Test.Pixels, DatasetLoader.Load(folder.Path, seed: 2).Test.Pixels);
        Assert.Equal([10, 10], DatasetLoader.Load(folder.Path, holdOut: 0.5).Test.CountPerClass(2));
    }

    [Fact]
    public void AValidationFolderIsTheValidationPart()
    {
        using var folder = new TempFolder();
        foreach (var part in new[] { "train", "val", "test" })
        {
            Save(folder, $"{part}/a/1.png", 1);
            Save(folder, $"{part}/b/2.png", 2);
        }

        Assert.Equal(2, DatasetLoader.Load(folder.Path).Validation!.Count);
        Directory.Delete(folder.File("test"), recursive: true);
        var data = DatasetLoader.Load(folder.Path);
        Assert.Null(data.Validation);
        Assert.Equal(2, data.Test.Count);
    }

    [Fact]
    public void OneColorImageMakesTheDataSetColor()
    {
        using var folder = new TempFolder();
        Save(folder, "train/a/1.png", 50);
        Save(folder, "test/a/1.png", 60);
        Save(folder, "test/b/1.png", 70);
        ImageCodec.SavePng(folder.File("train", "b", "1.png"), new ByteImage(2, 3, 3, [.. Enumerable.Range(0, 18).Select(i => (byte)i)]));
        var data = DatasetLoader.Load(folder.Path);
        Assert.Equal(3, data.Channels);
        var gray = Array.IndexOf(data.Train.Labels, 0);
        Assert.Equal([50, 50, 50], data.Train.Image(gray)[..3].ToArray());
    }

    [Fact]
    public void AnImageOfAnotherSizeIsNamed()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 6; i++)
            Save(folder, $"{(i % 2 == 0 ? "a" : "b")}/{i}.png", (byte)i);
        ImageCodec.SavePng(folder.File("a", "0.png"), new ByteImage(5, 4, 1));
        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path));
        Assert.Contains(folder.File("a", "0.png"), error.Message);
        Assert.Contains("5x4", error.Message);
        Assert.Contains("2x3", error.Message);
    }

    [Fact]
    public void TheFirstDamagedImageIsNamed()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 60; i++)
            Save(folder, $"{(i < 30 ? "a" : "b")}/{i:00}.png", (byte)i);
        folder.Write("a/17.png", "no picture"u8.ToArray());
        folder.Write("b/51.png", "nor this"u8.ToArray());
        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path));
        Assert.Contains(folder.File("a", "17.png"), error.Message);
        Assert.IsType<ImageException>(error.InnerException);
    }

    [Fact]
    public void InconsistentFoldersAreErrors()
    {
        using var folder = new TempFolder();
        Save(folder, "train/a/1.png", 1);
        Assert.Contains("no 'test/'", Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);
        Save(folder, "test/a/1.png", 1);
        Assert.Contains("one folder only ('a/')", Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);
        Save(folder, "train/b/1.png", 1);
        Save(folder, "test/c/1.png", 1);
        Assert.Contains("The class 'c' in", Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);
        Directory.Delete(folder.File("test"), recursive: true);
        Directory.CreateDirectory(folder.File("test"));
        Assert.Contains("holds no images", Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);
    }

    private static void Save(TempFolder folder, string name, byte value) =>
        ImageCodec.SavePng(folder.File(name.Split('/')), new ByteImage(2, 3, 1, [value, 1, 2, 3, 4, 5]));
}
