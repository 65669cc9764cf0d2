using System.Text.Json;
using Gpu.Cli;
using Gpu.Cli.Sweeping;
using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Oracles;
using Gpu.Training.Images;

namespace Gpu.Tests.Cli;

/// <summary>Sweeps over any option of train, on 600 points of the table moons.</summary>
public class SweepCommandTests
{
    private static readonly string[] Fast = ["--model", "mlp10", "--epochs", "1", "--device", "cpu", "--json"];

    [Theory]
    [InlineData("0,1e-5..1e-1:log5", "0", "1e-5", "1e-4", "1e-3", "0.01", "0.1")]
    [InlineData("0..1:3", "0", "0.5", "1")]
    [InlineData("relu, tanh", "relu", "tanh")]
    [InlineData("0.9,0.99;0.8,0.9", "0.9,0.99", "0.8,0.9")]
    public void ValuesAreListsAndRanges(string text, params string[] expected) =>
        Assert.Equal(expected, SweptOption.Parse("--x", text, _ => null).Values());

    [Fact]
    public void AValueWithCommasIsOneValueIfItsPartsAreNone()
    {
        static string? Pair(string text) => text.Split(',').Length == 2 ? null : "expected two numbers";
        Assert.Equal(["0.9,0.99"], SweptOption.Parse("--betas", "0.9,0.99", Pair).Values());
        static string? Whole(string text) => text.Contains('.', StringComparison.Ordinal) ? "expected an integer" : null;
        Assert.Equal(["1", "2", "4"], SweptOption.Parse("--batch", "1..4:3", Whole).Values());
    }

    [Theory]
    [InlineData("cuda", "cuda:0, cuda:2")]
    [InlineData("auto", "cuda:0, cuda:2")]
    [InlineData("cuda:0", "cuda:0")]
    public void RunsTakeTurnsOnTheGpusOfOneModel(string device, string expected)
    {
        // The second GPU is of another model, and the fourth cannot be used.
        static DeviceInfo Gpu(int number, string name, string? reason = null) => new($"cuda:{number}", "cuda", name, 0, 1, 1, reason);
        List<string> opened = [];
        var (output, error) = (new StringWriter(), new StringWriter());
        var host = new CliHost(output, error)
        {
            ListDevices = () => [Gpu(0, "A"), Gpu(1, "B"), Gpu(2, "A"), Gpu(3, "A", "it is broken")],
            OpenDevice = (id, _) =>
            {
                opened.Add(id is "auto" or "cuda" ? "cuda:0" : id);
                return (TestDevices.Simulator(id: opened[^1]), []);
            },
        };
        string[] sweep = ["sweep", "moons", "--model", "mlp10", "--steps", "1", "--limit-train", "60", "--grid", "lr=0.1,0.2", "--device", device, "--json"];
        var code = App.Run(sweep, host);
        Assert.True(code == ExitCode.Success, error.ToString());
        Assert.Equal(expected, string.Join(", ", opened));
        var results = JsonDocument.Parse(output.ToString()).RootElement;
        Assert.Equal(opened.Count, results.GetProperty("jobs").GetInt32());
        Assert.Equal(2, results.GetProperty("trials").GetArrayLength());
    }

    [Theory]
    [InlineData("--weight-decay", "-1")]
    [InlineData("--optimizer", "adm")]
    [InlineData("--schedule", "cosin")]
    [InlineData("--bogus", "1")]
    public void ErrorsAreThoseOfTrain(string option, string value)
    {
        var train = CommandLine.Run("train", option, value);
        var sweep = CommandLine.Run("sweep", "--grid", $"{option[2..]}={value}");
        Assert.Equal(ExitCode.Usage, sweep.ExitCode);
        Assert.Equal(train.Error, sweep.Error);
    }

