using Gpu.Cli;
using Gpu.Cli.Parsing;
using Gpu.Tests.IO;
using Gpu.Training.Images;
using Gpu.Training.IO;

namespace Gpu.Tests.Cli;

/// <summary>No output of a command replaces a file that the program did not write.</summary>
public class OutputFileTests
{
    private static readonly byte[] Foreign = [.. "name,score\nme,1\n"u8];

    [Theory]
    [InlineData("export", "--out", "x.onnx")]
    [InlineData("export", "--out", "x.safetensors", "--format", "safetensors")]
    [InlineData("export", "--out", "x.cs", "--format", "csharp")]
    [InlineData("report", "--out", "x.html", "--no-data")]
    public void FilesOfOthersStay(string command, string option, string name, params string[] more)
    {
        using var folder = new TempFolder();
        var run = Train(folder);
        var file = folder.Write(name, Foreign);
        var refused = CommandLine.Run([command, run, option, file, .. more]);
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Contains($"The file '{file}' exists", refused.Error);
        Assert.Equal(Foreign, File.ReadAllBytes(file));
        File.Delete(file);
        // What the program wrote, it may write again.
        for (var i = 0; i < 2; i++)
        {
            var written = CommandLine.Run([command, run, option, file, .. more]);
            Assert.True(written.ExitCode == ExitCode.Success, written.Error);
        }
    }

    [Theory]
    [InlineData("export", "x.csv", ".onnx")]
    [InlineData("export", "x.onnx", ".json", "--format", "json")]
    [InlineData("report", "x.png", ".html")]
    public void EndingsFitTheFormat(string command, string name, string expected, params string[] more)
    {
        using var folder = new TempFolder();
        var run = Train(folder);
        var refused = CommandLine.Run([command, run, "--out", folder.File(name), .. more]);
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Contains($"ends in {expected}", refused.Error);
        Assert.False(File.Exists(folder.File(name)));
    }

    [Fact]
    public void PicturesAreMarkedAndThoseOfOthersStay()
    {
        using var folder = new TempFolder();
        var plot = folder.File("plot.png");
        string[] show = ["data", "show", "digits", "--per-class", "1", "--out", plot];
        for (var i = 0; i < 2; i++) Assert.Equal(ExitCode.Success, CommandLine.Run(show).ExitCode);
        Assert.True(FileOrigin.IsOwn(plot));
        var photo = ImageCodec.EncodePng(new ByteImage(4, 4, 3));
        File.WriteAllBytes(plot, photo);
        var refused = CommandLine.Run(show);
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Equal(photo, File.ReadAllBytes(plot));
    }

    [Theory]
    [InlineData("plan.png")]
    [InlineData("plan.svg")]
    public void ThePlotOfAPlanReplacesNoPictureOfOthers(string name)
    {
        using var folder = new TempFolder();
        string[] plan = ["train", "--dry-run", "--limit-train", "64", "--limit-test", "32", "--plot", folder.File(name), "--threads", "1"];
        for (var i = 0; i < 2; i++) Assert.Equal(ExitCode.Success, CommandLine.Run(plan).ExitCode);
        File.WriteAllBytes(folder.File(name), Foreign);
        var refused = CommandLine.Run(plan);
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Contains("Choose another --plot", refused.Error);
        Assert.Equal(Foreign, File.ReadAllBytes(folder.File(name)));
    }

    [Fact]
    public void AMarkedPngIsTheSameImage()
    {
        var image = new ByteImage(3, 5, 3);
        for (var i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = (byte)(i * 7);
        var marked = FileOrigin.MarkPng(ImageCodec.EncodePng(image));
        Assert.Equal(image.Pixels, ImageCodec.Decode(marked, "marked").Pixels);
    }

    [Theory]
    [InlineData("runs/a-1", "runs/a-1")]
    [InlineData("my run", "'my run'")]
    [InlineData("it's", "'it'\\''s'")]
    [InlineData("größe", "größe")]
    [InlineData("~x", "'~x'")]
    [InlineData("", "''")]
    [InlineData("$HOME", "'$HOME'")]
    public void ArgumentsAreQuotedForAShell(string argument, string expected) => Assert.Equal(expected, ShellQuote.Quote(argument));

    private static string Train(TempFolder folder)
    {
        var run = folder.File("my run");
        var train = CommandLine.Run("train", "--limit-train", "64", "--limit-test", "32", "--epochs", "1", "--out", run, "--threads", "1");
        Assert.True(train.ExitCode == ExitCode.Success, train.Error);
        Assert.Contains($"gputrainer eval '{run}'", train.Output);
        return run;
    }
}
