using System.Buffers.Binary;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gpu.Cli;
using Gpu.Tests.IO;
using Gpu.Training.Models;
using Gpu.Training.Shapes;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Gpu.Tests.Cli;

/// <summary>Training, evaluation and prediction on photos of several sizes, and what changes between them.</summary>
public class PhotoCommandTests
{
    private static readonly string[] Classes = ["discs", "frames", "stripes"];

    [Theory]
    [InlineData("resnet20", "on batches of 6 images of 4096x4096 needs more than 2,147,483,647 values in one piece")]
    [InlineData("cnn2", "the weights would have")]
    public void SizesThatNoDeviceCanTrainAreRefusedBeforeImagesAreDecoded(string model, string expected)
    {
        using var folder = new TempFolder();
        WritePhotos(folder, "photos", 6);
        // Its header is complete, its pixels are not.
        var damaged = folder.File("photos", "discs", "0.png");
        File.WriteAllBytes(damaged, File.ReadAllBytes(damaged)[..^40]);
        var train = CommandLine.Run("train", folder.File("photos"), "--size", "4096", "--model", model, "--out", folder.File("run"), "--device", "cpu");
        Assert.Contains(expected, train.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("cannot be decoded", train.Error, StringComparison.Ordinal);
        // A size that fits meets the damaged file.
        var small = CommandLine.Run("train", folder.File("photos"), "--size", "256", "--model", "resnet20", "--out", folder.File("run"), "--device", "cpu");
        Assert.Contains("cannot be decoded", small.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void PhotosOfThreeSizesTrainPredictAndEvaluate()
    {
        using var folder = new TempFolder();
        WritePhotos(folder, "photos", 60);
        WritePhotos(folder, "new", 9);
        var run = folder.File("run");
        var train = Run("train", folder.File("photos"), "--model", "resnet20", "--epochs", "1", "--out", run, "--json");
        Assert.Contains("60 images of 3 sizes, 48x48 to 100x75 (height x width), are scaled and center-cropped to 32x32", train.Error);
        Assert.Contains("the median shorter side is 60", train.Error);
        Assert.Equal(1, train.Json.GetProperty("epochs").GetInt32());
        var predictions = Run("predict", run, folder.File("new", "discs"), folder.File("new", "frames", "1.jpg"), "--json").Json.GetProperty("predictions");
        Assert.Equal(4, predictions.GetArrayLength());
        Assert.Equal(Classes, predictions[0].GetProperty("probabilities").EnumerateObject().Select(one => one.Name));

        var eval = Run("eval", run, "--json");
        var samples = eval.Json.GetProperty("samples").GetInt32();
        Assert.Equal(train.Json.GetProperty("test_accuracy").GetDouble(), eval.Json.GetProperty("accuracy").GetDouble(), 1e-6);
        Assert.InRange(eval.Json.GetProperty("balanced_accuracy").GetDouble(), 0, 1);
        Assert.InRange(eval.Json.GetProperty("macro_f1").GetDouble(), 0, 1);
        var table = Run("eval", run);
        Assert.Contains("true \\ predicted  discs  frames  stripes", table.Output);
        Assert.DoesNotContain("top-", table.Output);
        Assert.DoesNotContain("added", table.Error);

        // Another folder is judged as a whole. An added photo is said, and the photos of the test part stay.
        Assert.Equal(9, Run("eval", run, folder.File("new"), "--json").Json.GetProperty("samples").GetInt32());
        var photo = File.ReadAllBytes(folder.File("photos", "discs", "0.png"));
        for (var i = 0; i < 3; i++)
            folder.Write($"photos/discs/added{i}.png", photo);
        var changed = Run("eval", run, "--json");
        Assert.Contains("3 images were added since training", changed.Error);
        Assert.InRange(changed.Json.GetProperty("samples").GetInt32(), samples, samples + 3);
        File.Delete(folder.File("photos", "discs", "0.png"));
        Assert.Contains("1 image of the training run is missing: discs/0.png", Run("eval", run, "--part", "train").Error);

        // A copy of the training images is recognized.
        folder.Write("photos/discs/0.png", photo);
        Directory.CreateDirectory(folder.File("copy"));
        CopyFolder(folder.File("photos"), folder.File("copy"));
        var copies = File.ReadAllText(Path.Combine(run, "split.json")).Contains("\"discs/0.png\": \"train ") ? 3 : 0;
        var copied = $"{60 - samples + copies} of 63 images are training images of the run";
        Assert.Contains(copied, Run("eval", run, folder.File("copy")).Error);

        // Also under other names, and if the images of the run are gone or others by now.
        foreach (var file in Directory.GetFiles(folder.File("copy", "discs")))
            File.Move(file, Path.Combine(Path.GetDirectoryName(file)!, "renamed" + Path.GetFileName(file)));
        Assert.Contains(copied, Run("eval", run, folder.File("copy")).Error);
        Directory.Move(folder.File("photos", "frames"), folder.File("frames"));
        Assert.Contains(copied, Run("eval", run, folder.File("copy")).Error);

        // An older run did not record the content of its images.
        var (split, recorded) = (Path.Combine(run, "split.json"), File.ReadAllText(Path.Combine(run, "split.json")));
        var (sums, summed) = (Path.Combine(run, "checksums.xxh3"), File.ReadAllBytes(Path.Combine(run, "checksums.xxh3")));
        File.WriteAllText(split, Regex.Replace(recorded, " [0-9a-f]{32}\"", "\""));
        File.Delete(sums);
        var error = Run("eval", run, folder.File("copy")).Error;
        var (same, names) = (Count(error, "are training images"), Count(error, "have the names of training images that are no longer there"));
        Assert.Equal(60 - samples + copies, same + names);
        Assert.InRange(names, 10, 20);
        Directory.Move(folder.File("frames"), folder.File("photos", "frames"));
        File.WriteAllText(split, recorded);
        File.WriteAllBytes(sums, summed);

        // A resumed run uses the images that it began with.
        var resumed = Run("train", "--resume", run, "--epochs", "2", "--json");
        Assert.Contains("A resumed run does not use them", resumed.Error);
        Assert.Equal(2, resumed.Json.GetProperty("epochs").GetInt32());
        var other = CommandLine.Run("train", "--resume", run, "--epochs", "3", "--size", "48");
        Assert.Equal(ExitCode.Usage, other.ExitCode);
        Assert.Contains("--size cannot be combined with --resume", other.Error);

        static int Count(string error, string what) => int.Parse(Regex.Match(error, $@"(\d+) of 63 images {what}").Groups[1].Value);
    }

    [Fact]
    public void ChangedImagesAndCopiesOfTrainingImagesAreSaid()
    {
        using var folder = new TempFolder();
        WritePhotos(folder, "photos", 30);
        var run = folder.File("run");
        var train = Run("train", folder.File("photos"), "--model", "mlp64x2", "--size", "8", "--steps", "1", "--out", run);
        Assert.DoesNotContain("byte-identical", train.Error);
        var parts = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "split.json")))!.AsObject()
            .ToDictionary(file => file.Key, file => ((string)file.Value!).Split(' ')[0]);
        var tests = parts.Where(file => file.Value == "test").Select(file => file.Key).ToArray();
        var trained = parts.First(file => file.Value == "train").Key;
        var before = Run("eval", run, "--json");
        Assert.Equal(0, before.Json.GetProperty("left_out").GetInt32());
        Assert.DoesNotContain("other content", before.Error);

        // A test image that becomes a copy of a training image has other content, and is not judged.
        File.Copy(folder.File("photos", trained), folder.File("photos", tests[0]), overwrite: true);
        var after = Run("eval", run, "--json");
        Assert.Contains($"1 image has other content than in training: {tests[0]}", after.Error);
        Assert.Contains($"1 of {tests.Length} images are training images of the run, or byte-identical copies of them: {tests[0]}. They are left out",
            after.Error);
        Assert.Equal((tests.Length - 1, 1), (after.Json.GetProperty("samples").GetInt32(), after.Json.GetProperty("left_out").GetInt32()));

        // Where all are copies, they are judged and that is said; the training part is not asked.
        CopyFolder(folder.File("photos", Path.GetDirectoryName(trained)!), folder.File("only", Path.GetDirectoryName(trained)!));
        foreach (var file in Directory.GetFiles(folder.File("only"), "*", SearchOption.AllDirectories))
            File.Copy(folder.File("photos", trained), file, overwrite: true);
        Assert.Contains("All 10 images are training images of the run", Run("eval", run, folder.File("only")).Error);
        Assert.DoesNotContain("byte-identical", Run("eval", run, "--part", "train").Error);

        // A new run warns at once.
        Assert.Contains($"1 of {tests.Length} test image is a byte-identical copy of training images, such as {tests[0]} of {trained}",
            Run("train", folder.File("photos"), "--model", "mlp64x2", "--size", "8", "--steps", "1", "--out", folder.File("again")).Error);
    }

