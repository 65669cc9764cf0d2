using Gpu.Tests.IO;
using Gpu.Training.Data;

namespace Gpu.Tests.Data;

public class DatasetLoaderTests
{
    [Theory]
    [InlineData("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")]
    [InlineData("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")]
    [InlineData("train-images.idx3-ubyte", "train-labels.idx1-ubyte", "test-images.idx3-ubyte", "test-labels.idx1-ubyte")]
    [InlineData("train_images.gz", "TRAIN-LABELS", "test_images", "t10k-labels.gz")]
    public void LoadsIdxFilesUnderTheirUsualNames(string trainImages, string trainLabels, string testImages, string testLabels)
    {
        using var folder = new TempFolder();
        var (train, test) = (IdxTests.Sample(12, 4, 3, 1), IdxTests.Sample(5, 4, 3, 1, classes: 4));
        foreach (var (file, split) in new[] { (trainImages, train), (testImages, test) })
            IdxWriter.WriteImages(folder.File("set", file), split, file.EndsWith(".gz", StringComparison.Ordinal));
        foreach (var (file, split) in new[] { (trainLabels, train), (testLabels, test) })
            IdxWriter.WriteLabels(folder.File("set", file), split, file.EndsWith(".gz", StringComparison.Ordinal));
        var data = DatasetLoader.Load(folder.File("set"));
        Assert.Equal(("set", 10, 12, 5), (data.Name, data.Classes, data.Train.Count, data.Test.Count));
        Assert.Equal(train.Pixels, data.Train.Pixels);
        Assert.Equal(test.Labels, data.Test.Labels);
    }

    [Fact]
    public void LoadsColorIdxFilesAndClassNames()
    {
        using var folder = new TempFolder();
        var split = IdxTests.Sample(9, 4, 3, 3, classes: 3);
        IdxFolderWriter.Write(new ImageDataset("x", ["a", "b", "c"], split, split), folder.Path);
        File.WriteAllText(folder.File("classes.txt"), "red\n\n green \nblue\nnone\n");
        var data = DatasetLoader.Load(folder.Path);
        Assert.Equal(["red", "green", "blue", "none"], data.ClassNames);
        Assert.Equal((4, 3, 3), (data.Height, data.Width, data.Channels));
        Assert.Equal(split.Pixels, data.Train.Pixels);

        File.WriteAllText(folder.File("classes.txt"), "red\ngreen\n");
        Assert.Contains("there are 2 classes", Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);
        File.WriteAllText(folder.File("classes.txt"), "\n");
        Assert.Contains("names no classes", Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);
    }

