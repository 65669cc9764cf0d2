using Gpu.Cli;
using Gpu.Kernels.Devices;
using Gpu.Tests.Cli;
using Gpu.Tests.IO;
using Gpu.Training.Data;
using Gpu.Training.Images;
using Gpu.Training.Loop;
using Gpu.Training.Models;

namespace Gpu.Tests.Generation;

/// <summary>The commands on networks that make images.</summary>
public class GenerationCommandTests
{
    [Theory]
    [InlineData("--grid", "weight-decay=0,1e-3", "--task", "gan")]
    [InlineData("--grid", "task=gan,autoencode")]
    public void ASweepOfAGeneratorIsRefusedBeforeDataIsLoaded(params string[] args)
    {
        var run = CommandLine.Run(["sweep", "no-such-data", .. args]);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("--frechet-every", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ConditionalNeedsAGeneratorAndClasses()
    {
        void Refused(string expected, params string[] args)
        {
            var run = CommandLine.Run(["train", .. args]);
            Assert.Equal(ExitCode.Usage, run.ExitCode);
            Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        }

        Refused("needs --task gan", "digits", "--conditional");
        Refused("needs --task gan", "digits", "--task", "autoencode", "--conditional");
        Refused("needs --task gan", "moons", "--conditional");
        using var folder = new TempFolder();
        var file = folder.File("gan.json");
        File.WriteAllText(file, ModelFile.Write(BuiltInModels.CreateConditional(Training.Shapes.TensorShape.Image(28, 28, 1), 10)));
        Refused("is for the built-in dcgan_small", "digits", "--task", "gan", "--conditional", "--model", file);
        Assert.Equal(10, ModelFile.Load(file).ConditionClasses);
    }

    [Theory]
    [InlineData("dcgan_small")]
    [InlineData("vae_small")]
    [InlineData("autoencoder_small")]
    public void AStepIsTimed(string model)
    {
        var run = CommandLine.Run("bench", "step", "--model", model, "--batch", "2", "--seconds", "0.01", "--device", "cpu", "--json");
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.True(double.IsFinite(run.Json.GetProperty("last_loss").GetDouble()));
        Assert.True(run.Json.GetProperty("gflops").GetDouble() > 0);
    }

    [Fact]
    public void AGeneratorIsShownWithItsDiscriminator()
    {
        var run = CommandLine.Run("model", "show", "dcgan_small", "--json");
        Assert.Contains("discriminator: input 28x28x1", run.Error, StringComparison.Ordinal);
        Assert.Equal(4, run.Json.GetProperty("discriminator_layers").GetArrayLength());
        Assert.Equal(6, run.Json.GetProperty("layers").GetArrayLength());
    }

    [Fact]
    public void AFolderWithoutClassesIsEnough()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 12; i++)
        {
            var pixels = Enumerable.Range(0, 64).Select(k => (byte)(20 * i + k % 3)).ToArray();
            folder.Write($"pictures/{(i < 8 ? "" : "more/")}{i}.png", ImageCodec.EncodePng(new ByteImage(8, 8, 1, pixels)));
        }

        var (pictures, run) = (folder.File("pictures"), folder.File("run"));
        string[] train = ["train", pictures, "--device", "cpu", "--epochs", "1", "--task"];
        Assert.Equal(0, CommandLine.Run([.. train, "autoencode", "--out", run]).ExitCode);
        Assert.Equal(0, CommandLine.Run("eval", run, "--device", "cpu").ExitCode);
        // Another folder with classes.
        foreach (var i in new[] { 1, 2 })
            folder.Write($"others/{i}/{i}.png", File.ReadAllBytes(folder.File("pictures", $"{i}.png")));
        Assert.Equal(0, CommandLine.Run("eval", run, folder.File("others"), "--device", "cpu").ExitCode);
        Assert.Equal(0, CommandLine.Run([.. train, "gan"]).ExitCode);
        var conditional = CommandLine.Run([.. train, "gan", "--conditional"]);
        Assert.Equal(ExitCode.Usage, conditional.ExitCode);
        Assert.Contains("--conditional needs class folders", conditional.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gan")]
    [InlineData("vae")]
    public void CommandsOnARun(string kind)
    {
        using var folder = new TempFolder();
        var path = folder.File("run");
        using (var device = new CpuDevice(2))
        {
            var isGan = kind == "gan";
            var data = SmallGenerators.Images(isGan ? TaskKind.Generation : TaskKind.Autoencoding);
            using var trainer = new Trainer(
                isGan ? SmallGenerators.Adversarial(LossKind.Hinge) : SmallGenerators.Autoencoder(), data, device,
                SmallGenerators.Options(2) with { OutputFolder = path, FrechetEvery = 1 });
            trainer.Run();
        }

        foreach (var format in new[] { "onnx", "safetensors", "torch-names", "json" }) Works("export", path, "--format", format);
        Refused("classifies images", "export", path, "--format", "csharp");
        Refused("--probabilities is for classes", "export", path, "--probabilities");
        Works("report", path, "--device", "cpu");
        var html = File.ReadAllText(Path.Combine(path, "report.html"));
        foreach (var text in new[] { "Fr\u00E9chet distance", "precision, recall" }) Assert.Contains(text, html, StringComparison.Ordinal);
        var compared = Works("compare", path, path, "--device", "cpu", "--out", folder.File("compare.html"));
        Assert.Contains("Fr\u00E9chet distance", compared.Output, StringComparison.Ordinal);
        Works("generate", path, "--count", "3", "--device", "cpu", "--out", folder.File("grid.png"));
        var lines = File.ReadAllLines(Path.Combine(path, "metrics.csv"));
        Assert.EndsWith(",precision,recall", lines[0], StringComparison.Ordinal);
        Assert.All(lines[^1].Split(',')[^2..], cell => Assert.InRange(double.Parse(cell, System.Globalization.CultureInfo.InvariantCulture), 0, 1));
        if (kind != "gan") return;
        Refused("has no loss on images", "eval", path);
        Refused("takes no images", "predict", path, folder.File("grid.png"));
        Refused("the input of a generator is noise", "export", path, "--with-preprocessing", "unit");

        static CommandLine Works(params string[] args)
        {
            var run = CommandLine.Run(args);
            Assert.True(run.ExitCode == 0, $"{string.Join(' ', args)}: {run.Error}");
            return run;
        }

        static void Refused(string expected, params string[] args)
        {
            var run = CommandLine.Run(args);
            Assert.Equal(ExitCode.Usage, run.ExitCode);
            Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        }
    }
}
