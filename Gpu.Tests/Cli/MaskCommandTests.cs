using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Onnx;
using Gpu.Training.Data;
using Gpu.Training.Images;
using Gpu.Training.Loop;
using Gpu.Training.Runs;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Gpu.Tests.Cli;

/// <summary>Training on photos with masks, evaluation and prediction.</summary>
public class MaskCommandTests
{
    [Theory]
    [InlineData("autoencode")]
    [InlineData("gan")]
    public void TheImagesOfMasksTrainNetworksThatGiveImages(string task)
    {
        using var folder = new TempFolder();
        var data = folder.File("data");
        Assert.Equal(0, CommandLine.Run("data", "generate", "shapes", "--train", "24", "--test", "4", "--out", data).ExitCode);
        var run = folder.File("run");
        var train = CommandLine.Run("train", data, "--task", task, "--epochs", "1", "--batch", "8", "--device", "cpu", "--out", run);
        Assert.True(train.ExitCode == 0, train.Error);
        var resume = CommandLine.Run("train", "--resume", run, "--epochs", "2", "--override", "--device", "cpu");
        Assert.True(resume.ExitCode == 0, resume.Error);
        var export = CommandLine.Run("export", run, "--format", "csharp");
        Assert.Equal(Gpu.Cli.ExitCode.Usage, export.ExitCode);
        Assert.Contains("writes a class that classifies images", export.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ASweepShowsMeanIouOverTheDecay()
    {
        using var folder = new TempFolder();
        var output = folder.File("out");
        string[] small = ["--limit-train", "20", "--size", "16", "--batch", "8", "--epochs", "1", "--device", "cpu", "--json"];
        var run = CommandLine.Run(["sweep", "shapes", "--weight-decay", "0,1e-2", "--out", output, .. small]);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("mean IoU", run.Error, StringComparison.Ordinal);
        var trials = run.Json.GetProperty("trials").EnumerateArray().Select(trial => trial.GetProperty("mean_iou").GetDouble()).ToArray();
        Assert.Equal(2, trials.Length);
        Assert.All(trials, iou => Assert.InRange(iou, 0.01, 1));
        var lines = File.ReadAllLines(Path.Combine(output, "results.csv")).Select(line => line.Split(',')).ToArray();
        var column = Array.IndexOf(lines[0], "mean_iou");
        Assert.Equal(trials, lines[1..].Select(line => double.Parse(line[column], System.Globalization.CultureInfo.InvariantCulture)));
        foreach (var name in new[] { "loss", "loss-iou" })
        {
            Assert.True(new FileInfo(Path.Combine(output, $"{name}.png")).Length > 5000);
            var svg = File.ReadAllText(Path.Combine(output, $"{name}.svg"));
            Assert.Equal(name != "loss", svg.Contains("mean IoU", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void PhotosOfDifferentSizesWithMasksTrainWithOneCommand()
    {
        using var folder = new TempFolder();
        WritePhotos(folder, 50);
        var run = folder.File("run");
        var train = CommandLine.Run(
            "train", folder.File("photos"), "--size", "32", "--epochs", "12", "--out", run, "--loss", "cross-entropy+dice",
            "--augment", "flip", "--json");
        Assert.True(train.ExitCode == 0, train.Error);
        Assert.Contains("are scaled and center-cropped to 32x32", train.Error, StringComparison.Ordinal);
        Assert.Equal("segmentation", train.Json.GetProperty("task").GetString());
        var iou = train.Json.GetProperty("test_mean_iou").GetDouble();
        Assert.InRange(iou, 0.7, 1);
        Assert.Equal(iou, train.Json.GetProperty("history").EnumerateArray().Last().GetProperty("mean_iou").GetDouble(), 1e-9);
        Assert.Contains("mean_iou", File.ReadLines(Path.Combine(run, "metrics.csv")).First(), StringComparison.Ordinal);
        var page = File.ReadAllText(Path.Combine(run, "report.html"));
        Assert.Contains("image, truth, prediction, and in red the pixels that are wrong", page, StringComparison.Ordinal);
        Assert.Contains("test mean IoU", page, StringComparison.Ordinal);

        var eval = CommandLine.Run("eval", run, "--json");
        Assert.Equal(iou, eval.Json.GetProperty("mean_iou").GetDouble(), 1e-9);
        Assert.Equal(["0", "1"], eval.Json.GetProperty("classes").EnumerateArray().Select(one => one.GetProperty("name").GetString()!));
        Assert.Contains("mean IoU", CommandLine.Run("eval", run).Output, StringComparison.Ordinal);

        var predict = CommandLine.Run("predict", run, folder.File("photos", "images"), "--out", folder.File("out"), "--json");
        Assert.Equal(50, predict.Json.GetProperty("predictions").GetArrayLength());
        foreach (var one in predict.Json.GetProperty("predictions").EnumerateArray())
        {
            // In the size of the image, and near its truth everywhere, beside the center crop, too.
            var image = ImageCodec.Load(one.GetProperty("image").GetString()!);
            var mask = ImageCodec.LoadNumbers(one.GetProperty("mask").GetString()!);
            var overlay = ImageCodec.Load(one.GetProperty("overlay").GetString()!);
            Assert.Equal((image.Height, image.Width, 1), (mask.Height, mask.Width, mask.Channels));
            Assert.Equal((image.Height, image.Width, 3), (overlay.Height, overlay.Width, overlay.Channels));
            Assert.Equal((image.Height, image.Width), (one.GetProperty("height").GetInt32(), one.GetProperty("width").GetInt32()));
            var name = Path.GetFileName(one.GetProperty("mask").GetString()!);
            var truth = ImageCodec.LoadNumbers(folder.File("photos", "masks", name));
            var wrong = truth.Pixels.Zip(mask.Pixels).Count(pair => pair.First != pair.Second);
            Assert.True(wrong < truth.Pixels.Length / 10, $"{name}: {wrong} of {truth.Pixels.Length} pixels are wrong");
        }

        var plain = CommandLine.Run("predict", run, folder.File("photos", "images", "7.jpg"), "--out", folder.File("one"));
        Assert.Contains("each in the size of its image", plain.Output, StringComparison.Ordinal);
        Assert.Contains("covered by parts of 32x32 from the center outward", plain.Output, StringComparison.Ordinal);

        // A resume that has nothing left loads the same data.
        var resume = CommandLine.Run("train", "--resume", run, "--json");
        Assert.Equal(iou, resume.Json.GetProperty("test_mean_iou").GetDouble(), 1e-9);
    }

    [Fact]
    public void OptionsThatDoNotFitMasksAreUsageErrors()
    {
        foreach (var (arguments, expected) in new[]
        {
            ("shapes --model cnn2", "has masks: a class for each pixel. Omit --model, or choose one of unet_small, fcn_resnet"),
            ("digits --model unet_small", "'digits' has no masks"), ("digits --loss dice", "is for masks"), ("shapes --loss mse", "does not apply to masks"),
            ("moons --loss cross-entropy+dice", "is for masks"), ("shapes --label-smoothing 0.1", "no label smoothing"),
            ("shapes --mixup 0.2", "--mixup does not apply to 'shapes', which has masks"), ("shapes --cutmix 1", "--cutmix does not apply to 'shapes'"),
        })
        {
            var result = CommandLine.Run(["train", .. arguments.Split(' ')]);
            Assert.Equal(2, result.ExitCode);
            Assert.Contains(expected, result.Error, StringComparison.Ordinal);
            // Told before the device is opened.
            Assert.DoesNotContain("Device:", result.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("unet_small")]
    [InlineData("fcn_resnet")]
    public void RunsOnMasksHaveTheSameOutputsInOnnxRuntimeAndAfterImport(string model)
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        // With what moves masks, too.
        var train = CommandLine.Run(
            "train", "shapes", "--model", model, "--steps", "3", "--limit-train", "48", "--limit-test", "8", "--augment",
            "flip,rotate:20,scale:0.8..1.2,shear:5", "--out", run, "--device", "cpu", "--no-statistics");
        Assert.True(train.ExitCode == 0, train.Error);
        var opened = RunFolder.Open(run);
        var (weights, split) = (RunExport.ReadWeights(opened), ShapesGenerator.Generate(5, 1, 2).Test);
        var pixels = Enumerable.Range(0, split.Count).SelectMany(i => split.Image(i).ToArray()).ToArray();
        var (mean, deviation) = opened.Configuration.Normalization;
        var inputs = pixels.Select((pixel, i) => (pixel / 255f - mean[i % 3]) / deviation[i % 3]).ToArray();
        var logits = OnnxSupport.Run(opened.Model, weights, inputs);
        foreach (var folds in new[] { false, true })
        {
            var file = folder.File($"{folds}.onnx");
            Assert.Equal(0, CommandLine.Run(["export", run, "--out", file, .. folds ? ["--fold-batch-norm"] : Array.Empty<string>()]).ExitCode);
            OnnxSupport.AssertClose(logits, OnnxSupport.RunOnnx(File.ReadAllBytes(file), opened.Model, inputs));
        }

        // With bytes in and the probabilities of the pixels out.
        var whole = folder.File("whole.onnx");
        var export = CommandLine.Run("export", run, "--out", whole, "--with-preprocessing", "bytes", "--probabilities");
        Assert.True(export.ExitCode == 0, export.Error);
        var expected = logits.Chunk(4).SelectMany(pixel =>
            pixel.Select(logit => (float)(Math.Exp(logit - pixel.Max()) / pixel.Sum(other => Math.Exp(other - pixel.Max())))));
        OnnxSupport.AssertClose(
            [.. expected], OnnxSupport.RunOnnx(File.ReadAllBytes(whole), opened.Model, [.. pixels.Select(pixel => (float)pixel)], value => (byte)value));

        var imported = folder.File("imported");
        var import = CommandLine.Run("import", folder.File("False.onnx"), "--out", imported, "--json");
        Assert.True(import.ExitCode == 0, import.Error);
        Assert.Equal("segmentation", import.Json.GetProperty("task").GetString());
        using var device = new CpuDevice(1);
        using var first = Predictor.Open(run, device);
        using var second = Predictor.Open(imported, device);
        var (masks, again) = (first.PredictMasks(pixels, split.Count), second.PredictMasks(pixels, split.Count));
        // Equal logits up to roundings.
        Assert.InRange(masks.Zip(again).Count(pair => pair.First != pair.Second), 0, masks.Length / 1000);
    }

    // A bright disc on dark, textured ground.
    private static void WritePhotos(TempFolder folder, int count)
    {
        var random = new Random(5);
        Directory.CreateDirectory(folder.File("photos", "masks"));
        for (var i = 0; i < count; i++)
        {
            var (height, width) = (40 + random.Next(60), 40 + random.Next(60));
            var (centerY, centerX, radius) = (height / 2 + random.Next(-6, 7), width / 2 + random.Next(-6, 7), 8 + random.Next(9));
            using var image = new Image<Rgb24>(width, height);
            var labels = new byte[height * width];
            for (var y = 0; y < height; y++)
            {
                for (var x = 0; x < width; x++)
                {
                    var isDisc = (y - centerY) * (y - centerY) + (x - centerX) * (x - centerX) < radius * radius;
                    labels[y * width + x] = (byte)(isDisc ? 1 : 0);
                    var level = (isDisc ? 170 : 40) + random.Next(40);
                    image[x, y] = new Rgb24((byte)level, (byte)(level / 2 + 40), (byte)(x % 32 + 60));
                }
            }

            using var file = new MemoryStream();
            image.SaveAsJpeg(file);
            folder.Write($"photos/images/{i}.jpg", file.ToArray());
            ImageCodec.SaveIndexedPng(folder.File("photos", "masks", $"{i}.png"), new ByteImage(height, width, 1, labels), MaskColors.Palette);
        }
    }
}
