using System.Text.Json;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.Cli;
using Gpu.Tests.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Oracles;
using Gpu.Tests.Trajectories;
using Gpu.Training.Data;
using Gpu.Training.Generation;
using Gpu.Training.Images;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Runs;

namespace Gpu.Tests.Generation;

public class GenerationTrainingTests
{
    public static TheoryData<string> Networks => ["vae", "hinge", "non-saturating", "conditional"];

    // Ten steps beside those of PyTorch in double precision; see make_generation_vectors.py.
    [Fact]
    public void StepsOfAnAutoencoderAgreeWithPyTorch()
    {
        using var file = Vectors();
        var (root, expected) = (file.RootElement, file.RootElement.GetProperty("vae"));
        var batch = root.GetProperty("batch").GetInt32();
        using var device = new CpuDevice(threads: 2);
        using var network = new Network(SmallGenerators.Autoencoder(), device);
        SmallGenerators.Initialize(network, "vae");
        using var steps = new StepRunner(network, batch, Momentum(0.1f) with { KlWeight = root.GetProperty("kl_weight").GetSingle() });
        var check = new Comparison("vae", "cpu");
        var parameters = network.Model.Parameters.Where(parameter => parameter.Trainable).ToArray();
        for (var step = 0; step < expected.GetProperty("losses").GetArrayLength(); step++)
        {
            steps.SetBatch(SmallGenerators.Batch("vae", step, batch, 0));
            steps.ForwardBackward();
            check.Relative("loss", expected.GetProperty("losses")[step].GetDouble(), steps.ReadLoss(), 1e-4, $"in step {step}");
            if (step == 0)
            {
                for (var number = 0; number < parameters.Length; number++)
                {
                    var squares = network.GetGradient(parameters[number].Name).Sum(value => (double)value * value);
                    var wanted = expected.GetProperty("gradients")[number].GetDouble();
                    check.Scaled("gradient", wanted, squares, Math.Max(wanted, 1e-9), 1e-4, $"of {parameters[number].Name}");
                }
            }

            steps.Update();
        }
    }