    [Theory]
    [InlineData("--grid cannot vary --seed", "--grid", "seed=1,2")]
    [InlineData("--grid cannot vary --out", "--grid", "out=a,b")]
    [InlineData("is given twice", "--grid", "lr=1e-3,1e-2", "--lr", "1e-3")]
    [InlineData("needs a number of values for a grid, such as 1e-5..1e-1:log5", "--grid", "weight-decay=1e-5..1e-1:log")]
    [InlineData("is not a range", "--grid", "weight-decay=0..1:log3")]
    [InlineData("optimizer=adam: --momentum has no effect", "--grid", "optimizer=momentum,adam", "--momentum", "0.5")]
    [InlineData("No setting is possible", "--grid", "optimizer=adamw", "--grid", "lr=1e-3,1e-2", "--decay-mode", "l2")]
    [InlineData("--lr expects a number (above 0), but got 'x'", "--lr", "1e-3,x")]
    [InlineData("needs at least 2 epochs and 2 settings", "--halving", "2", "--epochs", "1")]
    public void MistakesAreReportedBeforeAnythingTrains(string expected, params string[] args)
    {
        var run = CommandLine.Run(["sweep", "moons", "--model", "mlp10", .. args]);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(expected, run.Error);
        Assert.DoesNotContain("1/", run.Output);
    }

    [Fact]
    public void ActivationsAreSwept()
    {
        var run = CommandLine.Run(["sweep", "moons", "--grid", "activation=sigmoid,tanh,relu,gelu,silu", .. Fast]);
        Assert.True(run.ExitCode == 0, run.Error);
        var losses = Trials(run).Select(trial => trial.GetProperty("loss").GetDouble()).ToArray();
        Assert.Equal(5, losses.Distinct().Count());
        Assert.Contains("--activation", run.Json.GetProperty("train_command").ToString());
    }

    [Fact]
    public void WithoutListsTheDefaultsOfTheHelpAreSwept()
    {
        var run = CommandLine.Run(["sweep", "moons", .. Fast]);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal([0, 1e-5, 1e-4, 1e-3, 1e-2], Trials(run).Select(trial => trial.GetProperty("weight_decay").GetDouble()));
        Assert.Contains("weight-decay=0,1e-5,1e-4,1e-3,1e-2", CommandLine.Run("sweep", "--help").Output);
        // A single value is no list: then it is a sweep of one setting.
        Assert.Single(Trials(CommandLine.Run(["sweep", "moons", "--weight-decay", "1e-3", .. Fast])));
    }

    [Fact]
    public void AListAndAGridAreTheSame()
    {
        var list = CommandLine.Run(["sweep", "moons", "--lr", "1e-3,1e-2", "--optimizer", "sgd,adam", .. Fast]);
        var grid = CommandLine.Run(["sweep", "moons", "--grid", "lr=1e-3,1e-2", "--grid", "optimizer=sgd,adam", .. Fast]);
        Assert.Equal(4, Trials(list).Length);
        Assert.Equal(Losses(list), Losses(grid));
        Assert.Equal(4, Losses(list).Distinct().Count());
        Assert.Equal("adam", Trials(list)[1].GetProperty("optimizer").GetString());
    }

