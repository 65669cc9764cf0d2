using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Training.Data;
using Gpu.Training.Data.Cache;
using Gpu.Training.Images;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Data.Cache;

/// <summary>Training from the cache of decoded images. The tests share the folder that the environment variable names.</summary>
public sealed class ImageCacheTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string? _before = Environment.GetEnvironmentVariable(ImageCache.Variable);

    public ImageCacheTests() => Environment.SetEnvironmentVariable(ImageCache.Variable, _folder.File("cache"));

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(ImageCache.Variable, _before);
        _folder.Dispose();
    }

    [Fact]
    public void AFolderThatCannotBeWrittenIsNamed()
    {
        File.WriteAllText(_folder.File("file"), "x");
        Environment.SetEnvironmentVariable(ImageCache.Variable, _folder.File("file", "cache"));
        var error = Assert.Throws<DatasetException>(() => Train(Photos(), "unwritable", 1, 0)).Message;
        Assert.Contains($"'{_folder.File("file", "cache")}' cannot be written", error);
        Assert.Contains("another folder in the environment variable GPUTRAINER_CACHE", error);
    }

    [Fact]
    public void StreamedResidentAndInMemoryTrainingGiveTheSameBits()
    {
        var source = Photos();
        var memory = Train(source, "memory", long.MaxValue, long.MaxValue);
        Assert.Empty(ImageCache.List());
        Assert.Equal(memory, Train(source, "streamed", 1, 0));
        Assert.Single(ImageCache.List());
        // The second run finds the file.
        Assert.Equal(memory, Train(source, "resident", 1, long.MaxValue));
        Assert.Single(ImageCache.List());
        Assert.True(ImageCache.Clear() > 0);
        Assert.Empty(ImageCache.List());
    }

    [Fact]
    public void AChangedImageMakesANewFile() => ChangeAnImage(linked: false);

    [UnixFact("symbolic links without rights of an administrator")]
    public void AChangedTargetOfALinkMakesANewFile() => ChangeAnImage(linked: true);

    private void ChangeAnImage(bool linked)
    {
        var source = Photos();
        if (linked) LinkImages(source);
        var before = Load(source, 1, 0).Train;
        Assert.True(before.IsMapped);
        var changed = Directory.GetFiles(Path.Combine(source, "a"))[0];
        ImageCodec.SavePng(linked ? Elsewhere(changed) : changed, new ByteImage(8, 8, 3, new byte[192]));
        var after = Load(source, 1, 0);
        Assert.Equal(2, ImageCache.List().Count);
        var name = "a/" + Path.GetFileName(changed);
        var split = after.Train.Names!.Contains(name) ? after.Train : after.Test;
        Assert.All(split.Image(split.Names!.ToList().IndexOf(name)).ToArray(), value => Assert.Equal(0, value));
    }

    private string Elsewhere(string image) => Path.Combine(Directory.CreateDirectory(_folder.File("elsewhere")).FullName, Path.GetFileName(image));

    // Moves the images of the class a to another folder, and leaves links to them.
    private void LinkImages(string source)
    {
        foreach (var path in Directory.GetFiles(Path.Combine(source, "a")))
        {
            File.Move(path, Elsewhere(path));
            File.CreateSymbolicLink(path, Elsewhere(path));
        }
    }

    [Fact]
    public void ADamagedFileIsRepairedWithOneLine()
    {
        var source = Photos();
        Load(source, 1, 0);
        var file = Assert.Single(ImageCache.List()).FullName;
        var bytes = File.ReadAllBytes(file);
        File.WriteAllBytes(file, bytes[..^10]);
        List<string> notes = [];
        Assert.Equal(24, Load(source, 1, 0, note: notes.Add).Train.Count + Load(source, 1, 0).Test.Count);
        Assert.Equal(bytes, File.ReadAllBytes(file));
        Assert.Single(notes, note => note.Contains("is damaged and is written again"));

        // Damaged pixels are found when they are read, and decoded again.
        var damaged = (byte[])bytes.Clone();
        damaged[^1] ^= 1;
        damaged[^1000] ^= 1;
        notes.Clear();
        File.WriteAllBytes(file, damaged);
        var all = ReadAll(Load(source, 1, 0, note: notes.Add));
        Assert.Single(notes, note => note.Contains("is damaged"));
        Assert.Equal(bytes, File.ReadAllBytes(file));
        Assert.Equal(ReadAll(Load(source, long.MaxValue, 0)), all);

        // Without the image files there is nothing to decode.
        File.WriteAllBytes(file, damaged);
        var data = Load(source, 1, 0);
        Directory.Delete(source, recursive: true);
        Assert.Contains("data cache --clear", Assert.Throws<DatasetException>(() => ReadAll(data)).Message);

        static byte[] ReadAll(ImageDataset data) => [.. new[] { data.Train, data.Test }.SelectMany(
            split => Enumerable.Range(0, split.Count).SelectMany(i => split.Image(i).ToArray()))];
    }

    [Fact]
    public void UnreadableImagesAreReportedFromTheCacheToo()
    {
        var source = Photos();
        File.WriteAllBytes(Path.Combine(source, "a", "bad.png"), File.ReadAllBytes(Directory.GetFiles(Path.Combine(source, "a"))[0])[..60]);
        for (var i = 0; i < 2; i++)
        {
            Assert.Contains("bad.png", Assert.Throws<DatasetException>(() => Load(source, 1, 0)).Message);
            var data = Load(source, 1, 0, skips: true);
            Assert.Equal(24, data.Train.Count + data.Test.Count);
        }
    }

    [Fact]
    public void ImagesAreIdentifiedByContentNotByName()
    {
        var source = Photos();
        var data = Load(source, 1, 0);
        var (fingerprint, hashes) = (data.Train.ComputeFingerprint(), data.ContentHashes);
        Assert.Equal(24, hashes.Values.Distinct().Count());
        // The cache keeps the hashes of the files, so that they need not be read for it.
        Assert.Equal(Sorted(hashes), Sorted(Load(source, 1, 0).ContentHashes));
        Assert.Equal(Sorted(hashes), Sorted(Load(source, long.MaxValue, 0).ContentHashes));
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories)) File.SetLastWriteTimeUtc(file, new DateTime(2001, 1, 1));
        Assert.Equal(fingerprint, Load(source, 1, 0).Train.ComputeFingerprint());
        Assert.Equal(2, ImageCache.List().Count);

        static IEnumerable<KeyValuePair<string, UInt128>> Sorted(IReadOnlyDictionary<string, UInt128> hashes) => hashes.OrderBy(file => file.Key);
    }

    private static ImageDataset Load(string source, long cacheFrom, long residentBytes, bool skips = false, Action<string>? note = null) => DatasetLoader.Load(
        source, new DatasetOptions { CacheFrom = cacheFrom, ResidentBytes = residentBytes, SkipsUnreadable = skips, Note = note });

    private byte[] Train(string source, string run, long cacheFrom, long residentBytes)
    {
        var data = Load(source, cacheFrom, residentBytes);
        using var device = new CpuDevice(threads: 2);
        var model = new Model(
            "m", TensorShape.Image(8, 8, 3), new Conv2dLayer(4, 3), new FlattenLayer(), new DenseLayer(3));
        var options = new TrainingOptions { Epochs = 3, Batch = 5, AugmentFlip = true, AugmentShift = 1, OutputFolder = _folder.File(run), Validation = 0.2 };
        using (var trainer = new Trainer(model, data, device, options)) trainer.Run();
        return File.ReadAllBytes(Path.Combine(_folder.File(run), "last.safetensors"));
    }

    private string Photos()
    {
        var random = new Random(3);
        var folder = _folder.File($"photos{random.Next()}");
        foreach (var name in new[] { "a", "b", "c" })
        {
            for (var i = 0; i < 8; i++)
            {
                var pixels = new byte[192];
                random.NextBytes(pixels);
                ImageCodec.SavePng(Path.Combine(folder, name, $"{i}.png"), new ByteImage(8, 8, 3, pixels));
            }
        }

        return folder;
    }
}