    [Fact]
    public void AnIncompleteIdxFolderNamesTheMissingFiles()
    {
        using var folder = new TempFolder();
        IdxWriter.WriteImages(folder.File("train-images"), IdxTests.Sample(3, 2, 2, 1));
        IdxWriter.WriteLabels(folder.File("test-labels"), IdxTests.Sample(3, 2, 2, 1));
        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path));
        Assert.Contains("missing train-labels*, t10k-images* or test-images*;", error.Message);
        Assert.Contains("found train-images, test-labels", error.Message);
    }

    [Fact]
    public void TrainAndTestImagesOfDifferentSizeAreAnError()
    {
        using var folder = new TempFolder();
        WriteIdx(folder.Path, IdxTests.Sample(3, 2, 2, 1), IdxTests.Sample(3, 2, 3, 1));
        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path));
        Assert.Contains("2x3x1", error.Message);
        Assert.Contains("test-images", error.Message);
    }

    [Fact]
    public void ATestLabelBeyondTheTrainingClassesIsAnError()
    {
        using var folder = new TempFolder();
        WriteIdx(folder.Path, IdxTests.Sample(6, 2, 2, 1, classes: 3), IdxTests.Sample(6, 2, 2, 1, classes: 4));
        var error = Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path));
        Assert.Contains("Label 3", error.Message);
        Assert.Contains("is 3, but there are 3 classes", error.Message);
    }

    [Fact]
    public void NamesAreSearchedInTheOrderOfTheFolders()
    {
        using var folder = new TempFolder();
        WriteIdx(folder.File("b", "fashion-mnist"), IdxTests.Sample(20, 2, 2, 1), IdxTests.Sample(3, 2, 2, 1));
        WriteIdx(folder.File("c", "fashion-mnist"), IdxTests.Sample(30, 2, 2, 1), IdxTests.Sample(3, 2, 2, 1));
        var data = DatasetLoader.Load("Fashion-MNIST", [folder.File("a"), folder.File("b"), folder.File("c")]);
        Assert.Equal(("fashion-mnist", 20), (data.Name, data.Train.Count));
        Assert.Equal("Trouser", data.ClassNames[1]);
    }

    [Theory]
    [InlineData("mnist", "t10k-labels-idx1-ubyte.gz")]
    [InlineData("cifar-10", "data get cifar-10")]
    [InlineData("digits", "data generate digits --seed 1")]
    public void AMissingKnownDataSetSaysHowToGetIt(string name, string expected)
    {
        using var folder = new TempFolder();
        var error = Assert.Throws<DatasetNotFoundException>(() => DatasetLoader.Load(name, [folder.File("a"), folder.File("b")]));
        Assert.Contains(folder.File("a", name), error.Message);
        Assert.Contains(folder.File("b", name), error.Message);
        Assert.Contains(expected, error.Message);
    }

    [Theory]
    [InlineData("mnst", "Did you mean 'mnist'?")]
    [InlineData("Digit", "Did you mean 'digits'?")]
    [InlineData("cifar10", "Did you mean 'cifar-10'?")]
    public void AMisspeltNameSuggestsTheNearest(string typed, string expected) =>
        Assert.Contains(expected, Assert.Throws<DatasetNotFoundException>(() => DatasetLoader.Load(typed)).Message);

    [Fact]
    public void AnUnknownNameListsTheKnownOnes()
    {
        var message = Assert.Throws<DatasetNotFoundException>(() => DatasetLoader.Load("no/such/folder")).Message;
        Assert.DoesNotContain("Did you mean", message);
        Assert.Contains("digits, mnist, fashion-mnist, kmnist, qmnist, cifar-10, cifar-100, shapes, moons, circles, spirals", message);
    }

    [Fact]
    public void AFileInsteadOfAFolderIsAnError()
    {
        using var folder = new TempFolder();
        Assert.Contains("is a file", Assert.Throws<DatasetNotFoundException>(() => DatasetLoader.Load(folder.Write("set.zip", [1]))).Message);
    }

    [Fact]
    public void AnUnknownFolderListsItsContentAndTheSupportedLayouts()
    {
        using var folder = new TempFolder();
        Assert.Contains("Found: nothing", Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);
        folder.Write("notes.txt", [1]);
        folder.Write("stuff/more.csv", [1]);
        var message = Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message;
        Assert.Contains("Found: notes.txt, stuff/.", message);
        Assert.Contains("train-images*", message);
        Assert.Contains("data_batch_1.bin", message);
        Assert.Contains("<class>/*", message);
    }

    [Fact]
    public void ADataSetInASubfolderIsFound()
    {
        using var folder = new TempFolder();
        WriteIdx(folder.File("MNIST", "raw"), IdxTests.Sample(20, 2, 2, 1), IdxTests.Sample(3, 2, 2, 1));
        Assert.Equal(20, DatasetLoader.Load(folder.File("MNIST")).Train.Count);
    }

    [Fact]
    public void TheSearchOrderHasTheProgramFolderAndThenTheUserCacheAndThePackagesOfTheSystem()
    {
        var order = DataFolders.SearchOrder();
        Assert.Contains(Path.Combine(AppContext.BaseDirectory, "datasets"), order);
        Assert.Equal(OperatingSystem.IsLinux() ? [DataFolders.UserCache, "/usr/share/datasets"] : [DataFolders.UserCache], order.SkipWhile(IsNotUserCache));
        Assert.All(DatasetCatalog.Entries, entry => Assert.Contains(entry.ClassNames.Count, new[] { 0, 10 }));
        Assert.True(DatasetCatalog.Entries[0].IsBundled);

        static bool IsNotUserCache(string folder) => folder != DataFolders.UserCache;
    }

    private static void WriteIdx(string folder, ImageSplit train, ImageSplit test)
    {
        IdxWriter.WriteImages(Path.Combine(folder, "train-images"), train);
        IdxWriter.WriteLabels(Path.Combine(folder, "train-labels"), train);
        IdxWriter.WriteImages(Path.Combine(folder, "test-images"), test);
        IdxWriter.WriteLabels(Path.Combine(folder, "test-labels"), test);
    }
}
