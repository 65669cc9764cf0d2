using System.Text.Json;
using Gpu.Cli;
using Gpu.Tests.IO;
using Gpu.Training.Data;
using Gpu.Training.Data.Digits;
using Gpu.Training.Images;

namespace Gpu.Tests.Cli;

/// <summary>Training, evaluation and prediction from the command line, on a data set of 300 images.</summary>
public sealed class TrainCommandTests : IClassFixture<TrainCommandTests.SmallDigits>
{
    private const string Model = "mlp64x2";
    private readonly SmallDigits _digits;

    public TrainCommandTests(SmallDigits digits) => _digits = digits;

    [Theory]
    [InlineData(9)]
    [InlineData(641)]
    public void TheBatchThatIsChosenLeavesNoSingleSample(int samples)
    {
        using var folder = new TempFolder();
        // The last batch normalization of this network has one value per sample and channel.
        var run = CommandLine.Run(
            "train", "digits", "--limit-train", $"{samples}", "--model", "lenet_bn28", "--epochs", "1", "--limit-test", "20", "--device", "cpu", "--out",
            folder.File("run"));
        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
    }

    [Fact]
    public void JsonHasTheDocumentedFields()
    {
        using var folder = new TempFolder();
        var run = Train(folder, "--epochs", "2", "--batch", "32");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Single(run.Output.TrimEnd().Split('\n'));
        var json = run.Json;
        Assert.Equal(Model, json.GetProperty("model").GetString());
        Assert.Equal("small", json.GetProperty("dataset").GetString());
        Assert.Equal("cpu", json.GetProperty("device").GetString());
        Assert.Equal(2, json.GetProperty("epochs").GetInt32());
        Assert.Equal(2 * 7, json.GetProperty("steps").GetInt32());
        Assert.Equal(55_050, json.GetProperty("parameters").GetInt64());
        Assert.Equal("completed", json.GetProperty("end").GetString());
        foreach (var name in new[] { "train_loss", "test_loss", "test_accuracy", "samples_per_second", "seconds", "first_step_seconds" })
            Assert.True(double.IsFinite(json.GetProperty(name).GetDouble()), name);
        Assert.Equal(2, json.GetProperty("history").GetArrayLength());
        var path = json.GetProperty("run").GetString()!;
        foreach (var file in new[] { "config.json", "model.json", "metrics.csv", "best.safetensors", "last.safetensors" })
            Assert.True(File.Exists(Path.Combine(path, file)), file);
    }

    [Fact]
    public void TheSameCommandGivesTheSameBitsForAnyNumberOfThreads()
    {
        using var folder = new TempFolder();
        string[] Command(string threads) => ["--steps", "9", "--batch", "24", "--seed", "5", "--threads", threads];
        var runs = new[] { "1", "2", "3" }.Select(threads => Train(folder, Command(threads)).Json).ToArray();
        var losses = runs.Select(run => run.GetProperty("losses").GetRawText()).ToArray();
        Assert.Equal(9, runs[0].GetProperty("losses").GetArrayLength());
        Assert.All(losses, text => Assert.Equal(losses[0], text));
        var files = runs.Select(run => Path.Combine(run.GetProperty("run").GetString()!, "last.safetensors"));
        var weights = files.Select(file => Convert.ToHexString(File.ReadAllBytes(file))).ToArray();
        Assert.All(weights, bytes => Assert.Equal(weights[0], bytes));
        var other = Train(folder, "--steps", "9", "--batch", "24", "--seed", "6").Json.GetProperty("losses").GetRawText();
        Assert.NotEqual(losses[0], other);
    }

    [Theory]
    [InlineData("--lr", "0.0003")]
    [InlineData("--optimizer", "sgd")]
    [InlineData("--momentum", "0.5", "--optimizer", "momentum")]
    [InlineData("--betas", "0.8,0.9")]
    [InlineData("--epsilon", "0.1")]
    [InlineData("--schedule", "linear:final=0.5")]
    [InlineData("--warmup", "4")]
    [InlineData("--weight-decay", "0.3")]
    [InlineData("--decay-mode", "decoupled", "--weight-decay", "0.3")]
    [InlineData("--decay-on", "all", "--weight-decay", "0.3")]
    [InlineData("--l1", "0.01")]
    [InlineData("--label-smoothing", "0.3")]
    [InlineData("--clip-norm", "0.01")]
    [InlineData("--accumulate", "2")]
    [InlineData("--augment", "flip,shift:3")]
    [InlineData("--no-shuffle")]
    [InlineData("--limit-train", "50")]
    [InlineData("--seed", "2")]
    public void EveryOptionChangesTheTraining(params string[] option)
    {
        // Guards against options that are accepted but never applied.
        using var folder = new TempFolder();
        string[] basis = ["--steps", "8", "--batch", "24", "--epochs", "1"];
        var without = option.Length > 2 ? Train(folder, [.. basis, .. option[2..]]) : Train(folder, basis);
        var with = Train(folder, [.. basis, .. option]);
        Assert.Equal(ExitCode.Success, with.ExitCode);
        Assert.NotEqual(without.Json.GetProperty("losses").GetRawText(), with.Json.GetProperty("losses").GetRawText());
    }

