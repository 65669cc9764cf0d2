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
        for (var i = 0; i < 200; i++)
            Save(folder, $"{(i % 2 == 0 ? "cat" : "dog")}/{i}.png", (byte)i);
        var data = DatasetLoader.Load(folder.Path);
        Assert.Equal(["cat", "dog"], data.ClassNames);
        Assert.Equal(200, data.Train.Count + data.Test.Count);
        Assert.All(data.Test.CountPerClass(2), count => Assert.InRange(count, 10, 30));
        Assert.Equal(data.Test.Pixels, DatasetLoader.Load(folder.Path).Test.Pixels);
        Assert.NotEqual(data.Test.Names!.Order(), DatasetLoader.Load(folder.Path, seed: 2).Test.Names!.Order());
        Assert.All(DatasetLoader.Load(folder.Path, holdOut: 0.5).Test.CountPerClass(2), count => Assert.InRange(count, 35, 65));
    }

    [Fact]
    public void AnAddedImageMovesNoOtherOne()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 60; i++)
            Save(folder, $"{"abc"[i % 3]}/{i}.png", (byte)i);
        var before = DatasetLoader.Load(folder.Path).WithValidation(0.25, 1);
        Assert.InRange(before.Validation!.Count, 4, 25);
        for (var i = 60; i < 70; i++)
        {
            Save(folder, $"a/{i}.png", (byte)i);
            var after = DatasetLoader.Load(folder.Path).WithValidation(0.25, 1);
            var added = Enumerable.Range(60, i - 59).Select(one => $"a/{one}.png").ToArray();
            Assert.Equal(before.Test.Names!.Order(), after.Test.Names!.Except(added).Order());
            Assert.Equal(before.Train.Names!.Order(), after.Train.Names!.Except(added).Order());
            Assert.Equal(before.Validation.Names!.Order(), after.Validation!.Names!.Except(added).Order());
        }
    }

    [Fact]
    public void EveryClassOfTwoImagesHasOneInEachPart()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 40; i++)
            Save(folder, $"{i / 2}/{i}.png", (byte)i);
        Save(folder, "single/0.png", 1);
        var data = DatasetLoader.Load(folder.Path);
        Assert.Equal([.. Enumerable.Repeat(1, 20), 0], data.Test.CountPerClass(21));
        Assert.All(data.Train.CountPerClass(21), count => Assert.Equal(1, count));
    }

    [Fact]
    public void TheDrawIsTheSameOnEveryPlatform()
    {
        // Recorded: another value would move images of existing data sets between training and test part.
        Assert.Equal(0.70783362613894951, NameHash.Of("test", "cat/1.jpg", 1));
        Assert.NotEqual(NameHash.Of("test", "cat/1.jpg", 1), NameHash.Of("validation", "cat/1.jpg", 1));
    }

    [Fact]
    public void LayoutsOfTheFieldAreRead()
    {
        using var folder = new TempFolder();
        foreach (var name in new[] { "1.JPG", "2.jpe", "3.JFIF", "4.dib", "5.Tif", "6.pnm", "sub/7.png", "sub/deeper/8.webp" })
        {
            Save(folder, $"Training/10/{name}", 1);
            Save(folder, $"Training/9/{name}", 2);
            Save(folder, $"TEST/9/{name}", 3);
            Save(folder, $"valid/10/{name}", 4);
        }

        var data = DatasetLoader.Load(folder.Path);
        Assert.Equal(["9", "10"], data.ClassNames);
        Assert.Equal((16, 8, 8), (data.Train.Count, data.Test.Count, data.Validation!.Count));
        Assert.Contains("Training/10/sub/deeper/8.webp", data.Train.Names!);

        // The classes 'valid' and 'invalid' are no parts.
        using var quality = new TempFolder();
        for (var i = 0; i < 8; i++)
            Save(quality, $"{(i % 2 == 0 ? "valid" : "invalid")}/{i}.png", 1);
        Assert.Equal(["invalid", "valid"], DatasetLoader.Load(quality.Path).ClassNames);

        // An archive that unpacks into folders of its own.
        using var outer = new TempFolder();
        for (var i = 0; i < 8; i++)
            Save(outer, $"photos-main/images/{"ab"[i % 2]}/{i}.png", 1);
        outer.Write("photos-main/annotations/a.xml", [1]);
        outer.Write("__MACOSX/._photos-main", [1]);
        Assert.Equal(["a", "b"], DatasetLoader.Load(outer.Path).ClassNames);
    }

    [Fact]
    public void ImagesWithoutClassesAreErrors()
    {
        using var folder = new TempFolder();
        Save(folder, "train/1.png", 1);
        Save(folder, "test/1.png", 1);
        string Message() => Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message;
        Assert.Contains("has 1 image, but no class folders", Message());
        Assert.Contains(folder.File("train"), Message());
        Directory.Move(folder.File("train"), folder.File("cat"));
        Save(folder, "dog/1.png", 1);
        Assert.Contains(folder.File("test"), Message());
        Directory.Delete(folder.File("test"), recursive: true);
        Save(folder, "test/cat/1.png", 1);
        Assert.Contains("there is no 'train/'", Message());
        Save(folder, "Training/cat/1.png", 1);
        Save(folder, "train/cat/1.png", 1);
        Assert.Contains("mean the same part", Message());
        using var flat = new TempFolder();
        Save(flat, "1.png", 1);
        Assert.Contains("has 1 image, but no class folders", Assert.Throws<DatasetException>(() => DatasetLoader.Load(flat.Path)).Message);
    }

    [Fact]
    public void NothingIsLeftOutSilently()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 12; i++)
            Save(folder, $"{"ab"[i % 2]}/{i}.png", 1);
        string[] ignored = [".hidden/1.png", ".ipynb_checkpoints/1.png", "__MACOSX/a/1.png", "a/._1.png", "a/Thumbs.db", "b/.DS_Store", "desktop.ini"];
        foreach (var name in ignored)
            folder.Write(name, [1]);
        for (var i = 0; i < 4; i++)
            folder.Write($"a/{i}.heic", [1]);
        folder.Write("b/deep/notes.TXT", [1]);
        folder.Write("LICENSE", [1]);
        Directory.CreateDirectory(folder.File("empty"));
        Save(folder, "loose.png", 1);
        List<string> notes = [];
        var data = DatasetLoader.Load(folder.Path, new DatasetOptions { Note = notes.Add });
        Assert.Equal(["a", "b"], data.ClassNames);
        Assert.Equal(12, data.Train.Count + data.Test.Count);
        var all = string.Join("\n", notes);
        Assert.Contains("Ignored: 7 hidden or system files", all);
        Assert.Contains("4 files .heic in 'a'", all);
        Assert.Contains("1 file .txt in 'b/deep'", all);
        Assert.Contains("1 file without ending in", all);
        Assert.Contains("'empty/' has no images and is not a class", all);
        Assert.Contains("1 image directly in", all);
        Assert.Equal(4, notes.Count);
    }

    [Fact]
    public void NamesAreComparedInOneUnicodeForm()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 8; i++)
        {
            Save(folder, $"train/caf\u00E9/{i}.png", 1);
            Save(folder, $"train/tee/{i}.png", 2);
            Save(folder, $"test/cafe\u0301/{i}.png", 3);
        }

        Save(folder, "train/cafe\u0301/x.png", 4);
        var data = DatasetLoader.Load(folder.Path);
        Assert.Equal(["caf\u00E9", "tee"], data.ClassNames);
        Assert.Equal(8, data.Test.CountPerClass(2)[0]);
        Assert.Contains(data.Train.CountPerClass(2)[0], (int[])[8, 9]); // 9 where both forms are different folders.
    }

    [UnixFact("symbolic links without privileges")]
    public void LinksAreFollowedToFilesOnly()
    {
        using var other = new TempFolder();
        Save(other, "x.png", 1);
        using var folder = new TempFolder();
        for (var i = 0; i < 8; i++)
            Save(folder, $"{"ab"[i % 2]}/{i}.png", 1);
        File.CreateSymbolicLink(folder.File("a", "link.png"), other.File("x.png"));
        Directory.CreateSymbolicLink(folder.File("c"), other.Path);
        Directory.CreateSymbolicLink(folder.File("a", "round"), folder.Path);
        List<string> notes = [];
        var data = DatasetLoader.Load(folder.Path, new DatasetOptions { Note = notes.Add });
        Assert.Equal(["a", "b"], data.ClassNames);
        Assert.Equal(9, data.Train.Count + data.Test.Count);
        Assert.Equal(2, notes.Count);
        Assert.Contains(folder.File("c"), notes[0]);
        Assert.Contains(folder.File("a", "round"), notes[0]);
        Assert.Contains("Read from outside the folder, through 1 link: a/link.png", notes[1]);
        File.CreateSymbolicLink(folder.File("a", "broken.png"), other.File("none.png"));
        Assert.Contains("broken.png", Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);
    }

    [Fact]
    public void AllUnreadableImagesAreListedOrSkipped()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 20; i++)
            Save(folder, $"{"ab"[i % 2]}/{i}.png", 1);
        var png = File.ReadAllBytes(folder.File("a", "0.png"));
        for (var i = 0; i < 25; i++)
            folder.Write($"a/bad{i:00}.png", i % 2 == 0 ? "no picture"u8.ToArray() : png[..^20]); // By its header, and by its content.
        folder.Write("c/only.png", "no picture"u8.ToArray());
        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message;
        Assert.Contains("26 of 46 images", error);
        Assert.Contains("bad00.png", error);
        Assert.Contains("bad19.png", error);
        Assert.DoesNotContain("bad20.png", error);
        Assert.Contains("and 6 more", error);
        List<string> notes = [];
        var data = DatasetLoader.Load(folder.Path, new DatasetOptions { SkipsUnreadable = true, Note = notes.Add });
        Assert.Equal(20, data.Train.Count + data.Test.Count);
        Assert.Equal(["a", "b"], data.ClassNames);
        Assert.Contains("Skipped 26 images of 46", notes[0]);
        Assert.Contains("'c/' has no image that can be read and is not a class", notes[1]);
    }

    [Fact]
    public void ImagesOfAllSizesAreResized()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 12; i++)
            Write(folder, $"{"ab"[i % 2]}/{i}.png", new ByteImage(10 + i, 30 - i, 1, [.. Enumerable.Repeat((byte)(100 + (i % 2)), (10 + i) * (30 - i))]));
        IReadOnlyList<(int, int)> sizes = [];
        var data = DatasetLoader.Load(folder.Path, new DatasetOptions
        {
            ChooseTransform = all =>
            {
                sizes = all;
                return new ImageTransform { Height = 6, Width = 5 };
            },
            Channels = 3,
        });
        Assert.Equal(12, sizes.Count);
        Assert.Contains((14, 26), sizes);
        Assert.Equal((6, 5, 3), (data.Height, data.Width, data.Channels));
        Assert.Equal(new ImageTransform { Height = 6, Width = 5 }, data.Transform);
        for (var i = 0; i < data.Train.Count; i++)
            Assert.All(data.Train.Image(i).ToArray(), value => Assert.Equal(100 + data.Train.Labels[i], value));
    }

    [Fact]
    public void ClassesAreMatchedByName()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 12; i++)
            Save(folder, $"{(i % 2 == 0 ? "dog" : "bird")}/{i}.png", (byte)(i % 2));
        var data = DatasetLoader.Load(folder.Path, new DatasetOptions { ClassNames = ["zebra", "dog", "cat", "bird"], IsUndivided = true });
        Assert.Equal(["zebra", "dog", "cat", "bird"], data.ClassNames);
        Assert.Equal((12, 12), (data.Train.Count, data.Test.Count));
        for (var i = 0; i < 12; i++)
            Assert.Equal(data.Test.Image(i)[0] == 0 ? 1 : 3, data.Test.Labels[i]);
        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path, new DatasetOptions { ClassNames = ["dog", "cat"] })).Message;
        Assert.Contains("not known here: bird", error);
        Assert.Contains("Known: dog, cat", error);
        Assert.Contains("In the folder: bird, dog", error);

        // The same for data sets of other formats.
        var loaded = DatasetLoader.Load(folder.Path).WithClasses(["dog", "bird"]);
        Assert.Equal(1, loaded.Train.Labels[Enumerable.Range(0, loaded.Train.Count).First(i => loaded.Train.Image(i)[0] == 1)]);
        Assert.Contains("not known here: dog", Assert.Throws<DatasetException>(() => loaded.WithClasses(["bird", "fish"])).Message);
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

    [Theory]
    [InlineData("", "", 5, 9)]
    [InlineData("", "2020/", 5, 9)]
    [InlineData("2020/", "2020/may/", 5, 9)]
    [InlineData("train/", "test/", 5, 5)]
    [InlineData("train/x/", "test/y/", 5, 5)]
    [InlineData("train/", "train/x/", 5, 9)]
    public void WithoutLabelsImagesMayLieAnywhere(string first, string second, int fewest, int most)
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 10; i++) Save(folder, $"{(i < 5 ? first : second)}{i}.png", (byte)i);
        Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path));
        var data = DatasetLoader.Load(folder.Path, new DatasetOptions { ClassesOptional = true });
        Assert.Equal(["images"], data.ClassNames);
        Assert.Equal(10, data.Train.Count + data.Test.Count);
        Assert.InRange(data.Train.Count, fewest, most);
        // A run keeps its classes.
        Assert.Equal(["a", "b"], DatasetLoader.Load(folder.Path, new DatasetOptions { ClassesOptional = true, ClassNames = ["a", "b"] }).ClassNames);
    }

    [Fact]
    public void ClassFoldersStayClassesWithoutNeed()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 10; i++) Save(folder, $"{(i < 5 ? "a" : "b")}/{i}.png", (byte)i);
        var (needed, optional) = (DatasetLoader.Load(folder.Path), DatasetLoader.Load(folder.Path, new DatasetOptions { ClassesOptional = true }));
        Assert.Equal(needed.ClassNames, optional.ClassNames);
        Assert.Equal(needed.Train.ComputeFingerprint(), optional.Train.ComputeFingerprint());
        // A run on images without classes does not mind those of others.
        var other = DatasetLoader.Load(folder.Path, new DatasetOptions { ClassesOptional = true, ClassNames = ["images"] });
        Assert.Equal((1, 0), (other.Classes, other.Train.Labels.Max()));
    }

    private static void Save(TempFolder folder, string name, byte value) => Write(folder, name, new ByteImage(2, 3, 1, [value, 1, 2, 3, 4, 5]));

    private static void Write(TempFolder folder, string name, ByteImage image) => folder.Write(name, ImageCodec.EncodePng(image));
}