    [Fact]
    public void ContradictionsAndMissingDevicesAreToldBeforeImagesAreDecoded()
    {
        using var folder = new TempFolder();
        WritePhotos(folder, "photos", 6);
        // Would be an error of its own, if it were decoded.
        folder.Write("photos/discs/bad.png", "nothing"u8.ToArray());
        foreach (var (expected, options) in new[]
        {
            ("--betas has no effect with the optimizer sgd", "--optimizer sgd --betas 0.9,0.99"),
            ("adamw is adam with decoupled weight decay", "--optimizer adamw --decay-mode l2"),
            ("--decay-mode has no effect", "--model mlp64x2 --weight-decay 0 --decay-mode decoupled"),
            ("--betas has no effect with the optimizer nesterov", "--model resnet20 --betas 0.9,0.99"),
            ("expected ", "--device cuda:99"),
        })
        {
            var run = CommandLine.Run(["train", folder.File("photos"), .. options.Split(' ')]);
            Assert.Contains(expected, run.Error);
            Assert.DoesNotContain("bad.png", run.Error);
        }

        Assert.Contains("bad.png", CommandLine.Run("train", folder.File("photos"), "--optimizer", "sgd").Error);
    }

    [Fact]
    public void MissingImagesAreAllListedAndTheOthersPredictedOnRequest()
    {
        using var folder = new TempFolder();
        WritePhotos(folder, "photos", 30);
        var run = folder.File("run");
        var train = Run("train", folder.File("photos"), "--model", "mlp64x2", "--size", "8", "--steps", "1", "--out", run, "--json");
        // Three classes have no top 5.
        Assert.Equal(System.Text.Json.JsonValueKind.Null, train.Json.GetProperty("top_k").ValueKind);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, Run("eval", run, "--json").Json.GetProperty("top_k").ValueKind);
        string[] predict = ["predict", run, folder.File("no1.png"), folder.File("photos", "discs", "0.png"), folder.File("no2.png")];
        var failed = CommandLine.Run(predict);
        Assert.Equal(ExitCode.Failure, failed.ExitCode);
        Assert.Contains("2 image files do not exist", failed.Error);
        Assert.Contains("no1.png", failed.Error);
        Assert.Contains("no2.png", failed.Error);
        var others = Run([.. predict, "--skip-unreadable", "--json"]);
        Assert.Equal(1, others.Json.GetProperty("predictions").GetArrayLength());
        Assert.Contains("no2.png", others.Error);
    }

    [Theory]
    [InlineData("x.pth", "PK\u0003\u0004\0\0\b\b", "torch.load('x.pth'")]
    [InlineData("weights", "PK\u0003\u0004\0\0\b\b", "--init weights.safetensors --init-layout torch")]
    [InlineData("x.pt", "any", "st.save_file")]
    [InlineData("x.onnx", "any", "safetensors.numpy.save_file")]
    [InlineData("x.h5", "any", "safetensors.numpy.save_file")]
    public void WeightsOfOtherProgramsAreToldHowToConvert(string name, string content, string expected)
    {
        using var folder = new TempFolder();
        folder.Write(name, System.Text.Encoding.ASCII.GetBytes(content));
        var run = CommandLine.Run("train", "moons", "--init", folder.File(name), "--steps", "1");
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains(expected, run.Error);
    }

    [Fact]
    public void RenamingToAnotherUnicodeFormChangesNothing()
    {
        using var folder = new TempFolder();
        WritePhotos(folder, "photos", 30);
        var source = folder.File("photos");
        // The decomposed form begins with an ASCII letter, so that it sorts before the other names.
        Directory.Move(Path.Combine(source, "discs"), Path.Combine(source, "\u00e9toiles"));
        File.Move(Path.Combine(source, "frames", "1.jpg"), Path.Combine(source, "frames", "\u00e9t\u00e9.jpg"));
        Run("train", source, "--model", "mlp64x2", "--size", "8", "--epochs", "1", "--out", folder.File("run"));
        Directory.Move(Path.Combine(source, "\u00e9toiles"), Path.Combine(source, "e\u0301toiles"));
        File.Move(Path.Combine(source, "frames", "\u00e9t\u00e9.jpg"), Path.Combine(source, "frames", "e\u0301te\u0301.jpg"));
        var resumed = Run("train", "--resume", folder.File("run"), "--epochs", "2", "--json");
        Assert.Equal(2, resumed.Json.GetProperty("epochs").GetInt32());
        Assert.DoesNotContain("missing", resumed.Error);
        Assert.DoesNotContain("content", resumed.Error);
    }

    [Fact]
    public void AClassThatVanishedIsSaid()
    {
        using var folder = new TempFolder();
        WritePhotos(folder, "photos", 30);
        var run = folder.File("run");
        Run("train", folder.File("photos"), "--model", "mlp64x2", "--size", "8", "--steps", "1", "--out", run);
        Assert.DoesNotContain("The run knows", Run("eval", run).Error);
        CopyFolder(folder.File("photos", "discs"), folder.File("other", "discs"));
        Assert.Contains("The run knows the classes 'frames', 'stripes', but there are no images of them in", Run("eval", run, folder.File("other")).Error);
        Directory.Delete(folder.File("photos", "frames"), recursive: true);
        var error = Run("eval", run).Error;
        Assert.Contains("The run knows the class 'frames', but there are no images of it in", error);
        Assert.Contains("the result says nothing about this class", error);
    }

    [Fact]
    public void SizeAndFitAreRemembered()
    {
        using var folder = new TempFolder();
        WritePhotos(folder, "photos", 30);
        var run = folder.File("run");
        Run("train", folder.File("photos"), "--model", "cnn2", "--size", "24x20", "--fit", "pad", "--background", "black", "--steps", "2", "--out", run);
        var configuration = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "config.json")))!;
        var transform = configuration["transform"]!;
        Assert.Equal((24, 20, "pad"), ((int)transform["height"]!, (int)transform["width"]!, (string)transform["fit"]!));
        Assert.Equal(TensorShape.Image(24, 20, 3), ModelFile.Load(Path.Combine(run, "model.json")).Input);
        var image = Path.Combine(folder.File("photos", "discs"), "0.png");
        string Predict() => Run("predict", run, image, "--json").Json.GetProperty("predictions").GetRawText();
        var padded = Predict();
        configuration["transform"]!["fit"] = "stretch";
        File.WriteAllText(Path.Combine(run, "config.json"), configuration.ToJsonString());
        File.Delete(Path.Combine(run, "checksums.xxh3"));
        Assert.NotEqual(padded, Predict());

        // A run of an older version has neither transform nor split: photos of another size are scaled, which is said.
        configuration.AsObject().Remove("transform");
        File.WriteAllText(Path.Combine(run, "config.json"), configuration.ToJsonString());
        File.Delete(Path.Combine(run, "split.json"));
        Assert.Contains("scaled and center-cropped to 24x20", Run("eval", run).Error);
        Predict();
        var enlarged = Run("data", "show", folder.File("photos"), "--size", "1024", "--per-class", "1", "--out", folder.File("large.png"));
        Assert.Matches(@"warning: --size 1024x1024 is 139 times as many pixels .* \(100x75\).*Use a smaller --size", enlarged.Error);
        Assert.DoesNotContain("enlarging", Run("data", "show", folder.File("photos"), "--size", "200", "--out", folder.File("small.png")).Error);
        foreach (var size in new[] { "0", "5000", "3x", "axb", "1x2x3" })
        {
            var mistake = CommandLine.Run("train", folder.File("photos"), "--size", size);
            Assert.Equal(ExitCode.Usage, mistake.ExitCode);
            Assert.Contains($"but got '{size}'", mistake.Error);
        }
    }

    [Fact]
    public void WithoutAModelPhotosGetAResidualNetworkAndShowAndSweepReadThem()
    {
        using var folder = new TempFolder();
        WritePhotos(folder, "photos", 30);
        var train = Run("train", folder.File("photos"), "--steps", "1", "--batch", "4", "--out", folder.File("run"), "--json");
        Assert.Equal("resnet20", train.Json.GetProperty("model").GetString());
        var show = Run("data", "show", folder.File("photos"), "--size", "40", "--out", folder.File("sheet.png"), "--json");
        Assert.Equal((40, 40, 3), (Number(show, "height"), Number(show, "width"), Number(show, "channels")));
        Run("sweep", folder.File("photos"), "--model", "mlp64x2", "--size", "8", "--weight-decay", "0", "--steps", "1", "--batch", "4");

        static int Number(CommandLine result, string name) => result.Json.GetProperty(name).GetInt32();
    }

    [Fact]
    public void AModelFileGetsItsSizeAndItsChannels()
    {
        using var folder = new TempFolder();
        WritePhotos(folder, "photos", 30);
        ModelFile.Save(BuiltInModels.Create("cnn2", TensorShape.Image(20, 24, 1), 5), folder.File("gray.json"));
        var run = folder.File("run");
        var train = Run("train", folder.File("photos"), "--model", folder.File("gray.json"), "--steps", "2", "--out", run);
        Assert.Contains("center-cropped to 20x24: the input of cnn2", train.Error);
        Assert.Contains("converted to gray", train.Error);

        // Five outputs for three classes: eval and predict name the rest.
        var eval = Run("eval", run, "--json");
        Assert.Equal(3, eval.Json.GetProperty("classes").GetArrayLength());
        Assert.Contains("stripes  other", Run("eval", run).Output);
        var probabilities = Run("predict", run, folder.File("photos", "discs"), "--json").Json.GetProperty("predictions")[0].GetProperty("probabilities");
        Assert.Equal(1, probabilities.EnumerateObject().Sum(one => one.Value.GetDouble()), 1e-5);

        // The digits, which are gray, on a color network of another size.
        ModelFile.Save(BuiltInModels.Get("lenet_bn32"), folder.File("color.json"));
        var digits = Run("train", "--model", folder.File("color.json"), "--steps", "1", "--out", folder.File("digits"));
        Assert.Contains("center-cropped to 32x32", digits.Error);
        Assert.Contains("converted to RGB", digits.Error);
        Run("eval", folder.File("digits"), "--limit", "100");
        var wrong = CommandLine.Run("train", folder.File("photos"), "--model", folder.File("color.json"), "--size", "48");
        Assert.Equal(ExitCode.Usage, wrong.ExitCode);
        Assert.Contains("--size 48x48 does not fit the model", wrong.Error);
    }

    [Fact]
    public void ClassesOfOtherDataAreMatchedByName()
    {
        using var folder = new TempFolder();
        WritePhotos(folder, "photos", 30);
        var run = folder.File("run");
        Run("train", folder.File("photos"), "--model", "mlp64x2", "--size", "8", "--steps", "60", "--batch", "8", "--out", run);

        // Only the last class: by position it would be the first.
        WritePhotos(folder, "new", 33);
        CopyFolder(folder.File("new", "stripes"), folder.File("part", "stripes"));
        var part = Run("eval", run, folder.File("part"), "--json");
        Assert.Equal([0, 0, 11], part.Json.GetProperty("classes").EnumerateArray().Select(one => one.GetProperty("samples").GetInt32()));
        Assert.Equal(part.Json.GetProperty("accuracy").GetDouble(), part.Json.GetProperty("balanced_accuracy").GetDouble(), 1e-9);
        Directory.Move(folder.File("part", "stripes"), folder.File("part", "zebras"));
        var unknown = CommandLine.Run("eval", run, folder.File("part"));
        Assert.Equal(ExitCode.Failure, unknown.ExitCode);
        Assert.Contains("not known here: zebras", unknown.Error);
        Assert.Contains("Known: discs, frames, stripes", unknown.Error);
        Directory.Move(folder.File("photos", "frames"), folder.File("photos", "boxes"));
        Assert.Contains("not known here: boxes", CommandLine.Run("eval", run).Error);
        Directory.Delete(folder.File("part", "zebras"), recursive: true);
        CopyFolder(folder.File("photos", "boxes"), folder.File("part", "boxes"));
        Assert.Contains("none of the images", CommandLine.Run("train", "--resume", run, folder.File("part"), "--epochs", "9").Error);
    }

    [Fact]
    public void FewImagesOfAClassAreAWarning()
    {
        using var folder = new TempFolder();
        WritePhotos(folder, "photos", 60);
        foreach (var file in Directory.GetFiles(folder.File("photos", "frames")).Skip(1))
            File.Delete(file);
        var train = Run("train", folder.File("photos"), "--model", "mlp64x2", "--size", "8", "--steps", "1", "--out", folder.File("run"));
        Assert.Matches("warning: The classes have very different numbers of training images: .*, frames 1", train.Error);
        Assert.Contains("warning: No test images of frames", train.Error);
    }

    [Fact]
    public void UnreadableImagesAreSkippedOnRequest()
    {
        using var folder = new TempFolder();
        WritePhotos(folder, "photos", 30);
        folder.Write("photos/discs/bad1.jpg", "nothing"u8.ToArray());
        folder.Write("photos/frames/bad2.jpg", "nothing"u8.ToArray());
        string[] train = ["train", folder.File("photos"), "--model", "mlp64x2", "--size", "8", "--steps", "1", "--out", folder.File("run")];
        var failed = CommandLine.Run(train);
        Assert.Equal(ExitCode.Failure, failed.ExitCode);
        Assert.Contains("bad1.jpg", failed.Error);
        Assert.Contains("bad2.jpg", failed.Error);
        var skipped = Run([.. train, "--skip-unreadable"]);
        Assert.Contains("Skipped 2 images of 32", skipped.Error);
        var eval = Run("eval", folder.File("run"));
        Assert.Contains("Left out, because the run could not read them: 2 images (discs/bad1.jpg, frames/bad2.jpg)", eval.Error);
        Assert.DoesNotContain("added", eval.Error);
        folder.Write("photos/discs/bad3.jpg", "nothing"u8.ToArray());
        Assert.Contains("bad3.jpg", CommandLine.Run("eval", folder.File("run")).Error);
        var again = Run("eval", folder.File("run"), "--skip-unreadable").Error;
        Assert.Contains("1 image was added", again);
        Assert.Contains("Skipped 1 image of 31", again);
        File.Delete(folder.File("photos", "discs", "bad3.jpg"));
        Run("train", "--resume", folder.File("run"), "--steps", "2");
        Assert.Contains("bad1.jpg", CommandLine.Run("predict", folder.File("run"), folder.File("photos", "discs")).Error);
        var predict = Run("predict", folder.File("run"), folder.File("photos", "discs"), "--skip-unreadable", "--json");
        Assert.Equal(10, predict.Json.GetProperty("predictions").GetArrayLength());
        Assert.Contains("Skipped", predict.Error);
    }

    [Fact]
    public void PredictComparesSizesBeforeItDecodes()
    {
        using var folder = new TempFolder();
        Run("train", "--limit-train", "64", "--limit-test", "10", "--steps", "1", "--out", folder.File("run"));
        // A gray PNG of 11000 x 9500 pixels, more than an image of a data set may have, and less than can be decoded.
        var png = Images.TestPng.Make(4, 4, 0, 8, new byte[20]);
        var size = png.AsSpan(16, 8);
        BinaryPrimitives.WriteInt32BigEndian(size, 11_000);
        BinaryPrimitives.WriteInt32BigEndian(size[4..], 9_500);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), System.IO.Hashing.Crc32.HashToUInt32(png.AsSpan(12, 17)));
        for (var i = 0; i < 4; i++)
            folder.Write($"large/{i}.png", png);
        var predict = CommandLine.Run("predict", folder.File("run"), folder.File("large"));
        Assert.Equal(ExitCode.Failure, predict.ExitCode);
        Assert.Contains("4 images cannot be read", predict.Error);
        Assert.Contains("9500 x 11000 pixels (height x width); an image of a data set has at most 100,000,000 pixels", predict.Error);
    }

    [UnixFact("file names with control characters")]
    public void ControlCharactersInNamesAreEscaped()
    {
        using var folder = new TempFolder();
        WritePhotos(folder, "photos", 30);
        Directory.Move(folder.File("photos", "discs"), folder.File("photos", "\u001b[31mdiscs\n\u202e"));
        string[] train = ["train", folder.File("photos"), "--model", "mlp64x2", "--size", "8", "--steps", "1", "--out", folder.File("run")];
        Run(train);
        var eval = CommandLine.RunAtTerminal(false, "eval", folder.File("run"));
        Assert.Contains(@"\x1B[31mdiscs\n\u202E", eval.Output);
        folder.Write("photos/frames/\u001b]0;title\u0007.jpg", "nothing"u8.ToArray());
        folder.Write("photos/frames/a\nb.jpg", "nothing"u8.ToArray());
        folder.Write("photos/frames/note\u001b[2J.\u001b", "nothing"u8.ToArray());
        var skipped = Run("eval", folder.File("run"), "--skip-unreadable");
        Assert.Contains(@"\x1B]0;title\x07.jpg", skipped.Error);
        Assert.Contains(@"a\nb.jpg", skipped.Error);
        var failed = CommandLine.Run("eval", folder.File("run"), "--verbose");
        Assert.Contains("   at ", failed.Error);
        Assert.All([eval.Error, skipped.Output, skipped.Error, failed.Error],
            text => Assert.DoesNotContain(text, letter => letter is '\u001b' or '\u0007' or '\u202e'));
        // The text of the file is as it is where a program reads it.
        Assert.Equal("\u001b[31mdiscs\n\u202e", CommandLine.Run("eval", folder.File("run"), "--skip-unreadable", "--json").Json.GetProperty("classes")[0]
            .GetProperty("name").GetString());
    }

    private static CommandLine Run(params string[] args)
    {
        var result = CommandLine.Run(args);
        Assert.True(result.ExitCode == ExitCode.Success, $"{string.Join(' ', args)}: {result.Error}");
        return result;
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    // Photos of three classes and three sizes, half of them JPEG and half PNG.
    private static void WritePhotos(TempFolder folder, string root, int count)
    {
        var random = new Random(count);
        for (var i = 0; i < count; i++)
        {
            var (height, width) = (i / 3 % 3) switch { 0 => (60, 80), 1 => (100, 75), _ => (48, 48) };
            var (figure, ground, radius) = (Color(), Color(), Math.Min(height, width) * (0.25 + (random.NextDouble() * 0.15)));
            using var image = new Image<Rgb24>(width, height);
            for (var y = 0; y < height; y++)
            {
                for (var x = 0; x < width; x++)
                {
                    var (down, across) = (Math.Abs(y - (height / 2)), Math.Abs(x - (width / 2)));
                    var isFigure = (i % 3) switch
                    {
                        0 => (down * down) + (across * across) < radius * radius,
                        1 => Math.Max(down, across) < radius && Math.Max(down, across) > radius * 0.6,
                        _ => (x + y) / 6 % 2 == 0,
                    };
                    image[x, y] = isFigure ? figure : ground;
                }
            }

            using var file = new MemoryStream();
            if (i % 2 == 0)
                image.SaveAsPng(file);
            else
                image.SaveAsJpeg(file);
            folder.Write($"{root}/{Classes[i % 3]}/{i}.{(i % 2 == 0 ? "png" : "jpg")}", file.ToArray());
        }

        Rgb24 Color() => new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
    }
}
