using System.Text.RegularExpressions;
using Gpu.Cli;
using Gpu.Cli.Output;
using Gpu.Tests.IO;
using Gpu.Training.Images;

namespace Gpu.Tests.Cli;

/// <summary>At a terminal no line is longer than it is wide, and no word is broken.</summary>
public sealed class WidthTests(WidthTests.ManyClasses run) : IClassFixture<WidthTests.ManyClasses>
{
    public static TheoryData<int> Widths => [80, 100, 140];

    [Theory]
    [MemberData(nameof(Widths))]
    public void ListsFit(int width)
    {
        foreach (var command in new[] { "devices", "models", "model show resnet20", "model show mobilenet_small", "data list" })
            RequireFit(width, command.Split(' '));
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void EvaluationsFit(int width)
    {
        var output = RequireFit(width, "eval", run.Run);
        // The names of 14 classes do not fit over the columns, so rows and columns have numbers.
        Assert.Contains("14 kind_13", output);
        Assert.DoesNotContain("14 kind_13", RequireFit(200, "eval", run.Run));
        Assert.DoesNotContain("...", output);
        // In a pipe nothing is left out.
        Assert.Contains("kind_00  kind_01", CommandLine.Run("eval", run.Run).Output);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void PredictionsShowTheEndsOfLongPaths(int width)
    {
        var image = run.LongPath;
        var output = RequireFit(width, "predict", run.Run, image);
        Assert.Contains("/7.png", output);
        Assert.Contains("top 1", output);
        Assert.Contains(image, CommandLine.Run("predict", run.Run, image).Output);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void TrainingLinesFit(int width)
    {
        foreach (var more in new[] { Array.Empty<string>(), ["--validation", "0.3", "--l1", "1e-4"] })
        {
            var output = RequireFit(
                width, ["train", run.Photos, "--model", "mlp64x2", "--size", "8", "--epochs", "2", "--device", "cpu", "--out", run.File(), .. more]);
            var lines = Regex.Matches(output, @"epoch \d/2  .*accuracy \d.*").Select(match => match.Value).ToArray();
            Assert.True(lines.Length == 2, output);
            Assert.Equal(width == 140 && more.Length == 0, lines[0].Contains("  lr ", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void ColumnsAreLeftOutByRank()
    {
        var table = new ReportTable(ReportTable.Text("a"), ReportTable.Text("second", rank: 1), ReportTable.Number("third", rank: 2));
        table.Add("x", "two words", "1,000");
        Assert.Equal([1, 9, 5], TableFit.Of(table, 25, 3, 1, wraps: true).Widths);
        // The second is wrapped before one is left out.
        var wrapped = TableFit.Of(table, 22, 3, 1, wraps: true);
        Assert.Equal([1, 6, 5], wrapped.Widths);
        Assert.Empty(wrapped.LeftOut);
        Assert.Equal(["third"], TableFit.Of(table, 21, 3, 1, wraps: true).LeftOut);
        Assert.Equal(["third", "second"], TableFit.Of(table, 8, 3, 1, wraps: true).LeftOut);
        Assert.Equal("...de/f.png", DisplayWidth.KeepEnd("a/b/c/de/f.png", 11));
        Assert.Equal(4, DisplayWidth.Of("\u732b\u72ac"));
        Assert.Equal(1, DisplayWidth.Of("e\u0301"));
    }

    // Every word at the terminal is one of the pipe's, where nothing is wrapped.
    private static string RequireFit(int width, params string[] command)
    {
        var shown = CommandLine.RunAtTerminal(width, false, command);
        Assert.True(shown.ExitCode == ExitCode.Success, shown.Error);
        var text = Regex.Replace(Regex.Replace(shown.Output, "\r\u001b\\[2K", "\n"), "\u001b\\[[0-9;]*[A-Za-z]", "");
        foreach (var line in (text + shown.Error).Split('\n'))
            Assert.True(line.TrimEnd('\r').Length <= width, $"{line.Length} columns: {line}");
        if (command[0] == "train") return text;
        var whole = Words(CommandLine.Run(command).Output);
        // What is said of the layout is not in the pipe.
        var same = text.Split("Left out")[0].Replace("Columns: the predicted class, by its number", "");
        var broken = Words(same).Where(word => !whole.Contains(word) && !word.StartsWith("...", StringComparison.Ordinal)).ToArray();
        Assert.True(broken.Length == 0, string.Join(", ", broken) + "\n" + text);
        return text;

        static HashSet<string> Words(string output) =>
            [.. Regex.Matches(output, @"[^\s│─╭╮╰╯├┤┬┴┼]+").Select(match => match.Value).Where(word => !IsNumber(word))];

        // Times differ, and so do the numbers of columns.
        static bool IsNumber(string word) => char.IsAsciiDigit(word[0]);
    }

    public sealed class ManyClasses : IDisposable
    {
        private readonly TempFolder _folder = new();
        private int _runs;

        public ManyClasses()
        {
            var random = new Random(5);
            var pixels = new byte[192];
            for (var kind = 0; kind < 14; kind++)
            {
                for (var i = 0; i < 8; i++)
                {
                    random.NextBytes(pixels);
                    ImageCodec.SavePng(Path.Combine(Photos, $"kind_{kind:00}", $"{i}.png"), new ByteImage(8, 8, 3, pixels));
                }
            }

            LongPath = _folder.File("a folder with a long name", "photographs of the summer", "and-another-one-with-a-long-name", "holidays", "7.png");
            ImageCodec.SavePng(LongPath, new ByteImage(8, 8, 3, pixels));
            var train = CommandLine.Run("train", Photos, "--model", "mlp64x2", "--size", "8", "--steps", "1", "--device", "cpu", "--out", Run);
            Assert.True(train.ExitCode == ExitCode.Success, train.Error);
        }

        public string Photos => _folder.File("photos");

        public string Run => _folder.File("run");

        public string LongPath { get; }

        public string File() => _folder.File($"run{_runs++}");

        public void Dispose() => _folder.Dispose();
    }
}
