using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Gpu.Cli.Output;
using Gpu.Cli.Reports;
using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Training.Data;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Runs;
using Gpu.Training.Weights;

namespace Gpu.Tests.Cli;

/// <summary>The pages of runs: report.html, <c>report</c> and <c>compare</c>.</summary>
public sealed class ReportCommandTests : IClassFixture<TrainCommandTests.SmallDigits>
{
    private const string Hostile = "<script>alert(1)</script>";
    private const int MostBytes = 2_000_000;
    private readonly TrainCommandTests.SmallDigits _digits;

    public ReportCommandTests(TrainCommandTests.SmallDigits digits) => _digits = digits;

    [Fact]
    public void ThePageOfARunOnATableEscapesItsTexts()
    {
        using var folder = new TempFolder();
        var file = folder.File("a & <b>.csv");
        WriteTable(file, [Hostile, "\"b\" & c"]);
        var run = folder.File("run<i>");
        var train = CommandLine.Run("train", file, "--model", "mlp10", "--epochs", "5", "--device", "cpu", "--out", run, "--json");
        Assert.True(train.ExitCode == 0, train.Error);
        var page = Page(run, out var text);
        Assert.DoesNotContain("<script>alert", text, StringComparison.Ordinal);
        Assert.Single(page.Descendants("script"));
        Assert.Contains(page.Descendants("td"), cell => cell.Value == Hostile);
        Assert.Contains(page.Descendants("td"), cell => cell.Value == "\"b\" & c");
        Assert.Equal("run<i>", page.Descendants("h1").Single().Value);
        Assert.Contains(page.Descendants("pre"), block => block.Value.StartsWith("gputrainer train", StringComparison.Ordinal)
            && block.Value.Contains("--model mlp10", StringComparison.Ordinal));
        // The plane of the two inputs.
        Assert.Contains(page.Descendants("img"), image => (string?)image.Attribute("class") == "plane");
        HasFact(page, "test accuracy", Units.Percent(train.Json.GetProperty("test_accuracy").GetDouble()));
        HasFact(page, "test loss", Units.Fixed(train.Json.GetProperty("test_loss").GetDouble(), 4));
        Assert.Equal(5, train.Json.GetProperty("history").GetArrayLength());
        Assert.Equal("dense1.weight", train.Json.GetProperty("history")[4].GetProperty("layers")[0].GetProperty("name").GetString());
    }