    [Fact]
    public void DropoutOptionOverridesTheModel()
    {
        using var folder = new TempFolder();
        string[] basis = ["--model", "lenet_bn28", "--steps", "2", "--batch", "8", "--limit-test", "8"];
        var (off, on, standard) = (Train(folder, [.. basis, "--dropout", "0"]), Train(folder, [.. basis, "--dropout", "0.8"]), Train(folder, basis));
        Assert.Equal(ExitCode.Success, standard.ExitCode);
        Assert.Equal(3, new[] { off, on, standard }.Select(run => run.Json.GetProperty("losses").GetRawText()).Distinct().Count());
    }

    [Fact]
    public void EvaluationUsesTheEmaWeights()
    {
        using var folder = new TempFolder();
        var (plain, averaged) = (Train(folder, "--steps", "8", "--batch", "24"), Train(folder, "--steps", "8", "--batch", "24", "--ema", "0.9"));
        Assert.Equal(plain.Json.GetProperty("losses").GetRawText(), averaged.Json.GetProperty("losses").GetRawText());
        Assert.NotEqual(plain.Json.GetProperty("test_loss").GetDouble(), averaged.Json.GetProperty("test_loss").GetDouble());
    }

    [Fact]
    public void InitLoadsTheWeightsOfAFile()
    {
        using var folder = new TempFolder();
        var first = Train(folder, "--epochs", "15", "--batch", "24");
        var weights = Path.Combine(first.Json.GetProperty("run").GetString()!, "last.safetensors");
        var second = Train(folder, "--steps", "1", "--batch", "24", "--init", weights);
        Assert.True(second.Json.GetProperty("losses")[0].GetDouble() < first.Json.GetProperty("history")[0].GetProperty("train_loss").GetDouble() / 2);
    }

