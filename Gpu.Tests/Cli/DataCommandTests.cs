using Gpu.Cli;
using Gpu.Training.Data;
using Gpu.Training.Images;

namespace Gpu.Tests.Cli;

public class DataCommandTests
{
    [Fact]
    public void GeneratesTheSameImagesForTheSameSeed()
    {
        using var folder = new IO.TempFolder();
        string[] Generate(string name, string seed)
        {
            var run = CommandLine.Run("data", "generate", "digits", "--seed", seed, "--train", "30", "--test", "20", "--out", folder.File(name), "--json");
            Assert.Equal(ExitCode.Success, run.ExitCode);
            Assert.Equal(30, run.Json.GetProperty("train").GetInt32());
            return [.. run.Json.GetProperty("files").EnumerateArray().Select(file => Convert.ToHexString(IO.Gzip.ReadFile(file.GetString()!)))];
        }

        var first = Generate("a", "5");
        Assert.Equal(4, first.Length);
        Assert.Equal(first, Generate("b", "5"));
        Assert.NotEqual(first, Generate("c", "6"));
        Assert.Equal(30, DatasetLoader.Load(folder.File("a")).Train.Count);
    }

    [Fact]
    public void ShowWritesAContactSheet()
    {
        using var folder = new IO.TempFolder();
        Assert.Equal(ExitCode.Success, CommandLine.Run("data", "generate", "digits", "--train", "40", "--test", "20", "--out", folder.File("small")).ExitCode);
        var file = folder.File("deep", "sheet.png");
        var run = CommandLine.Run("data", "show", folder.File("small"), "--part", "test", "--per-class", "2", "--scale", "1", "--out", file);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("small: 40 training and 20 test images of 28x28x1, 10 classes", run.Output);
        Assert.Contains(file, run.Output);
        var sheet = ImageCodec.Load(file);
        Assert.True(sheet.Height > 10 * 28 && sheet.Width > 2 * 28, $"{sheet.Height}x{sheet.Width}");
        Assert.Contains(sheet.Pixels, value => value > 200);
    }

    [Fact]
    public void ListGivesTheFolderOfTheBundledDataSet()
    {
        var digits = CommandLine.Run("data", "list", "--json").Json.GetProperty("datasets")[0];
        Assert.Equal("digits", digits.GetProperty("name").GetString());
        Assert.True(Directory.Exists(digits.GetProperty("folder").GetString()));
    }
}