    [Fact]
    public void AFolderHasTablesPicturesAndFinishedRuns()
    {
        using var folder = new TempFolder();
        var output = folder.File("out");
        string[] args = ["sweep", "moons", "--weight-decay", "0,1e-3,10", "--folds", "3", "--out", output, "--refit", folder.File("run"), .. Fast];
        var run = CommandLine.Run(args);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(9, Directory.GetFiles(Path.Combine(output, "trials")).Length);
        Assert.Equal(4, File.ReadAllLines(Path.Combine(output, "results.csv")).Length);
        Assert.Equal("3", JsonDocument.Parse(File.ReadAllText(Path.Combine(output, "results.json"))).RootElement.GetProperty("folds").GetRawText());
        var svg = File.ReadAllText(Path.Combine(output, "loss.svg"));
        Assert.Contains("<svg", svg);
        var picture = ImageCodec.Load(Path.Combine(output, "loss.png"));
        Assert.Equal((1040, 1600), (picture.Height, picture.Width));
        Assert.Contains("Lowest loss: weight-decay=", run.Error);

        // The printed command trains what --refit trained.
        var command = run.Json.GetProperty("train_command").EnumerateArray().Select(part => part.GetString()!).ToArray();
        Assert.Contains(string.Join(' ', command), run.Error);
        var trained = CommandLine.Run(["train", .. command, "--out", folder.File("again"), "--json"]);
        Assert.Equal(run.Json.GetProperty("refit").GetProperty("test_loss").GetDouble(), trained.Json.GetProperty("test_loss").GetDouble());

        args[^(Fast.Length + 1)] = folder.File("run2");
        var again = CommandLine.Run(args);
        Assert.Contains("9 runs had been finished before", again.Error);
        Assert.Equal(Losses(run), Losses(again));
        Assert.Contains("already contains a run", CommandLine.Run([.. args[..^Fast.Length], .. Fast]).Error);
    }

    [Fact]
    public void OneValueIsASweepOfOneSetting()
    {
        using var folder = new TempFolder();
        var run = CommandLine.Run(["sweep", "moons", "--weight-decay", "1e-3", "--out", folder.File("out"), .. Fast]);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("Lowest loss: weight-decay=1e-3 (", run.Error);
        Assert.DoesNotContain("error bars", run.Error);
        Assert.StartsWith("weight_decay,", File.ReadAllText(folder.File("out", "results.csv")));
        Assert.Contains("<svg", File.ReadAllText(folder.File("out", "loss.svg")));
        Assert.Contains("--weight-decay 1e-3", string.Join(' ', run.Json.GetProperty("train_command").EnumerateArray().Select(part => part.GetString())));
    }

    [Fact]
    public void TwoOptionsMakeAHeatMapAndRandomDrawsAreRepeatable()
    {
        using var folder = new TempFolder();
        var map = folder.File("map.svg");
        Assert.Equal(0, CommandLine.Run(["sweep", "moons", "--lr", "1e-3,1e-2", "--grid", "batch=16,32,64", "--plot", map, .. Fast]).ExitCode);
        Assert.True(File.ReadAllText(map).Split("<rect").Length > 6);
        string[] random = ["sweep", "moons", "--grid", "lr=1e-4..1e-1:log", "--grid", "batch=8..64:log", "--random", "4", .. Fast];
        var (first, second) = (CommandLine.Run(random), CommandLine.Run(random));
        Assert.Equal(4, Losses(first).Distinct().Count());
        Assert.Equal(Losses(first), Losses(second));
        Assert.NotEqual(Losses(first), Losses(CommandLine.Run([.. random, "--seed", "2"])));
    }

    [Fact]
    public void OptionsWithoutEffectBesideOthersAreLeftOut()
    {
        var run = CommandLine.Run(["sweep", "moons", "--grid", "optimizer=momentum,adam", "--grid", "momentum=0.5,0.9", .. Fast]);
        Assert.Equal(0, run.ExitCode);
        // adam has no momentum, so it is one setting.
        Assert.Equal(["0.5", "0.9", "null"], Trials(run).Select(trial => trial.GetProperty("momentum").GetRawText()));
        var partly = CommandLine.Run(["sweep", "moons", "--grid", "optimizer=adam,adamw", "--grid", "decay-mode=l2,decoupled", .. Fast]);
        Assert.Equal(3, Trials(partly).Length);
        Assert.Contains("Left out: 1 combination", partly.Error);
    }