    [Fact]
    public void ThePageOfARunOnImagesHasPicturesAndTheNumbersOfEval()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        // One epoch leaves mistakes.
        var train = CommandLine.Run("train", _digits.Path, "--model", "cnn2", "--epochs", "1", "--device", "cpu", "--out", run, "--plain");
        Assert.True(train.ExitCode == 0, train.Error);
        Assert.Contains($"report    {Path.Combine(run, "report.html")}", train.Output, StringComparison.Ordinal);
        var eval = CommandLine.Run("eval", run, "--device", "cpu", "--json").Json;
        foreach (var again in new[] { false, true })
        {
            if (again)
            {
                File.Delete(Path.Combine(run, RunFolder.ReportFile));
                Assert.Equal(0, CommandLine.Run("report", run, "--device", "cpu").ExitCode);
            }

            var page = Page(run, out _);
            HasFact(page, "test accuracy", Units.Percent(eval.GetProperty("accuracy").GetDouble()));
            HasFact(page, "macro-F1", Units.Percent(eval.GetProperty("macro_f1").GetDouble()));
            var matrix = page.Descendants("table").Single(table => (string?)table.Attribute("class") == "matrix").Element("tbody")!.Elements("tr")
                .Select(row => row.Elements("td").Select(cell => cell.Value == "\u00B7" ? 0 : int.Parse(cell.Value, CultureInfo.InvariantCulture)).ToArray());
            Assert.Equal(
                eval.GetProperty("confusion").EnumerateArray().Select(row => row.EnumerateArray().Select(cell => cell.GetInt32()).ToArray()), matrix);
            Assert.NotEmpty(page.Descendants("figure"));
            // Grad-CAM beside the picture.
            Assert.Contains(page.Descendants("div"), pair => (string?)pair.Attribute("class") == "pair" && pair.Elements("img").Count() == 2);
            Assert.Equal(32, page.Descendants("div").Single(one => (string?)one.Attribute("class") == "filters").Elements("img").Count());
            Assert.NotEmpty(page.Descendants("image"));
            Assert.All(
                page.Descendants("img").Select(image => (string?)image.Attribute("src"))
                    .Concat(page.Descendants("image").Select(one => (string?)one.Attribute("href"))),
                source => Assert.StartsWith("data:image/png;base64,", source, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void CompareShowsWhatDiffers()
    {
        using var folder = new TempFolder();
        var file = folder.File("t.csv");
        WriteTable(file, ["yes", "no"]);
        string[] runs = [folder.File("with"), folder.File("without")];
        foreach (var (run, decay) in runs.Zip(["0.01", "0"]))
        {
            var train = CommandLine.Run("train", file, "--model", "mlp10", "--epochs", "8", "--weight-decay", decay, "--device", "cpu", "--out", run, "--json");
            Assert.True(train.ExitCode == 0, train.Error);
        }

        var page = folder.File("page.html");
        var compare = CommandLine.Run("compare", runs[0], runs[1], "--out", page, "--device", "cpu");
        Assert.True(compare.ExitCode == 0, compare.Error);
        Assert.Matches(@"--weight-decay\s+1e-2\s+0\n", compare.Output);
        Assert.Contains("The last line is what differs", compare.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("replaces", compare.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("--lr ", compare.Output, StringComparison.Ordinal);
        foreach (var run in runs)
        {
            var last = RunFolder.Open(run).ReadReports()[^1];
            Assert.Contains(Units.Fixed(last.TrainLoss, 4), compare.Output, StringComparison.Ordinal);
            var norm = Math.Sqrt(last.Layers!.Where(layer => layer.IsWeight).Sum(layer => layer.WeightNorm * layer.WeightNorm));
            Assert.Matches($@"weight norm.*\s{Regex.Escape(Units.Short(norm))}", compare.Output);
        }

        var parsed = Parse(File.ReadAllText(page));
        Assert.Equal(2, parsed.Descendants("img").Count(image => (string?)image.Attribute("class") == "plane"));
        Assert.Contains(parsed.Descendants("th"), head => head.Value == "weight-decay");

        // The same again replaces the page, which is said; runs that do not differ have no lines of options.
        var same = CommandLine.Run("compare", runs[0], runs[0], "--out", page, "--no-data", "--device", "cpu");
        Assert.Contains($"Report written to {page}, which replaces the one that was there", same.Output, StringComparison.Ordinal);
        Assert.Contains("The configurations of the runs are the same.", same.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("--", same.Output.Replace(page, "", StringComparison.Ordinal), StringComparison.Ordinal);

        var json = CommandLine.Run("report", runs[0], runs[1], "--out", page, "--no-data", "--device", "cpu", "--json").Json;
        Assert.Equal(["1e-2", "0"], json.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("weight-decay").GetString()));
        Assert.Equal(2, CommandLine.Run("compare", runs[0]).ExitCode);
    }

    [Fact]
    public void RunsWithOtherTasksHaveOtherNumbers()
    {
        using var folder = new TempFolder();
        (string Name, string[] Options)[] all =
        [
            ("classes", ["--model", "mlp128", "--validation", "0.2", "--optimizer", "adamw"]),
            ("images", ["--task", "autoencode", "--activation", "leaky-relu"]),
            ("noise", ["--task", "gan"]),
        ];
        foreach (var (name, options) in all)
        {
            var train = CommandLine.Run(
                ["train", .. options, "--steps", "1", "--limit-train", "40", "--limit-test", "40", "--device", "cpu", "--out", folder.File(name)]);
            Assert.True(train.ExitCode == 0, train.Error);
        }

        string[] runs = [.. all.Select(run => folder.File(run.Name))];
        var page = folder.File("page.html");
        foreach (var order in new[] { runs, [.. runs.Reverse()] })
        {
            var compare = CommandLine.Run(["compare", .. order, "--no-data", "--out", page, "--device", "cpu"]);
            Assert.True(compare.ExitCode == 0, compare.Error);
            Assert.Contains("test accuracy", compare.Output, StringComparison.Ordinal);
            var rows = Parse(File.ReadAllText(page)).Descendants("table").First().Descendants("tr").Select(row => row.Elements().Count());
            Assert.Single(rows.Distinct());
        }

        // The values are those that the options take.
        var output = CommandLine.Run(["compare", .. runs, "--no-data", "--out", page, "--device", "cpu"]).Output;
        Assert.Matches(@"--task\s+classification\s+autoencode\s+gan\n", output);
        Assert.Matches(@"--loss\s+cross-entropy\s+mse\s+non-saturating\n", output);
        Assert.Matches(@"--optimizer\s+adamw\s+adam\s+adam\n", output);
        Assert.Matches(@"--activation\s+as in the model\s+leaky-relu\s+as in the model\n", output);
    }

    [Fact]
    public void ShortNamesAreToldApart()
    {
        string[] names = ["cnn2-baseline-decay-0.0001", "cnn2-baseline-decay-0.0003", "cnn2-baseline-decay-0.0003-more"];
        Assert.Equal(["\u20260.0001", "\u20260.0003", "\u20260.0003-more"], ShortNames.Of(names, 18));
        Assert.Equal(["a", "b"], ShortNames.Of(["a", "b"], 18));
        foreach (var set in new[]
        {
            names, ["the-same-name-of-a-run-1", "the-same-name-of-a-run-1"],
            [$"{new string('a', 30)}1{new string('b', 30)}", $"{new string('a', 30)}2{new string('b', 30)}"],
            ["a-very-long-name-of-a-run", "a-very-long-name-of-a-run-and-more"], ["runs/one/the-name-of-the-run", "runs/two/the-name-of-the-run", "x"],
        })
        {
            var texts = ShortNames.Of(set, 18);
            Assert.All(texts, text => Assert.InRange(text.Length, 1, 18));
            Assert.Equal(set.Distinct().Count(), texts.Distinct().Count());
        }

        // The full name is a tooltip.
        var chart = new SvgPlot("t") { Series = [.. names.Select((name, i) => new PlotSeries(name, [1.0], [i], i))] }.Draw()!;
        Assert.Equal(names, chart.Descendants("text").Elements("title").Select(title => title.Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void AReportOfOneEpochShowsItsMeanRateAndItsUpdates()
    {
        using var folder = new TempFolder();
        var (file, run) = (folder.File("t.csv"), folder.File("run"));
        WriteTable(file, ["yes", "no"]);
        var train = CommandLine.Run(
            "train", file, "--model", "mlp10", "--epochs", "1", "--schedule", "cosine", "--lr", "0.25", "--optimizer", "sgd", "--device", "cpu", "--out", run,
            "--json");
        Assert.True(train.ExitCode == 0, train.Error);
        var epoch = RunFolder.Open(run).ReadReports().Single();
        // The cosine ends at 0, with a mean of half its start.
        Assert.Equal(0, epoch.LearningRate);
        Assert.InRange(epoch.MeanLearningRate, 0.1, 0.15);
        Assert.All(epoch.Layers!, layer => Assert.True(layer.UpdateRatio > 1e-6, $"{layer.Name}: {layer.UpdateRatio}"));
    }

    [Fact]
    public void WithoutStatisticsAndDataThereIsStillAPage()
    {
        using var folder = new TempFolder();
        var (file, run) = (folder.File("t.csv"), folder.File("run"));
        WriteTable(file, ["yes", "no"]);
        var train = CommandLine.Run("train", file, "--model", "mlp10", "--epochs", "2", "--no-statistics", "--device", "cpu", "--out", run, "--json");
        Assert.True(train.ExitCode == 0, train.Error);
        Assert.False(train.Json.GetProperty("history")[1].TryGetProperty("layers", out _));
        File.Delete(file);
        var report = CommandLine.Run("report", run, "--device", "cpu");
        Assert.Equal(0, report.ExitCode);
        Assert.Contains("lacks what the run", report.Error, StringComparison.Ordinal);
        var page = Page(run, out _);
        Assert.DoesNotContain(page.Descendants("h2"), head => head.Value is "Layers" or "Classes");
        Assert.Contains(page.Descendants("h2"), head => head.Value == "Curves");
    }

    // For a dense layer after the convolution the gradient of an output with respect to a feature is the weight between them.
    [Fact]
    public void GradCamAgreesWithTheGradientsOfADenseLayer()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        var data = Loop.SmallData.Squares();
        var model = new Gpu.Training.Models.Model(
            "cam", Gpu.Training.Shapes.TensorShape.Image(8, 8, 1),
            new Conv2dLayer(3, 3) { Activation = Gpu.Kernels.Activation.Relu }, new FlattenLayer(), new DenseLayer(4));
        using var device = new CpuDevice(threads: 1);
        using (var trainer = new Trainer(model, data, device, new TrainingOptions { Epochs = 1, OutputFolder = run })) trainer.Run();
        var opened = RunFolder.Open(run);
        using var activation = ClassActivation.Create(opened, device)!;
        var test = (ImageSplit)data.Test;
        using var reader = new SafeTensorsReader(opened.BestWeights);
        var (kernel, bias, dense) = (reader.ReadFloats("conv1.weight"), reader.ReadFloats("conv1.bias"), reader.ReadFloats("dense1.weight"));
        for (var sample = 0; sample < 3; sample++)
        {
            var label = sample + 1;
            var input = PartialModel.Inputs(opened, test.Select([sample]));
            var features = new double[6 * 6 * 3];
            for (var at = 0; at < 36; at++)
            {
                for (var c = 0; c < 3; c++)
                {
                    var sum = (double)bias[c];
                    for (var k = 0; k < 9; k++) sum += kernel[k * 3 + c] * input[(at / 6 + k / 3) * 8 + at % 6 + k % 3];
                    features[at * 3 + c] = Math.Max(0, sum);
                }
            }

            var importance = Enumerable.Range(0, 3).Select(c => Enumerable.Range(0, 36).Sum(at => (double)dense[(at * 3 + c) * 4 + label])).ToArray();
            var expected = Enumerable.Range(0, 36).Select(at => Math.Max(0, Enumerable.Range(0, 3).Sum(c => importance[c] * features[at * 3 + c]))).ToArray();
            var largest = expected.Max();
            var (values, height, width) = activation.Map(test, sample, label);
            Assert.Equal((6, 6), (height, width));
            Assert.True(largest > 0);
            for (var at = 0; at < 36; at++) Assert.Equal(expected[at] / largest, values[at], 1e-4);
        }
    }

    [Fact]
    public void ASparklineShowsTheCourseOfItsValues()
    {
        Assert.Equal("█▅▁", Sparkline.Draw([3, 2, 1], 10, isUnicode: true));
        Assert.Equal("_#", Sparkline.Draw([1, double.NaN, 2], 10, isUnicode: false));
        Assert.Equal(30, Sparkline.Draw([.. Enumerable.Range(0, 500).Select(i => (double)i)], 30, isUnicode: true).Length);
        Assert.Equal("", Sparkline.Draw([], 10, isUnicode: true));
    }

    private static void WriteTable(string file, string[] names)
    {
        var random = new PortableRandom(3);
        File.WriteAllLines(file, Enumerable.Range(0, 200).Select(i =>
        {
            var (x, y) = (random.NextApproximateNormal() + i % 2, random.NextApproximateNormal() - i % 2);
            return string.Create(CultureInfo.InvariantCulture, $"{x:F3},{y:F3},\"{names[i % 2].Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        }).Prepend("a,b,class"));
    }

    private static XDocument Page(string run, out string text)
    {
        var file = Path.Combine(run, RunFolder.ReportFile);
        Assert.InRange(new FileInfo(file).Length, 1000, MostBytes);
        text = File.ReadAllText(file);
        return Parse(text);
    }

    // Well-formed, and without anything from elsewhere.
    private static XDocument Parse(string text)
    {
        Assert.StartsWith("<!DOCTYPE html>\n", text, StringComparison.Ordinal);
        var page = XDocument.Parse(text[text.IndexOf('\n', StringComparison.Ordinal)..]);
        Assert.Empty(page.Descendants("link"));
        Assert.All(page.Descendants().Attributes().Where(one => one.Name.LocalName is "src" or "href"), one =>
            Assert.StartsWith("data:", one.Value, StringComparison.Ordinal));
        Assert.DoesNotContain("url(", page.Descendants("style").Single().Value, StringComparison.Ordinal);
        return page;
    }

    private static void HasFact(XDocument page, string name, string value) => Assert.Equal(
        value, page.Descendants("div").Where(one => (string?)one.Attribute("class") == "fact").Single(one => one.Element("span")!.Value == name)
            .Element("b")!.Value);
}