    [Theory]
    [InlineData("hinge", LossKind.Hinge)]
    [InlineData("non-saturating", LossKind.NonSaturating)]
    public void StepsOfAnAdversarialNetworkAgreeWithPyTorch(string name, LossKind loss)
    {
        using var file = Vectors();
        var (root, expected) = (file.RootElement, file.RootElement.GetProperty(name));
        var batch = root.GetProperty("batch").GetInt32();
        using var device = new CpuDevice(threads: 2);
        using var network = new Network(SmallGenerators.Adversarial(loss), device);
        SmallGenerators.Initialize(network, "gan");
        using var steps = new StepRunner(network, batch, Momentum(0.05f) with
        {
            DiscriminatorLearningRate = 0.1f, DiscriminatorDecay = root.GetProperty("decay").GetSingle(), DiscriminatorSpectralNorm = 0,
        });
        SmallGenerators.Initialize(steps.Discriminator!.Network, "critic");
        var check = new Comparison(name, "cpu");
        for (var step = 0; step < expected.GetProperty("losses").GetArrayLength(); step++)
        {
            steps.SetBatch(SmallGenerators.Batch("gan", step, batch, -1));
            steps.Discriminator.Metrics.Reset();
            steps.Step();
            check.Relative("loss", expected.GetProperty("losses")[step].GetDouble(), steps.ReadLoss(), 1e-4, $"in step {step}");
            var other = (float)(2 * steps.Discriminator.Metrics.Read().MeanLoss);
            check.Relative("loss of the discriminator", expected.GetProperty("discriminator")[step].GetDouble(), other, 1e-4, $"in step {step}");
        }
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void TheSameBitsForAnyThreads(string name)
    {
        var results = new[] { 1, 2, 5 }.Select(threads =>
        {
            using var device = new CpuDevice(threads);
            using var trainer = new Trainer(ModelOf(name), DataOf(name), device, SmallGenerators.Options());
            var result = trainer.Run();
            Assert.All(result.Losses!, loss => Assert.True(float.IsFinite(loss)));
            return (result.Losses!, trainer.Network.GetParameter("dense1.weight"), result.Reports[^1].Diversity);
        }).ToArray();
        foreach (var result in results[1..])
        {
            Assert.Equal(results[0].Item1, result.Item1);
            Assert.Equal(results[0].Item2, result.Item2);
            Assert.Equal(results[0].Diversity, result.Diversity);
        }
    }

    // Cancelled within an epoch: the checkpoint has the other network, its optimizer and the counters of the epoch.
    [Theory]
    [MemberData(nameof(Networks))]
    public void AResumedRunHasTheSameBits(string name)
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(2);
        var options = SmallGenerators.Options(3) with { Ema = 0.9f, DiscriminatorDecay = name == "vae" ? null : 1e-3f };
        var whole = Train(folder.File("whole"), null);
        using var stop = new CancellationTokenSource();
        Train(folder.File("parts"), stop);
        using var resumed = Trainer.Resume(folder.File("parts"), DataOf(name), device);
        var rest = resumed.Run();
        Assert.Equal(whole.Reports[^1] with { TrainSeconds = 0, EvaluationSeconds = 0, SamplesPerSecond = 0 },
            rest.Reports[^1] with { TrainSeconds = 0, EvaluationSeconds = 0, SamplesPerSecond = 0 });
        foreach (var file in new[] { RunFolder.BestFile, RunFolder.LastFile, Path.Combine(RunFolder.PicturesFolder, "samples-0003.png") })
            Assert.Equal(File.ReadAllBytes(Path.Combine(folder.File("whole"), file)), File.ReadAllBytes(Path.Combine(folder.File("parts"), file)));

        TrainingResult Train(string path, CancellationTokenSource? cancel)
        {
            using var trainer = new Trainer(
                ModelOf(name), DataOf(name), device, options with { OutputFolder = path }, cancel is null ? null : new CancelAt(8, cancel));
            return trainer.Run(cancel?.Token ?? default);
        }
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void AStepAllocatesNothing(string name)
    {
        using var device = new CpuDevice(2);
        using var network = new Network(ModelOf(name), device);
        using var steps = new StepRunner(network, 16);
        var images = SmallGenerators.Batch("gan", 0, 16, name == "vae" ? 0 : -1);
        if (name == "conditional") steps.SetBatch(images, [.. Enumerable.Range(0, 16).Select(i => i % 2)]);
        else steps.SetBatch(images);
        for (var i = 0; i < 3; i++) steps.Step();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 5; i++) steps.Step();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void AnAutoencoderLearnsAndGenerates()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(2);
        var data = SmallGenerators.Images(TaskKind.Autoencoding);
        using (var trainer = new Trainer(
            SmallGenerators.Autoencoder(), data, device,
            SmallGenerators.Options(30) with { LearningRate = 0.02f, OutputFolder = folder.File("run"), FrechetEvery = 30 }))
        {
            var reports = trainer.Run().Reports;
            Assert.InRange(reports[^1].Loss, 0, 0.6 * reports[0].Loss);
            Assert.Equal(reports[^1].Loss, reports[^1].Reconstruction + reports[^1].Divergence / 64, 1e-6);
            Assert.InRange(reports[^1].Divergence, 0.5, 30);
            Assert.True(double.IsFinite(reports[^1].Frechet) && double.IsNaN(reports[0].Frechet));
        }

        var run = RunFolder.Open(folder.File("run"));
        Assert.Equal(30, run.Pictures("reconstructions").Count);
        using var predictor = Predictor.Open(folder.File("run"), device);
        var evaluation = predictor.Evaluate(data.Test);
        Assert.Equal((run.ReadReports()[^1].Loss, run.ReadReports()[^1].Divergence), (evaluation.Loss, evaluation.Divergence));
        var image = data.Test.Image(1).ToArray();
        var error = predictor.Reconstruct(image, 1).Zip(image, (a, b) => Math.Pow(a - b, 2)).Average();
        Assert.InRange(error, 0, 0.6 * image.Average(b => (double)b * b));
        using var generator = ImageGenerator.Open(folder.File("run"), device);
        var few = generator.Generate(3, 7);
        Assert.Equal(few, generator.Generate(70, 7)[..few.Length]);
        Assert.NotEqual(few, generator.Generate(3, 8));
        var walk = generator.Interpolate(2, 5, 7);
        Assert.Equal(10 * 64, walk.Length);
    }