    [Theory]
    // Without decay its mode has no effect, which train refuses: the command of the setting is without it.
    [InlineData("--weight-decay", "0,0.1", "--decay-mode", "decoupled", "--optimizer", "momentum")]
    [InlineData("--weight-decay", "0,0.1", "--decay-mode", "decoupled", "--cautious-decay", "--decay-on", "all")]
    [InlineData("--l1", "0,0.01", "--l1-mode", "proximal", "--optimizer", "sgd")]
    [InlineData("--weight-decay", "0,0.1", "--grid", "optimizer=adam,sgd", "--decay-mode", "decoupled")]
    public void TrainAcceptsTheCommandOfEverySetting(params string[] options)
    {
        var run = CommandLine.Run(["sweep", "moons", .. options, .. Fast]);
        Assert.True(run.ExitCode == 0, run.Error);
        var commands = run.Json.GetProperty("train_commands").EnumerateObject().ToDictionary(
            setting => setting.Name, setting => setting.Value.EnumerateArray().Select(argument => argument.GetString()!).ToArray());
        Assert.Equal(Trials(run).Length, commands.Count);
        Assert.Contains(run.Json.GetProperty("train_command").GetRawText(), commands.Values.Select(command => JsonSerializer.Serialize(command)));
        foreach (var command in commands.Values)
        {
            var train = CommandLine.Run(["train", .. command, "--dry-run"]);
            Assert.True(train.ExitCode == 0, $"{string.Join(' ', command)}: {train.Error}");
        }

        // Those that have an effect keep their options.
        Assert.Contains(commands.Values, command => command.Contains(options[0] == "--l1" ? "proximal" : "decoupled"));
    }

    [Fact]
    public void AnOptionWithoutEffectInAnySettingIsRefusedAsByTrain()
    {
        var run = CommandLine.Run(["sweep", "moons", "--lr", "0.1,0.01", "--weight-decay", "0", "--decay-mode", "decoupled", .. Fast]);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("--decay-mode has no effect, because weight decay is 0", run.Error);
    }

    [Fact]
    public void OutNeverReplacesFilesOfOthers()
    {
        using var folder = new TempFolder();
        folder.Write("mine/notes.txt", "mine"u8.ToArray());
        var run = CommandLine.Run(["sweep", "moons", "--out", folder.File("mine"), .. Fast]);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("no results of a sweep", run.Error);
        Assert.Single(Directory.GetFileSystemEntries(folder.File("mine")));
    }

    [Fact]
    public void ADryRunShowsThePlanAndWritesOnlyThePicture()
    {
        using var folder = new TempFolder();
        string[] args =
            ["train", "moons", "--model", "mlp10", "--batch", "20", "--epochs", "10", "--warmup", "5", "--lr", "0.01", "--device", "cpu", "--dry-run"];
        var run = CommandLine.Run([.. args, "--out", folder.File("run"), "--plot", folder.File("rate.png"), "--json"]);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal([folder.File("rate.png")], Directory.GetFileSystemEntries(folder.Path));
        var rates = run.Json.GetProperty("learning_rates").EnumerateArray().ToDictionary(
            entry => entry.GetProperty("at").GetString()!, entry => entry.GetProperty("learning_rate").GetDouble());
        Assert.Equal(0.002, rates["start"], 1e-6);
        Assert.Equal(0.01, rates["end of warm-up"], 1e-6);
        Assert.InRange(rates["middle"], 0.0045, 0.0055);
        Assert.Equal(0, rates["end"], 1e-6);
        Assert.Contains("dense1", run.Error);
        Assert.Contains("--plot needs --dry-run", CommandLine.Run("train", "--plot", "x.svg").Error);
        Assert.Contains("ends in .svg or .png", CommandLine.Run("train", "--dry-run", "--plot", "x.jpg").Error);
    }

    private static JsonElement[] Trials(CommandLine run) => [.. run.Json.GetProperty("trials").EnumerateArray()];

    private static double[] Losses(CommandLine run) =>
        [.. Trials(run).SelectMany(trial => trial.GetProperty("losses").EnumerateArray()).Select(loss => loss.GetDouble())];
}
