using Gpu.Tests.IO;
using Gpu.Training.Images;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Gpu.Tests.Cli;

/// <summary>Training on photos with masks, evaluation and prediction.</summary>
public class MaskCommandTests
{
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
        var mask = ImageCodec.LoadNumbers(folder.File("out", "7.png"));
        Assert.Equal((32, 32, 1), (mask.Height, mask.Width, mask.Channels));
        Assert.True(mask.Pixels.Max() == 1);
        Assert.Equal(3, ImageCodec.Load(folder.File("out", "7-overlay.png")).Channels);

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
        })
        {
            var result = CommandLine.Run(["train", .. arguments.Split(' ')]);
            Assert.Equal(2, result.ExitCode);
            Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        }
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
