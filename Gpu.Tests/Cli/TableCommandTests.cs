using System.Globalization;
using Gpu.Tests.IO;
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
        Assert.Equal(200, confusion.Sum());
        Assert.Equal(eval.Json.GetProperty("accuracy").GetDouble(), (confusion[0] + confusion[3]) / 200.0, 1e-12);
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
        Assert.Equal((100, 500), (all.GetProperty("samples").GetInt32(), other.GetProperty("samples").GetInt32()));
        var predicted = CommandLine.Run("predict", run, file, "--device", "cpu", "--json").Json.GetProperty("predictions").EnumerateArray()
            .Select(one => one.GetProperty("value").GetDouble()).ToArray();
        var prices = File.ReadAllLines(file).Skip(1).Select(line => double.Parse(line.Split('\t')[3], CultureInfo.InvariantCulture)).ToArray();
        var squares = prices.Zip(predicted, (a, b) => (a - b) * (a - b)).Sum();
        Assert.Equal(Math.Sqrt(squares / 500), other.GetProperty("rmse").GetDouble(), 2);
        Assert.Equal(1 - squares / prices.Sum(p => (p - prices.Average()) * (p - prices.Average())), other.GetProperty("r2").GetDouble(), 1e-5);
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
        Assert.Contains("for tables", CommandLine.Run("train", "digits", "--target", "x").Error);
        Assert.Contains("--plot draws runs on two columns", PlotOfFour());

        string PlotOfFour()
        {
            File.WriteAllLines(folder.File("t.csv"), Enumerable.Range(0, 40).Select(i => $"{i},{i % 7},{i % 3},{i % 2}").Prepend("a,b,c,t"));
            CommandLine.Run("train", folder.File("t.csv"), "--epochs", "1", "--device", "cpu", "--out", folder.File("d"));
            return CommandLine.Run("eval", folder.File("d"), "--plot", folder.File("p.png"), "--device", "cpu").Error;
        }
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
