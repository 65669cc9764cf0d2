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
    public void GeneratedShapesAreReadBackAsTheyAreBundled()
    {
        using var folder = new IO.TempFolder();
        string[] command = ["data", "generate", "shapes", "--train", "9", "--test", "4", "--seed", "3", "--out", folder.File("shapes")];
        var run = CommandLine.Run([.. command, "--json"]);
        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        Assert.Equal(27, run.Json.GetProperty("count").GetInt32());
        var (read, expected) = (DatasetLoader.Load(folder.File("shapes")), ShapesGenerator.Generate(3, 9, 4));
        Assert.Equal(expected.ClassNames, read.ClassNames);
        foreach (var (actual, wanted) in new[] { (read.Train, expected.Train), (read.Test, expected.Test) })
        {
            Assert.Equal(wanted.Count, actual.Count);
            for (var n = 0; n < actual.Count; n++)
            {
                var i = int.Parse(Path.GetFileNameWithoutExtension(actual.Names![n]), System.Globalization.CultureInfo.InvariantCulture) - 1;
                Assert.Equal(wanted.Image(i).ToArray(), actual.Image(n).ToArray());
                Assert.Equal(wanted.Mask(i).ToArray(), actual.Mask(n).ToArray());
            }
        }

        // The same again changes nothing; fewer images would leave others in the folder.
        Assert.Equal(ExitCode.Success, CommandLine.Run(command).ExitCode);
        var fewer = CommandLine.Run([.. command.Select(one => one == "9" ? "5" : one)]);
        Assert.Equal(ExitCode.Usage, fewer.ExitCode);
        Assert.Contains("has other images, such as", fewer.Error, StringComparison.Ordinal);
        Assert.Contains("--noise does not apply to 'shapes'", CommandLine.Run("data", "generate", "shapes", "--noise", "1").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ShowWritesAContactSheet()
    {
        using var folder = new IO.TempFolder();
        Assert.Equal(ExitCode.Success, CommandLine.Run("data", "generate", "digits", "--train", "40", "--test", "20", "--out", folder.File("small")).ExitCode);
        var file = folder.File("deep", "sheet.png");
        var run = CommandLine.Run("data", "show", folder.File("small"), "--part", "test", "--per-class", "2", "--scale", "1", "--out", file);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("small: 40 training and 20 test images of 28x28x1 (height x width x channels), 10 classes", run.Output);
        Assert.Contains(file, run.Output);
        var sheet = ImageCodec.Load(file);
        Assert.True(sheet.Height > 10 * 28 && sheet.Width > 2 * 28, $"{sheet.Height}x{sheet.Width}");
        Assert.Contains(sheet.Pixels, value => value > 200);
    }

    [Fact]
    public void ShowDrawsAugmentedImages()
    {
        using var folder = new IO.TempFolder();
        CommandLine Show(string name, params string[] options)
        {
            string[] command = ["data", "show", "digits", "--per-class", "3", "--scale", "1", "--out", folder.File(name), .. options];
            return CommandLine.Run(command);
        }

        var rotated = Show("a.png", "--augment", "rotate:30,erase:0.5");
        Assert.True(rotated.ExitCode == ExitCode.Success, rotated.Error);
        Assert.Contains("a training image of each class and 3 augmented copies", rotated.Output);
        Assert.Equal(ExitCode.Success, Show("b.png", "--augment", "rotate:30,erase:0.5", "--seed", "1").ExitCode);
        Assert.Equal(ExitCode.Success, Show("c.png", "--augment", "rotate:30,erase:0.5", "--seed", "2").ExitCode);
        Assert.Equal(ExitCode.Success, Show("d.png", "--mixup", "1").ExitCode);
        var (a, b, c, d) = (Pixels("a"), Pixels("b"), Pixels("c"), Pixels("d"));
        Assert.Equal(a, b);
        Assert.NotEqual(a, c);
        Assert.NotEqual(a, d);
        Assert.Contains("need 3 channels, but there is 1", Show("e.png", "--augment", "hue:0.1").Error);
        Assert.Contains("--seed has no effect without an augmentation", Show("e.png", "--seed", "2").Error);
        Assert.False(File.Exists(folder.File("e.png")));

        byte[] Pixels(string name) => ImageCodec.Load(folder.File($"{name}.png")).Pixels;
    }

    [Fact]
    public void ShowDescribesTheColumnsOfATable()
    {
        using var folder = new IO.TempFolder();
        var file = folder.File("t.csv");
        File.WriteAllLines(file, Enumerable.Range(0, 60)
            .Select(i => $"row {i},{i * 0.5},{(i == 7 ? "x" : $"{i % 4}")},{"rgb"[i % 3]},{(i % 2 == 0 ? "no" : "yes")}")
            .Prepend("name,size,count,color,t"));
        var show = CommandLine.Run("data", "show", file, "--plain");
        Assert.Equal(ExitCode.Success, show.ExitCode);
        Assert.Matches(@"t\.csv: 60 rows, 5 columns", show.Output);
        Assert.Matches(@"name +text, nearly all different +0 +60 ", show.Output);
        Assert.Matches(@"size +number +0 +60  0 to 29\.5", show.Output);
        Assert.Matches(@"count +text, mostly numbers +0 +5  not a number: line 9 \('x'\)", show.Output);
        Assert.Matches(@"color +text +0 +3  b 20, g 20, r 20", show.Output);
        Assert.Matches(@"t +text, target +0 +2  no 30, yes 30", show.Output);
        Assert.Contains("line 9 ('x'): it is read as a category", show.Error);
        var json = CommandLine.Run("data", "show", file, "--target", "size", "--json").Json;
        Assert.Equal(("size", "regression"), (json.GetProperty("target").GetString(), json.GetProperty("task").GetString()));
        Assert.Equal(60, json.GetProperty("train").GetInt32() + json.GetProperty("test").GetInt32());

        // A table that cannot be trained on is described, too.
        File.WriteAllText(file, "a,b,c\n1,x,3\n2,,4\nNA,y,\n");
        show = CommandLine.Run("data", "show", file, "--plain");
        Assert.Equal(ExitCode.Success, show.ExitCode);
        Assert.Contains("Missing in 'a': line 4.", show.Output);
        Assert.Contains("cannot be trained on as it is: ", show.Error);
        Assert.Contains("without a value of the target 'c': line 4", show.Error);
        Assert.Equal(0.5, CommandLine.Run("data", "show", "circles", "--json").Json.GetProperty("classes")[0].GetProperty("train").GetInt32() / 800.0, 0.1);
        Assert.Contains("--scale is for images", CommandLine.Run("data", "show", file, "--scale", "2").Error);
        Assert.Contains("--target is for tables", CommandLine.Run("data", "show", "digits", "--target", "x").Error);
        Assert.Contains("ends in .png", CommandLine.Run("data", "show", "digits", "--out", "x.txt").Error);
    }

    [Fact]
    public void ListGivesTheFolderOfTheBundledDataSet()
    {
        var digits = CommandLine.Run("data", "list", "--json").Json.GetProperty("datasets")[0];
        Assert.Equal("digits", digits.GetProperty("name").GetString());
        Assert.True(Directory.Exists(digits.GetProperty("folder").GetString()));
    }
}