    [Fact]
    public void AGeneratorLearnsFromItsDiscriminator()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(2);
        var data = SmallGenerators.Images(TaskKind.Generation);
        var options = SmallGenerators.Options(30) with
        {
            FrechetEvery = 15, DiscriminatorLearningRate = 2e-3f, Ema = 0.9f, OutputFolder = folder.File("run"),
        };
        using var trainer = new Trainer(SmallGenerators.Adversarial(LossKind.Hinge), data, device, options);
        var reports = trainer.Run().Reports;
        Assert.All(reports, report => Assert.Equal(report.Epoch % 15 == 0, double.IsFinite(report.Frechet)));
        Assert.InRange(reports[^1].DiscriminatorAccuracy, 0.4, 1);
        Assert.True(double.IsNaN(reports[^1].Loss) && double.IsFinite(reports[^1].TrainLoss));
        // At first all images are gray; those of the data are mostly black.
        using var generator = ImageGenerator.Open(folder.File("run"), device);
        var (made, real) = (generator.Generate(64, 1).Average(pixel => pixel), data.Test.Pixels.Average(pixel => pixel));
        Assert.InRange(real, 20, 70);
        Assert.InRange(made, real - 25, real + 25);
        Assert.Equal(30, RunFolder.Open(folder.File("run")).Pictures("samples").Count);
    }

    [Fact]
    public void AGeneratorThatIsToldTheClassMakesImagesOfIt()
    {
        using var folder = new TempFolder();
        var path = folder.File("run");
        using var device = new CpuDevice(2);
        var data = SmallGenerators.Shades();
        var options = SmallGenerators.Options(60) with
        {
            DiscriminatorLearningRate = 4e-3f, Ema = 0.9f, OutputFolder = path, Schedule = LearningRateSchedule.Parse("constant"),
        };
        using (var trainer = new Trainer(SmallGenerators.Conditional(), data, device, options)) trainer.Run();
        using var generator = ImageGenerator.Open(path, device);
        Assert.Equal((2, SmallGenerators.Latent), (generator.Classes, generator.Latent));
        double Mean(int label) => generator.Generate(32, 1, _ => label).Average(pixel => pixel);
        var (dark, bright) = (Mean(0), Mean(1));
        Assert.True(dark is > 20 and < 100 && bright is > 150 and < 240, $"{dark} {bright}");
        // The same noise, whatever the classes of the other images.
        var mixed = generator.Generate(4, 1);
        Assert.Equal(generator.Generate(3, 1, _ => 0)[128..], mixed[128..192]);
        Assert.Equal(generator.Generate(4, 1, _ => 1)[192..], mixed[192..]);
        // Command line: a class by its name or number, and a row for each.
        string Draw(params string[] args)
        {
            var file = folder.File($"{Guid.NewGuid()}.png");
            var run = CommandLine.Run(["generate", path, "--device", "cpu", "--out", file, .. args]);
            Assert.True(run.ExitCode == 0, run.Error);
            return file;
        }

        var drawn = File.ReadAllBytes(Draw("--count", "4", "--class", "bright"));
        Assert.Equal(drawn, File.ReadAllBytes(Draw("--count", "4", "--class", "1")));
        var rows = ImageCodec.Decode(File.ReadAllBytes(Draw("--columns", "4")), "rows", default);
        Assert.True(rows.Pixels.Take(rows.Pixels.Length / 2).Average(b => b) + 60 < rows.Pixels.Skip(rows.Pixels.Length / 2).Average(b => b));
        Draw("--interpolate", "--class", "dark");
        var wrong = CommandLine.Run("generate", path, "--class", "brigth");
        Assert.Equal(Gpu.Cli.ExitCode.Usage, wrong.ExitCode);
        Assert.Contains("Did you mean 'bright'?", wrong.Error, StringComparison.Ordinal);
        Assert.Contains("a number from 0 to 1: dark, bright", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        using var device = new CpuDevice(1);
        var (images, gan) = (SmallGenerators.Images(TaskKind.Generation), SmallGenerators.Adversarial(LossKind.Hinge));
        void Refused(string expected, Model model, Dataset data, TrainingOptions options) => Assert.Contains(
            expected, Assert.ThrowsAny<Exception>(() => new Trainer(model, data, device, options)).Message, StringComparison.Ordinal);
        Refused("accumulate does not apply", gan, images, new() { Accumulate = 2 });
        Refused("validation does not apply", gan, images, new() { Validation = 0.2 });
        Refused("has no discriminator", SmallGenerators.Autoencoder(), SmallGenerators.Images(TaskKind.Autoencoding), new() { DiscriminatorDecay = 1 });
        Refused("no latent-sample layer", gan, images, new() { KlWeight = 1 });
        Refused("discriminator", new Model("g", gan.Input, gan.Recipe, gan.Layers), images, new());
        Refused("needs", gan, SmallGenerators.Images(TaskKind.Autoencoding), new());
        Refused("fp16", gan, images, new() { Precision = MatrixPrecision.Fp16 });
        var three = new ImageDataset("three", ["a", "b", "c"], images.Train, images.Test).ForTask(TaskKind.Generation);
        Refused("one of 2 classes, but the data set 'three' has 3", SmallGenerators.Conditional(), three, new());
        var few = new Model("few", Gpu.Training.Shapes.TensorShape.Features(2), gan.Recipe, gan.Layers)
        {
            Discriminator = SmallGenerators.Conditional().Discriminator,
        };
        Refused("needs more than 2 values", few, images, new());
        Assert.Contains("even number", Assert.Throws<ModelException>(() => new Model(
            "odd", Gpu.Training.Shapes.TensorShape.Features(3), new TrainingRecipe { Loss = LossKind.ReconstructionError },
            new Training.Layers.LatentSampleLayer(), new Training.Layers.DenseLayer(3))).Message, StringComparison.Ordinal);
        Assert.Contains("needs a loss on numbers", Assert.Throws<ModelException>(() => new Model(
            "classes", Gpu.Training.Shapes.TensorShape.Features(4), new Training.Layers.LatentSampleLayer(), new Training.Layers.DenseLayer(3))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void AModelFileKeepsTheDiscriminator()
    {
        var model = BuiltInModels.Get("dcgan_small");
        var read = ModelFile.Parse(ModelFile.Write(model));
        Assert.Equal(ModelFile.Write(model), ModelFile.Write(read));
        Assert.Equal(model.Discriminator!.ParameterCount, read.Discriminator!.ParameterCount);
        Assert.Equal(2, read.Discriminator.Recipe.Optimizer.SpectralNorm);
    }

    [Fact]
    public void FrechetDistanceAgreesWithKnownValues()
    {
        // Independent features: the sum of (difference of means)^2 + (difference of deviations)^2.
        var random = new Random(3);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        float[,] Draw(double mean, double deviation)
        {
            var values = new float[4000, 3];
            for (var i = 0; i < 4000; i++)
                for (var j = 0; j < 3; j++) values[i, j] = (float)(mean + deviation * Normal());
            return values;
        }

        var standard = Draw(0, 1);
        Assert.Equal(0, FrechetDistance.Between(standard, standard), 1e-9);
        Assert.Equal(3 * (4 + 1), FrechetDistance.Between(standard, Draw(2, 2)), 0.6);
        // Exact: two points each, with one feature: means 1 and 4, variances 2 and 18.
        var distance = FrechetDistance.Between(new float[,] { { 0 }, { 2 } }, new float[,] { { 1 }, { 7 } });
        Assert.Equal(9 + 2 + 18 - 2 * Math.Sqrt(2 * 18), distance, 1e-9);
    }

    [Fact]
    public void PrecisionAndRecallAgreeWithKnownValues()
    {
        // The radii of the real samples are 3, 2, 2, 3 and 9; for one neighbor 1, 1, 1, 1 and 7, and those of the generated ones 0.5, but 14 around 19.5.
        float[,] real = { { 0 }, { 1 }, { 2 }, { 3 }, { 10 } }, generated = { { -3 }, { -3.5f }, { 19.5f }, { 5 }, { 5.5f } };
        Assert.Equal((0.6, 1.0), PrecisionRecall.Between(real, generated));
        Assert.Equal((0.4, 0.2), PrecisionRecall.Between(real, generated, 1));
        var random = new Random(3);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        float[,] Draw(double mean, double deviation)
        {
            var values = new float[400, 5];
            for (var i = 0; i < 400; i++)
                for (var j = 0; j < 5; j++) values[i, j] = (float)(mean + deviation * Normal());
            return values;
        }

        var standard = Draw(0, 1);
        Assert.Equal((1, 1), PrecisionRecall.Between(standard, standard));
        Assert.Equal((0, 0), PrecisionRecall.Between(standard, Draw(20, 1)));
        var same = PrecisionRecall.Between(standard, Draw(0, 1));
        Assert.InRange(same.Precision, 0.75, 0.95);
        Assert.Equal(same.Precision, same.Recall, 0.1);
        // Good images that are alike, and bad ones that cover the data.
        var (narrow, wide) = (PrecisionRecall.Between(standard, Draw(0, 0.2)), PrecisionRecall.Between(standard, Draw(0, 3)));
        Assert.True(narrow.Precision > 0.95 && narrow.Recall < 0.05, $"{narrow}");
        Assert.True(wide.Precision < 0.2 && wide.Recall > 0.95, $"{wide}");
        Assert.Throws<ArgumentException>(() => PrecisionRecall.Between(standard, new float[3, 5]));
        Assert.Throws<ArgumentException>(() => PrecisionRecall.Between(standard, new float[9, 4]));
    }

    // One recorded step launches both networks, so that a graph has both.
    [Fact]
    public void OneRecordedStepHasBothNetworks()
    {
        using var device = TestDevices.Simulator();
        var driver = new FakeGraphDriver();
        device.ReplaceGraphDriver(driver);
        var model = SmallGenerators.Adversarial(LossKind.Hinge);
        using var network = new Network(model, device);
        using var steps = new StepRunner(network, 2);
        var discriminator = steps.Discriminator!;
        steps.SetBatch(SmallGenerators.Batch("gan", 0, 2, -1));
        float[][] Weights() => [network.GetParameter("dense1.weight"), discriminator.Network.GetParameter("dense1.weight")];
        steps.Step();
        var before = Weights();
        // The second step captures. The simulator also runs what it launches meanwhile.
        steps.Step();
        var after = Weights();
        Assert.Equal(["begin", "end", "launch"], driver.Calls);
        Assert.All(before.Zip(after), pair => Assert.NotEqual(pair.First, pair.Second));
        Assert.Equal(steps.StepCommands.Count, steps.Recorded.LaunchCount);
        // The third is a launch of the graph, which runs nothing here: no kernel of either network is launched besides.
        steps.Step();
        Assert.Equal(["begin", "end", "launch", "launch"], driver.Calls);
        Assert.Equal(LaunchMode.Graph, steps.Recorded.Mode);
        Assert.All(after.Zip(Weights()), pair => Assert.Equal(pair.First, pair.Second));
    }

    [Fact]
    public void CollapseIsTold()
    {
        static EpochReport Report(double diversity, double accuracy, long step = 1000) => new()
        {
            Epoch = 1, Epochs = 3, Step = step, TrainLoss = 1, TrainAccuracy = double.NaN, EvaluatedOn = "test", Loss = double.NaN, Accuracy = double.NaN,
            TopKAccuracy = double.NaN, TopK = 1, IsBest = true, LearningRate = 1, TrainSeconds = 1, EvaluationSeconds = 1, SamplesPerSecond = 1,
            Diversity = diversity, DiscriminatorAccuracy = accuracy,
        };
        static EpochReport[] Alike(double accuracy, long step = 1000) => [.. Enumerable.Repeat(Report(0.1, accuracy, step), 3)];
        Assert.Null(Collapse.Describe([]));
        Assert.Null(Collapse.Describe([Report(0.9, 0.8)]));
        Assert.Null(Collapse.Describe(Alike(0.8)[1..]));
        Assert.Contains("almost alike for 3 epochs", Collapse.Describe(Alike(0.8)), StringComparison.Ordinal);
        Assert.Contains("--discriminator-decay", Collapse.Describe(Alike(0.8)), StringComparison.Ordinal);
        // In the first steps only if there is one image.
        Assert.Null(Collapse.Describe(Alike(0.8, 299)));
        Assert.Null(Collapse.Describe([.. Alike(0.8, 299), Report(0.1, 0.8, 300), Report(0.1, 0.8, 350)]));
        Assert.NotNull(Collapse.Describe([.. Alike(0.8, 299), .. Alike(0.8, 300)]));
        Assert.NotNull(Collapse.Describe([.. Enumerable.Repeat(Report(0.001, 0.8, 3), 3)]));
        Assert.Null(Collapse.Describe([.. Enumerable.Repeat(Report(0.9, 1, 99), 3)]));
        Assert.Null(Collapse.Describe([.. Alike(0.8), Report(0.3, 0.8)]));
        // A variational autoencoder has no discriminator.
        Assert.DoesNotContain("discriminator", Collapse.Describe(Alike(double.NaN)), StringComparison.Ordinal);
        Assert.Null(Collapse.Describe([Report(0.9, 0.8), Report(0.9, 1), Report(0.9, 1)]));
        Assert.Contains("3 epochs", Collapse.Describe([Report(0.9, 1), Report(0.9, 1), Report(0.9, 1)]), StringComparison.Ordinal);
        Assert.Null(Collapse.Describe([Report(double.NaN, double.NaN), Report(double.NaN, double.NaN), Report(double.NaN, double.NaN)]));
    }

    private static Model ModelOf(string name) => name switch
    {
        "vae" => SmallGenerators.Autoencoder(),
        "hinge" => SmallGenerators.Adversarial(LossKind.Hinge),
        "conditional" => SmallGenerators.Conditional(),
        _ => SmallGenerators.Adversarial(LossKind.NonSaturating),
    };

    private static ImageDataset DataOf(string name) => SmallGenerators.Images(name == "vae" ? TaskKind.Autoencoding : TaskKind.Generation);

    private static TrainingOptions Momentum(float rate) => new()
    {
        Optimizer = OptimizerKind.Momentum, Momentum = 0.9, LearningRate = rate, WeightDecay = 0,
    };

    private static JsonDocument Vectors() =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Vectors", "generation_vectors.json")));

    private sealed class CancelAt(int step, CancellationTokenSource cancel) : ITrainingObserver
    {
        public void OnStep(in StepProgress progress)
        {
            if (progress.Step == step) cancel.Cancel();
        }
    }
}