    [Fact]
    public void ResumedRunEqualsAnUninterruptedOne()
    {
        using var folder = new TempFolder();
        var (whole, parts) = (folder.File("whole"), folder.File("parts"));
        string[] basis = [_digits.Path, "--model", Model, "--batch", "24", "--schedule", "constant", "--json"];
        Assert.Equal(ExitCode.Success, CommandLine.Run(["train", .. basis, "--epochs", "3", "--out", whole]).ExitCode);
        Assert.Equal(ExitCode.Success, CommandLine.Run(["train", .. basis, "--epochs", "1", "--out", parts]).ExitCode);
        var resumed = CommandLine.Run("train", "--resume", parts, "--epochs", "3", "--json");
        Assert.Equal(ExitCode.Success, resumed.ExitCode);
        Assert.Equal(3, resumed.Json.GetProperty("epochs").GetInt32());
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "last.safetensors")), File.ReadAllBytes(Path.Combine(parts, "last.safetensors")));
    }

    [Fact]
    public void CancellingSavesACheckpoint()
    {
        using var folder = new TempFolder();
        using var source = new CancellationTokenSource();
        source.Cancel();
        var run = CommandLine.Run(source.Token, "train", _digits.Path, "--model", Model, "--epochs", "2", "--batch", "24", "--out", folder.File("run"),
            "--json");
        Assert.Equal(ExitCode.Cancelled, run.ExitCode);
        Assert.Equal("cancelled", run.Json.GetProperty("end").GetString());
        Assert.Equal(JsonValueKind.Null, run.Json.GetProperty("test_accuracy").ValueKind);
        Assert.True(File.Exists(Path.Combine(folder.File("run"), "checkpoint.safetensors")));
        var resumed = CommandLine.Run("train", "--resume", folder.File("run"), "--json");
        Assert.Equal(ExitCode.Success, resumed.ExitCode);
        Assert.Equal(2, resumed.Json.GetProperty("epochs").GetInt32());
    }

    [UnixFact("the signal SIGINT to another process")]
    public async Task CtrlCSavesACheckpointAndExitsWith130()
    {
        using var folder = new TempFolder();
        using var process = ProcessTests.StartInterruptible("train", _digits.Path, "--device", "cpu", "--batch", "64", "--model", "cnn2",
            "--epochs", "1000000", "--log-every", "1", "--out", folder.File("run"));
        try
        {
            var wait = TimeSpan.FromMinutes(1);
            var error = process.StandardError.ReadToEndAsync();
            while (await process.StandardOutput.ReadLineAsync().WaitAsync(wait) is { } line
                && !line.StartsWith("epoch 1/1000000  1/", StringComparison.Ordinal))
            {
            }

            using (var kill = System.Diagnostics.Process.Start("kill", ["-INT", $"{process.Id}"]))
            {
                await kill.WaitForExitAsync().WaitAsync(wait);
                Assert.Equal(0, kill.ExitCode);
            }

            var rest = await process.StandardOutput.ReadToEndAsync().WaitAsync(wait);
            await process.WaitForExitAsync().WaitAsync(wait);
            Assert.Equal(ExitCode.Cancelled, process.ExitCode);
            Assert.Contains("To continue: gputrainer train --resume", rest);
            Assert.Equal("", await error);
            Assert.True(File.Exists(Path.Combine(folder.File("run"), "checkpoint.safetensors")));
        }
        finally
        {
            // It would train for ever.
            if (!process.HasExited) process.Kill();
        }
    }

    [Fact]
    public void EvalAndPredictUseTheBestWeights()
    {
        using var folder = new TempFolder();
        var trained = Train(folder, "--epochs", "20", "--batch", "24").Json;
        var path = trained.GetProperty("run").GetString()!;
        var eval = CommandLine.Run("eval", path, "--json");
        Assert.Equal(ExitCode.Success, eval.ExitCode);
        Assert.Equal(trained.GetProperty("test_accuracy").GetDouble(), eval.Json.GetProperty("accuracy").GetDouble());
        Assert.Equal(trained.GetProperty("test_loss").GetDouble(), eval.Json.GetProperty("loss").GetDouble(), 1e-6);
        var confusion = eval.Json.GetProperty("confusion").EnumerateArray().Select(row =>
            row.EnumerateArray().Select(cell => cell.GetInt32()).ToArray()).ToArray();
        Assert.Equal(SmallDigits.TestImages, confusion.Sum(row => row.Sum()));
        Assert.Equal(eval.Json.GetProperty("accuracy").GetDouble(), confusion.Select((row, label) => row[label]).Sum() / (double)SmallDigits.TestImages, 1e-12);

        // After twenty epochs on 200 images the network recognizes the first training image.
        var split = DatasetLoader.Load(_digits.Path).Train;
        var image = folder.File("image.png");
        ImageCodec.SavePng(image, new ByteImage(28, 28, 1, split.Image(0).ToArray()));
        var predict = CommandLine.Run("predict", path, image, "--json");
        Assert.Equal(ExitCode.Success, predict.ExitCode);
        var prediction = Assert.Single(predict.Json.GetProperty("predictions").EnumerateArray());
        Assert.Equal($"{split.Labels[0]}", prediction.GetProperty("class").GetString());
        Assert.Equal(1, prediction.GetProperty("probabilities").EnumerateObject().Sum(pair => pair.Value.GetDouble()), 1e-5);

        var missing = CommandLine.Run("predict", path, folder.File("none.png"));
        Assert.Equal(ExitCode.Failure, missing.ExitCode);
        Assert.Contains("none.png", missing.Error);
        ImageCodec.SavePng(image, new ByteImage(14, 28, 1));
        Assert.Contains("is 14x28 (height x width), but the network expects 784", CommandLine.Run("predict", path, image).Error);
    }

    [Fact]
    public void ADamagedDataSetIsAFailure()
    {
        using var folder = new TempFolder();
        foreach (var file in Directory.GetFiles(_digits.Path)) File.Copy(file, folder.File(Path.GetFileName(file)));
        var images = folder.File("train-images-idx3-ubyte.gz");
        File.WriteAllBytes(images, File.ReadAllBytes(images)[..1000]);
        var run = CommandLine.Run("train", folder.Path, "--model", Model, "--out", folder.File("run"));
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("train-images-idx3-ubyte.gz", run.Error);
        Assert.False(Directory.Exists(folder.File("run")));
    }

    [Fact]
    public void ARunIsNotOverwritten()
    {
        using var folder = new TempFolder();
        string[] command = ["train", _digits.Path, "--model", Model, "--steps", "1", "--out", folder.File("run")];
        Assert.Equal(ExitCode.Success, CommandLine.Run(command).ExitCode);
        var again = CommandLine.Run(command);
        Assert.Equal(ExitCode.Failure, again.ExitCode);
        Assert.Contains("already contains a run", again.Error);
    }

    [Fact]
    public void DivergenceIsAFailureThatSuggestsALowerLearningRate()
    {
        using var folder = new TempFolder();
        var run = Train(folder, "--optimizer", "sgd", "--lr", "1e20", "--epochs", "2");
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("lower learning rate", run.Json.GetProperty("error").GetString());
    }

    [Fact]
    public void AtATerminalAProgressBarIsDrawnAndErased()
    {
        using var folder = new TempFolder();
        var run = CommandLine.RunAtTerminal(true, "train", _digits.Path, "--model", Model, "--epochs", "2", "--out", folder.File("run"));
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("\r\u001b[2Kepoch 1/2", run.Output);
        Assert.Contains("images/s", run.Output);
        Assert.Contains("\u001b[2Kepoch 1/2  loss", run.Output);
        Assert.Contains("test accuracy", run.Output.Split("\u001b[2K")[^1]);
    }

    [Fact]
    public void TheHeaderShowsTheOptionsForSomeParameters()
    {
        using var folder = new TempFolder();
        var run = CommandLine.Run(
            "train", _digits.Path, "--model", Model, "--steps", "1", "--out", folder.File("run"), "--decay-for", "dense1.weight=1e-3", "--freeze",
            "dense2.bias", "--lr-scale", "dense1.bias=0.5", "--device", "cpu");
        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        Assert.Matches(@"decay for\s+dense1.weight=1e-3\n", run.Output);
        Assert.Matches(@"frozen\s+dense2.bias\n", run.Output);
        Assert.Matches(@"lr scale\s+dense1.bias=0.5\d*\n", run.Output);
        // The rate belongs to the time beside it.
        Assert.Matches(@"1 step in [0-9.]+ s, [0-9.,]+ m?s of them in steps: [0-9,]+ images/s", run.Output);
    }

    [Fact]
    public void CommandsToCopyHaveOneLineAtANarrowTerminal()
    {
        using var folder = new TempFolder();
        var target = folder.File(new string('r', 70));
        var run = CommandLine.RunAtTerminal(80, false, "train", _digits.Path, "--model", Model, "--epochs", "1", "--out", target, "--device", "cpu");
        Assert.Contains($"  gputrainer eval {target}\n", run.Output, StringComparison.Ordinal);
        Assert.Contains($"  gputrainer predict {target} IMAGE\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void OptionsThatDoNotFitTheNetworkAreUsageErrors()
    {
        foreach (var options in (string[])
            ["--freeze nothing", "--decay-for nothing=1", "--lr-scale nothing=2", "--stochastic-depth 0.1", "--augment saturation:0.5"])
        {
            using var folder = new TempFolder();
            var run = CommandLine.Run(["train", _digits.Path, "--model", Model, "--out", folder.File("run"), .. options.Split(' ')]);
            Assert.Equal((options, ExitCode.Usage), (options, run.ExitCode));
            Assert.DoesNotContain("Device:", run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void TheLossThatIsShownIsThatOfTheLastSteps()
    {
        using var folder = new TempFolder();
        var data = Loop.SmallData.Squares();
        var observer = new Watcher();
        using var device = new Gpu.Kernels.Devices.CpuDevice(threads: 1);
        var options = new Gpu.Training.Loop.TrainingOptions { Steps = 12, Batch = 4, LogEvery = 100, RecordLosses = true };
        using var trainer = new Gpu.Training.Loop.Trainer(Loop.SmallData.Network(), data, device, options, observer);
        var losses = trainer.Run().Losses!;
        // The first step is a reading; the others show the mean since then.
        Assert.Equal(losses[0], observer.Shown[0], 1e-4);
        for (var step = 1; step < 12; step++) Assert.Equal(losses.Skip(1).Take(step).Average(), observer.Shown[step], 1e-4);
    }

    private sealed class Watcher : Gpu.Training.Loop.ITrainingObserver
    {
        public List<double> Shown { get; } = [];

        public bool WantsLoss => true;

        public void OnStep(in Gpu.Training.Loop.StepProgress progress) => Shown.Add(progress.Loss);
    }

    private CommandLine Train(TempFolder folder, params string[] options) =>
        CommandLine.Run([
            "train", _digits.Path, .. options.Contains("--model") ? (string[])[] : ["--model", Model],
            "--out", folder.File($"run{Guid.NewGuid():N}"), "--json", .. options,
        ]);

    /// <summary>A few generated digits in a folder.</summary>
    public sealed class SmallDigits : IDisposable
    {
        public const int TestImages = 100;
        private readonly TempFolder _folder = new();

        public SmallDigits()
        {
            Path = _folder.File("small");
            IdxFolderWriter.Write(DigitsGenerator.Generate(7, 200, TestImages), Path);
        }

        public string Path { get; }

        public void Dispose() => _folder.Dispose();
    }
}
