using System.Globalization;
using System.Text.RegularExpressions;
using Gpu.Tests.IO;
using Gpu.Tests.Runs;
using Gpu.Training.Data;

namespace Gpu.Tests.Cli;

public class TableCommandTests
{
    // Three overlapping normal distributions with the means and deviations of the iris species (R. A. Fisher, 1936). scikit-learn reports about 0.96 with
    // linear and nearest-neighbor classifiers on iris.
    [Fact]
    public void IrisLikeRowsReachTheKnownAccuracy()
    {
        using var folder = new TempFolder();
        var file = folder.File("iris.csv");
        var random = new PortableRandom(7);
        double[][] means = [[5.01, 3.43, 1.46, 0.25], [5.94, 2.77, 4.26, 1.33], [6.59, 2.97, 5.55, 2.03]];
        double[][] deviations = [[0.35, 0.38, 0.17, 0.11], [0.52, 0.31, 0.47, 0.20], [0.64, 0.32, 0.55, 0.27]];
        string[] names = ["setosa", "versicolor", "virginica"];
        File.WriteAllLines(file, Enumerable.Range(0, 600).Select(i => string.Join(",", Enumerable.Range(0, 4)
            .Select(k => (means[i % 3][k] + deviations[i % 3][k] * random.NextApproximateNormal()).ToString("F2", CultureInfo.InvariantCulture))
            .Append(names[i % 3]))).Prepend("sepal_length,sepal_width,petal_length,petal_width,species"));
        var train = CommandLine.Run("train", file, "--epochs", "40", "--device", "cpu", "--out", folder.File("run"), "--json");
        Assert.Equal(0, train.ExitCode);
        Assert.InRange(train.Json.GetProperty("test_accuracy").GetDouble(), 0.93, 1);
        var eval = CommandLine.Run("eval", folder.File("run"), "--device", "cpu", "--json");
        Assert.Equal(train.Json.GetProperty("test_accuracy").GetDouble(), eval.Json.GetProperty("accuracy").GetDouble());
        Assert.Equal(names, eval.Json.GetProperty("classes").EnumerateArray().Select(one => one.GetProperty("name").GetString()));
    }

    [Theory]
    [InlineData("moons", 0.97)]
    [InlineData("circles", 0.95)]
    public void TheSmallPerceptronLearnsTheGeneratedTables(string name, double least)
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        var train = CommandLine.Run("train", name, "--model", "mlp10", "--epochs", "60", "--device", "cpu", "--out", run, "--json");
        Assert.Equal(("binary", 41), (train.Json.GetProperty("task").GetString(), train.Json.GetProperty("parameters").GetInt32()));
        Assert.InRange(train.Json.GetProperty("test_accuracy").GetDouble(), least, 1);
        Assert.InRange(train.Json.GetProperty("history")[59].GetProperty("train_accuracy").GetDouble(), least, 1);

