using System.Text.Json;
using Gpu.Cli;
using Gpu.Tests.Images;
using Gpu.Tests.IO;
using Gpu.Training.Images;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Gpu.Tests.Cli;

/// <summary>Training, evaluation and prediction on folders of image files.</summary>
public class ImageFolderCommandTests
{
    private const string Mlp = "mlp64x2";

    [Fact]
    public void AFolderOfJpegsTrains()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 20; i++)
        {
            var image = new byte[32 * 32 * 3];
            for (var p = 0; p < image.Length; p++)
                image[p] = (byte)(i % 2 == 0 ? 40 + (p % 3 * 80) + i : 250 - (p % 96) - i);
            using var picture = Image.LoadPixelData<Rgb24>(image, 32, 32);
            using var jpeg = new MemoryStream();
            picture.SaveAsJpeg(jpeg);
            folder.Write($"photos/{(i % 2 == 0 ? "cats" : "dogs")}/{i}.{(i % 3 == 0 ? "JPG" : "jpeg")}", jpeg.ToArray());
        }

        var photos = folder.File("photos");
        var train = CommandLine.Run("train", photos, "--model", "lenet_bn32", "--steps", "1", "--batch", "8", "--out", folder.File("run"), "--json");
        Assert.Equal(ExitCode.Success, train.ExitCode);
        Assert.Equal(1, train.Json.GetProperty("steps").GetInt32());
        Assert.True(double.IsFinite(train.Json.GetProperty("losses")[0].GetDouble()));
        var eval = CommandLine.Run("eval", folder.File("run"), "--json");
        Assert.Equal(ExitCode.Success, eval.ExitCode);
        Assert.Equal(2, eval.Json.GetProperty("classes").GetArrayLength());
        var predict = CommandLine.Run("predict", folder.File("run"), Path.Combine(photos, "cats"), "--json");
        Assert.Equal(ExitCode.Success, predict.ExitCode);
        Assert.Equal(10, predict.Json.GetProperty("predictions").GetArrayLength());

        var cut = Directory.GetFiles(Path.Combine(photos, "dogs"))[0];
        File.WriteAllBytes(cut, File.ReadAllBytes(cut)[..400]);
        var failed = CommandLine.Run("train", photos, "--model", "lenet_bn32", "--steps", "1", "--out", folder.File("other"));
        Assert.Equal(ExitCode.Failure, failed.ExitCode);
        Assert.Contains(cut, failed.Error);
        Assert.Contains("truncated", failed.Error);
    }

    [Fact]
    public void TheRunRemembersItsBackground()
    {
        using var folder = new TempFolder();
        var images = WriteTransparentImages(folder);
        JsonElement Train(string name, params string[] options)
        {
            var run = CommandLine.Run([
                "train", images, "--model", Mlp, "--steps", "3", "--batch", "8", "--out", folder.File(name), "--json", .. options]);
            Assert.Equal(ExitCode.Success, run.ExitCode);
            return run.Json;
        }

        var white = Train("white");
        var black = Train("black", "--background", "black");
        Assert.NotEqual(white.GetProperty("losses").GetRawText(), black.GetProperty("losses").GetRawText());
        Assert.Equal(white.GetProperty("losses").GetRawText(), Train("also-white", "--background", "#FFFFFF").GetProperty("losses").GetRawText());
        Assert.Contains("\"background\": \"#000000\"", File.ReadAllText(folder.File("black", "config.json")));

        // Prediction and evaluation use the background of the run unless --background is given.
        var file = Directory.GetFiles(Path.Combine(images, "a"))[0];
        string Predict(params string[] options) =>
            CommandLine.Run(["predict", folder.File("black"), file, "--json", .. options]).Json.GetProperty("predictions").GetRawText();
        Assert.Equal(Predict("--background", "black"), Predict());
        Assert.NotEqual(Predict("--background", "white"), Predict());
        double Loss(params string[] options) => CommandLine.Run(["eval", folder.File("black"), "--json", .. options]).Json.GetProperty("loss").GetDouble();
        Assert.Equal(black.GetProperty("test_loss").GetDouble(), Loss(), 1e-6);
        Assert.NotEqual(Loss("--background", "white"), Loss());

        // A resumed run keeps its background and refuses another.
        var resumed = CommandLine.Run("train", "--resume", folder.File("black"), "--steps", "5", "--json");
        Assert.Equal(ExitCode.Success, resumed.ExitCode);
        Assert.Equal(5, resumed.Json.GetProperty("steps").GetInt32());
        var changed = CommandLine.Run("train", "--resume", folder.File("black"), "--steps", "9", "--background", "white");
        Assert.Equal(ExitCode.Failure, changed.ExitCode);
        Assert.Matches("background +#000000 +#ffffff +cannot change", changed.Error);
    }

    [Fact]
    public void ARunWithoutARecordedBackgroundUsesWhite()
    {
        using var folder = new TempFolder();
        var images = WriteTransparentImages(folder);
        Assert.Equal(ExitCode.Success, CommandLine.Run("train", images, "--model", Mlp, "--steps", "1", "--out", folder.File("run")).ExitCode);
        var configuration = File.ReadAllLines(folder.File("run", "config.json"));
        File.WriteAllLines(folder.File("run", "config.json"), configuration.Where(line => !line.Contains("\"background\"", StringComparison.Ordinal)));
        File.Delete(folder.File("run", "checksums.xxh3"));
        Assert.Equal(ExitCode.Success, CommandLine.Run("eval", folder.File("run")).ExitCode);
        Assert.Equal(ExitCode.Success, CommandLine.Run("train", "--resume", folder.File("run"), "--steps", "2").ExitCode);
        Assert.Contains("\"background\": \"#ffffff\"", File.ReadAllText(folder.File("run", "config.json")));
    }

    [Fact]
    public void SweepAndShowTakeABackground()
    {
        using var folder = new TempFolder();
        var images = WriteTransparentImages(folder);
        string Sweep(string background) => CommandLine.Run(
            "sweep", images, "--model", Mlp, "--weight-decay", "0", "--steps", "2", "--batch", "8", "--background", background, "--json")
            .Json.GetProperty("best").GetProperty("loss").GetRawText();
        Assert.NotEqual(Sweep("white"), Sweep("black"));

        // The images are half-transparent white: they stay white on white and become gray on black.
        int Brightest(string background)
        {
            var sheet = folder.File("sheet.png");
            Assert.Equal(ExitCode.Success, CommandLine.Run("data", "show", images, "--scale", "1", "--out", sheet, "--background", background).ExitCode);
            var image = ImageCodec.Load(sheet);
            return image.Pixels.AsSpan(3 * ((10 * image.Width) + 10), 3).ToArray().Max();
        }

        Assert.Equal(255, Brightest("white"));
        Assert.InRange(Brightest("black"), 1, 250);
        var mistake = CommandLine.Run("data", "show", images, "--background", "blanc");
        Assert.Equal(ExitCode.Usage, mistake.ExitCode);
        Assert.Contains("'blanc' is not a color", mistake.Error);
    }

    // Two classes of ten white 28x28 images with different alpha channels.
    private static string WriteTransparentImages(TempFolder folder)
    {
        for (var i = 0; i < 20; i++)
        {
            var scanlines = new byte[28 * (1 + (2 * 28))];
            for (var p = 0; p < 28 * 28; p++)
            {
                var at = (p / 28 * 57) + 1 + (p % 28 * 2);
                (scanlines[at], scanlines[at + 1]) = (255, (byte)(100 + i + (i % 2 == 0 ? p % 28 : p / 28)));
            }

            folder.Write($"images/{(i % 2 == 0 ? "a" : "b")}/{i}.png", TestPng.Make(28, 28, 4, 8, scanlines));
        }

        return folder.File("images");
    }
}