        var plot = folder.File("plot.png");
        var eval = CommandLine.Run("eval", run, "--plot", plot, "--device", "cpu", "--json");
        Assert.Equal(train.Json.GetProperty("test_accuracy").GetDouble(), eval.Json.GetProperty("accuracy").GetDouble());
        var confusion = eval.Json.GetProperty("confusion").EnumerateArray().SelectMany(row => row.EnumerateArray().Select(cell => cell.GetInt32())).ToArray();
        Assert.InRange(confusion.Sum(), 170, 230);
        Assert.Equal(eval.Json.GetProperty("accuracy").GetDouble(), (confusion[0] + confusion[3]) / (double)confusion.Sum(), 1e-12);
        var image = Gpu.Training.Images.ImageCodec.Load(plot);
        Assert.Equal((552, 560), (image.Height, image.Width));
        // Both classes color a part of the plane.
        Assert.Contains(Enumerable.Range(0, image.Height * image.Width), i => image.Pixels[3 * i] + 60 < image.Pixels[3 * i + 2]);
        Assert.Contains(Enumerable.Range(0, image.Height * image.Width), i => image.Pixels[3 * i] > image.Pixels[3 * i + 2] + 60);
    }

    [Fact]
    public void RegressionReportsRmseAndR2InTheUnitOfTheTarget()
    {
        using var folder = new TempFolder();
        var (file, run) = (folder.File("price.tsv"), folder.File("run"));
        var random = new PortableRandom(3);
        string[] kinds = ["flat", "house", "villa"];
        File.WriteAllLines(file, Enumerable.Range(0, 500).Select(i =>
        {
            var (size, kind) = (random.NextDouble(30, 200), random.NextInt32(3));
            var price = 50_000 + 3000 * size + 60_000 * kind + 10_000 * random.NextApproximateNormal();
            return FormattableString.Invariant($"{i}\t{size:F1}\t{kinds[kind]}\t{price:F0}");
        }).Prepend("id\tsize\tkind\tprice"));
        var train = CommandLine.Run("train", file, "--ignore", "id", "--epochs", "60", "--device", "cpu", "--out", run, "--json").Json;
        Assert.Equal("regression", train.GetProperty("task").GetString());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, train.GetProperty("test_accuracy").ValueKind);
        // The noise has a deviation of 10,000, so no model can do much better.
        Assert.InRange(train.GetProperty("test_rmse").GetDouble(), 7000, 15_000);
        Assert.InRange(train.GetProperty("test_r2").GetDouble(), 0.98, 1);
        var eval = CommandLine.Run("eval", run, "--device", "cpu", "--json").Json;
        Assert.Equal(train.GetProperty("test_rmse").GetDouble(), eval.GetProperty("rmse").GetDouble(), 1e-6);

        File.WriteAllText(folder.File("new.csv"), "kind,size\nflat,100\nvilla,100\ncastle,100\n");
        var predict = CommandLine.Run("predict", run, folder.File("new.csv"), "--device", "cpu", "--json");
        var values = predict.Json.GetProperty("predictions").EnumerateArray().Select(one => one.GetProperty("value").GetDouble()).ToArray();
        Assert.InRange(values[0], 330_000, 370_000);
        Assert.InRange(values[1], 450_000, 490_000);
        Assert.Contains("castle", predict.Error);

        // RMSE and R2 of all rows by their definition, from the predictions.
        var all = CommandLine.Run("eval", run, file, "--device", "cpu", "--json").Json;
        File.Copy(file, folder.File("other.tsv"));
        var other = CommandLine.Run("eval", run, folder.File("other.tsv"), "--device", "cpu", "--json").Json;
        Assert.Equal((eval.GetProperty("samples").GetInt32(), 500), (all.GetProperty("samples").GetInt32(), other.GetProperty("samples").GetInt32()));
        var predicted = CommandLine.Run("predict", run, file, "--device", "cpu", "--json").Json.GetProperty("predictions").EnumerateArray()
            .Select(one => one.GetProperty("value").GetDouble()).ToArray();
        var prices = File.ReadAllLines(file).Skip(1).Select(line => double.Parse(line.Split('\t')[3], CultureInfo.InvariantCulture)).ToArray();
        var squares = prices.Zip(predicted, (a, b) => (a - b) * (a - b)).Sum();
        Assert.Equal(Math.Sqrt(squares / 500), other.GetProperty("rmse").GetDouble(), 2);
        Assert.Equal(1 - squares / prices.Sum(p => (p - prices.Average()) * (p - prices.Average())), other.GetProperty("r2").GetDouble(), 1e-5);
    }

    [Fact]
    public void ATableWithoutNamesAndWithRowNumbersTrains()
    {
        using var folder = new TempFolder();
        var (file, run) = (folder.File("t.csv"), folder.File("run"));
        File.WriteAllLines(file, Enumerable.Range(0, 120).Select(i => $"{i + 1},{i * 13 % 37},{(i * 13 % 37 > 18 ? "high" : "low")}"));
        var train = CommandLine.Run("train", file, "--epochs", "2", "--device", "cpu", "--out", run);
        Assert.True(train.ExitCode == 0, train.Error);
        Assert.Contains("is data, so the columns are named c1 to c3 (--header yes", train.Error);
        Assert.Contains("Column 'c1' was left out: the numbers only count the rows", train.Error);
        Assert.Contains("--use c1 reads it", train.Error);
        Assert.Matches(@"\d+ optimizer steps in all are few: \d+ in each of 2 epochs\. For 1,000 add --epochs \d+\.", train.Error);
        var epochs = Regex.Match(train.Error, @"add --epochs (\d+)").Groups[1].Value;
        Assert.DoesNotContain("are few", CommandLine.Run("train", file, "--epochs", epochs, "--dry-run", "--device", "cpu").Error);
        Assert.Equal(0, CommandLine.Run("eval", run, "--device", "cpu").ExitCode);
        File.WriteAllText(folder.File("new.csv"), "7,5\n8,30\n");
        var predict = CommandLine.Run("predict", run, folder.File("new.csv"), "--device", "cpu", "--json");
        Assert.Equal(2, predict.Json.GetProperty("predictions").GetArrayLength());
        var forced = CommandLine.Run("train", file, "--header", "yes", "--steps", "1", "--device", "cpu", "--use", "1", "--out", folder.File("b"));
        Assert.Contains("The target is the last column, 'low'", forced.Error);
        Assert.DoesNotContain("left out", forced.Error);
    }

    [Fact]
    public void EvalOfAChangedTableJudgesNoTrainingRow()
    {
        using var folder = new TempFolder();
        var (file, run) = (folder.File("t.csv"), folder.File("run"));
        var rows = Enumerable.Range(0, 300).Select(i => $"{i + 2},{i * 13 % 37},{(i * 13 % 37 > 18 ? "high" : "low")}").ToList();
        Write(file, rows);
        Assert.Equal(0, CommandLine.Run("train", file, "--epochs", "1", "--device", "cpu", "--out", run).ExitCode);
        var before = Eval();
        Assert.DoesNotContain("changed", before.Error);
        var samples = before.Json.GetProperty("samples").GetInt32();

        // Sorted anew, a row less and 50 more: the parts of the others stay.
        rows.RemoveAt(0);
        rows.Reverse();
        rows.InsertRange(20, Enumerable.Range(1000, 50).Select(i => $"{i},{i % 37},low"));
        Write(file, rows);
        var after = Eval();
        Assert.Contains("has changed since the run was trained: 50 rows added, 1 row removed (300 rows then)", after.Error);
        var added = after.Json.GetProperty("samples").GetInt32() - samples;
        Assert.InRange(added, 1, 25);
        var row0IsTest = samples + added - after.Json.GetProperty("samples").GetInt32();
        Assert.Contains($"Of the added rows, {added + row0IsTest} belong", after.Error);

        // A resumed run leaves new rows out, and refuses to go on without an old one.
        Write(file, [.. rows, "2,0,low"]);
        var resumed = CommandLine.Run("train", "--resume", run, "--epochs", "2", "--device", "cpu", "--plain");
        Assert.Equal(0, resumed.ExitCode);
        Assert.Contains("The added rows are not used", resumed.Error);

        // Another table is judged as a whole.
        Write(folder.File("other.csv"), [.. rows.Take(120)]);
        var other = CommandLine.Run("eval", run, folder.File("other.csv"), "--device", "cpu", "--json");
        Assert.Equal(120, other.Json.GetProperty("samples").GetInt32());
        var trained = other.Error[..other.Error.IndexOf(" of 120 rows have the same inputs as training rows", StringComparison.Ordinal)].Split(' ')[^1];
        Assert.InRange(int.Parse(trained, CultureInfo.InvariantCulture), 40, 69);
        Write(folder.File("new.csv"), [.. Enumerable.Range(2000, 9).Select(i => $"{i},1,low")]);
        Assert.DoesNotContain("same inputs", CommandLine.Run("eval", run, folder.File("new.csv"), "--device", "cpu", "--json").Error);
        File.WriteAllText(folder.File("untold.csv"), "n,x\n1,2\n");
        Assert.Contains("nothing to compare", CommandLine.Run("eval", run, folder.File("untold.csv"), "--device", "cpu").Error);

        File.Delete(Path.Combine(run, "rows.json"));
        Assert.Contains("cannot be told from others", Eval().Error);

        CommandLine Eval() => CommandLine.Run("eval", run, "--device", "cpu", "--json");
        static void Write(string path, List<string> lines) => File.WriteAllLines(path, lines.Prepend("n,x,level"));
    }

    [Fact]
    public void RunsOnTablesRefuseImagesAndFolders()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        CommandLine.Run("train", "moons", "--epochs", "1", "--model", "mlp10", "--device", "cpu", "--out", run);
        File.WriteAllText(folder.File("x.png"), "x");
        Assert.Contains("is an image. The run in", CommandLine.Run("predict", run, folder.File("x.png")).Error);
        Assert.Contains("is a folder. The run in", CommandLine.Run("predict", run, folder.Path).Error);
        Assert.Contains("is a folder, but the run", CommandLine.Run("eval", run, folder.Path).Error);
        Assert.Contains("is an image, but the run", CommandLine.Run("eval", run, folder.File("x.png")).Error);
        // A target with gaps is not read to predict.
        File.WriteAllText(folder.File("rows.csv"), "class,x2,x1\n,1,2\nwhat,3,4\n");
        Assert.Equal(2, CommandLine.Run("predict", run, folder.File("rows.csv"), "--device", "cpu", "--json").Json.GetProperty("predictions").GetArrayLength());
    }

    [Fact]
    public void AResumedRunEqualsAnUninterruptedOne()
    {
        using var folder = new TempFolder();
        string[] common = ["--model", "mlp10", "--batch", "32", "--schedule", "constant", "--validation", "0.2", "--device", "cpu", "--json"];
        var whole = CommandLine.Run(["train", "moons", "--epochs", "4", "--out", folder.File("whole"), .. common]);
        CommandLine.Run(["train", "moons", "--epochs", "2", "--out", folder.File("parts"), .. common]);
        var rest = CommandLine.Run("train", "--resume", folder.File("parts"), "--epochs", "4", "--device", "cpu", "--json");
        Assert.Equal(0, rest.ExitCode);
        Assert.Equal(File.ReadAllBytes(folder.File("whole/last.safetensors")), File.ReadAllBytes(folder.File("parts/last.safetensors")));
        Assert.Equal(whole.Json.GetProperty("test_loss").GetDouble(), rest.Json.GetProperty("test_loss").GetDouble());
    }

    [Fact]
    public void TheLossFollowsTheTask()
    {
        using var folder = new TempFolder();
        var three = CommandLine.Run("train", "spirals", "--model", "mlp10", "--epochs", "1", "--device", "cpu", "--plain", "--out", folder.File("a"));
        Assert.Contains("softmax-cross-entropy instead of mean-squared-error; the sigmoid of its last layer is left out", three.Error);
        var two = CommandLine.Run("train", "moons", "--epochs", "1", "--device", "cpu", "--out", folder.File("b"), "--plain");
        Assert.Equal(0, two.ExitCode);
        Assert.Contains("\"loss\": \"binary-cross-entropy\"", File.ReadAllText(folder.File("b/model.json")));
        var cnn = CommandLine.Run("train", "moons", "--model", "cnn2", "--epochs", "1", "--device", "cpu", "--out", folder.File("c"));
        Assert.NotEqual(0, cnn.ExitCode);
        Assert.Contains("The network 'cnn2' takes images, but 'moons' is a table, whose rows are 2 numbers", cnn.Error);
        Assert.Contains("one of mlp10, mlp64x2, mlp128", CommandLine.Run("train", "moons", "--model", "resnet20").Error);
        Assert.Contains("for tables", CommandLine.Run("train", "digits", "--target", "x").Error);
        Assert.Contains("--plot draws runs on two columns", PlotOfFour());

        string PlotOfFour()
        {
            File.WriteAllLines(folder.File("t.csv"), Enumerable.Range(0, 40).Select(i => $"{i + 2},{i % 7},{i % 3},{i % 2}").Prepend("a,b,c,t"));
            CommandLine.Run("train", folder.File("t.csv"), "--epochs", "1", "--device", "cpu", "--out", folder.File("d"));
            return CommandLine.Run("eval", folder.File("d"), "--plot", folder.File("p.png"), "--device", "cpu").Error;
        }
    }

    [Fact]
    public void WhatIsFrozenIsSaidAndCountsOfOneAreSingular()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        var train = CommandLine.Run(
            "train", "moons", "--model", "mlp10", "--freeze", "dense1", "--steps", "1", "--device", "cpu", "--out", run, "--plain");
        Assert.Contains("Frozen: 2 of 4 tensors, 30 of 41 parameters (dense1.weight, dense1.bias).", train.Output);
        Assert.Contains("\n1 step in ", train.Output.ReplaceLineEndings("\n"));
        Assert.DoesNotContain("Frozen", CommandLine.Run("train", "--resume", run, "--steps", "2", "--freeze", "none").Output);
        Assert.Contains("--class-weights: expected 'balanced' or a JSON file", CommandLine.Run("train", "moons", "--class-weights", "nix").Error);
        Assert.Contains("--plot: expected a file name that ends in .png", CommandLine.Run("eval", run, "--plot", folder.File("x.txt")).Error);
    }

    [Fact]
    public void AnOlderMetricsFileGetsTheNewColumns()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        CommandLine.Run("train", "moons", "--model", "mlp10", "--epochs", "2", "--device", "cpu", "--out", run);
        var file = Path.Combine(run, "metrics.csv");
        var lines = File.ReadAllLines(file);
        // As an older version wrote the run: two columns less, no checksums, no metrics in the checkpoint.
        File.WriteAllLines(file, lines.Select(line => line.Split(',')).Select(cells => string.Join(',', cells[..^2])));
        RunFixture.ChangeMetadata(run, metadata => Assert.True(metadata.Remove("metrics")));
        Assert.Equal(0, CommandLine.Run("train", "--resume", run, "--epochs", "3", "--device", "cpu").ExitCode);
        var after = File.ReadAllLines(file);
        Assert.Equal(4, after.Length);
        Assert.Equal(lines[0], after[0]);
        for (var i = 1; i < 3; i++)
            Assert.Equal(lines[i].Split(',')[..^2], after[i].Split(',')[..^2]);
        Assert.EndsWith(",,", after[1]);
        Assert.All(after, line => Assert.Equal(lines[0].Split(',').Length, line.Split(',').Length));
    }

    [Fact]
    public void SweepsSearchTables()
    {
        var sweep = CommandLine.Run(
            "sweep", "moons", "--weight-decay", "0,1e-3", "--folds", "3", "--epochs", "2", "--model", "mlp10", "--device", "cpu", "--json");
        Assert.Equal(0, sweep.ExitCode);
        Assert.Equal(2, sweep.Json.GetProperty("trials").GetArrayLength());
    }

    [Fact]
    public void GeneratedTablesAreWrittenAsCsv()
    {
        using var folder = new TempFolder();
        var file = folder.File("s.csv");
        Assert.Equal(0, CommandLine.Run("data", "generate", "spirals", "--classes", "2", "--rows", "50", "--noise", "0.05", "--out", file).ExitCode);
        Assert.Equal(51, File.ReadAllLines(file).Length);
        Assert.Contains("--train does not apply to 'moons'", CommandLine.Run("data", "generate", "moons", "--train", "5").Error);
        Assert.Contains("spirals have 2 or 3", CommandLine.Run("data", "generate", "moons", "--classes", "3", "--out", file).Error);
    }
}
