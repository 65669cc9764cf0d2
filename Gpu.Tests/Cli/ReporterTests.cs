using System.Text.Json;
using System.Text.RegularExpressions;
using Gpu.Cli;
using Gpu.Cli.Output;

namespace Gpu.Tests.Cli;

public class ReporterTests
{
    private const string Escape = "\u001b";
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    [Theory]
    [InlineData(1234.5, "1,234.5000")]
    [InlineData(-2.5, "-2.5000")]
    [InlineData(999_999_999, "999,999,999.0000")]
    [InlineData(1.5e30, "1.5e30")]
    [InlineData(-1e9, "-1e9")]
    [InlineData(double.NaN, "-")]
    public void LargeNumbersArePowersOfTen(double value, string text) => Assert.Equal(text, Units.Fixed(value, 4));

    [Fact]
    public void PlainLinesHaveNoEscapeCodes()
    {
        var run = CommandLine.Run("models");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.DoesNotContain(Escape, run.Output);
        Assert.Contains("resnet20", run.Output);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public void AtATerminalTablesHaveBordersAndColors()
    {
        var run = CommandLine.RunAtTerminal(true, "models");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains(Escape, run.Output);
        Assert.Contains("│", run.Output);
    }

    [Fact]
    public void NoColorCodesWithoutColorSupport() => Assert.DoesNotMatch($"{Escape}\\[[0-9;]*3[0-9]m", CommandLine.RunAtTerminal(false, "models").Output);

    [Fact]
    public void PlainOptionDisablesEscapeCodesAtATerminal() => Assert.DoesNotContain(Escape, CommandLine.RunAtTerminal(true, "models", "--plain").Output);

    [Fact]
    public void JsonIsOneLineOfStandardOutput()
    {
        var run = CommandLine.RunAtTerminal(true, "models", "--json");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Single(run.Output.TrimEnd().Split('\n'));
        Assert.Equal("cnn2", run.Json.GetProperty("models")[0].GetProperty("name").GetString());
        Assert.Contains("resnet20", run.Error);
        Assert.DoesNotContain(Escape, run.Error);
    }

    [Fact]
    public void CommandsToCopyAreNeverBroken()
    {
        const string command = "gputrainer train path/to/a/folder/with/pictures --model resnet20 --epochs 100 --weight-decay 1e-3 --augment flip,shift:4";
        var reporter = new HumanReporter(new CliHost(_output, _error, isTerminal: true, width: 80) { HasColor = false });
        reporter.Line($"To train the setting that was chosen of all those that were tried, on all training samples: {command}");
        reporter.Note($"A note: {command}");
        reporter.Whole(command);
        Assert.Equal(2, _output.ToString().Split('\n').Count(line => line == command));
        Assert.Equal(["A note:", command], _error.ToString().TrimEnd().Split('\n'));
        Assert.All(_output.ToString().Split('\n').Where(line => line != command), line => Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public void StandardOutputOfAPipeHasNoProgress()
    {
        var reporter = new PlainReporter(new CliHost(_output, _error));
        reporter.ProgressNow(new ProgressState("checking", 3, 97, "conv2d", TimeSpan.MaxValue));
        Assert.Equal("", _output.ToString());
        Assert.StartsWith("checking  3/97 (3 %)  conv2d", _error.ToString(), StringComparison.Ordinal);
        // Lines that were asked for are results.
        reporter.ProgressLine(new ProgressState("epoch 1/2", 1, 4, "loss 1", TimeSpan.MaxValue));
        Assert.StartsWith("epoch 1/2  1/4 (25 %)  loss 1", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void JsonReporterWritesExactlyOneObject()
    {
        var reporter = new JsonReporter(new CliHost(_output, _error));
        reporter.Result(new JsonRecord().Add("a", 1));
        reporter.Fail("too late", ExitCode.Failure);
        Assert.Equal("{\"a\":1}", _output.ToString().TrimEnd());
        Assert.Throws<InvalidOperationException>(() => reporter.Result(new JsonRecord()));
    }

    [Fact]
    public void JsonValuesRoundTrip()
    {
        var text = new JsonRecord()
            .Add("float", 0.1f).Add("double", 0.1).Add("nan", double.NaN).Add("infinity", float.PositiveInfinity).Add("none", null)
            .Add("text", "a \"quoted\" ü\n").Add("large", ulong.MaxValue).Add("list", new[] { 1.5f, float.NaN }).Add("inner", new JsonRecord()
                .Add("yes", true)).ToString();
        var root = JsonDocument.Parse(text).RootElement;
        Assert.Contains("\"float\":0.1,", text);
        Assert.Equal(0.1, root.GetProperty("double").GetDouble());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("nan").ValueKind);
        Assert.Equal(JsonValueKind.Null, root.GetProperty("infinity").ValueKind);
        Assert.Equal(JsonValueKind.Null, root.GetProperty("none").ValueKind);
        Assert.Equal("a \"quoted\" ü\n", root.GetProperty("text").GetString());
        Assert.Equal(ulong.MaxValue, root.GetProperty("large").GetUInt64());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("list")[1].ValueKind);
        Assert.True(root.GetProperty("inner").GetProperty("yes").GetBoolean());
    }

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(200)]
    public void ProgressBarFitsOnOneLineAndIsErased(int width)
    {
        var reporter = new HumanReporter(new CliHost(_output, _error, isTerminal: true, width: width));
        for (var done = 0; done <= 10; done++)
            reporter.ProgressNow(new ProgressState("epoch 12/100", done, 10, "loss 0.1234  12,345 images/s", TimeSpan.FromSeconds(75)));
        foreach (var drawn in _output.ToString().Split('\r', StringSplitOptions.RemoveEmptyEntries))
        {
            var visible = Regex.Replace(drawn, $"{Escape}\\[[0-9;]*[A-Za-z]", "");
            Assert.True(visible.Length < width, visible);
            Assert.StartsWith("epoch 12/100", visible);
        }

        if (width >= 80) Assert.Contains("1:15 left", _output.ToString());
        reporter.Line("next");
        Assert.EndsWith($"\r{Escape}[2Knext{Environment.NewLine}", _output.ToString());
    }

    [Fact]
    public void PlainProgressIsThrottled()
    {
        var reporter = new PlainReporter(new CliHost(_output, _error));
        reporter.BeginProgress();
        for (var done = 0; done < 1000; done++) reporter.Progress(new ProgressState("epoch 1/1", done, 1000, "", TimeSpan.Zero));
        Assert.Equal("", _error.ToString());
        reporter.ProgressNow(new ProgressState("epoch 1/1", 250, 1000, "loss 0.5", TimeSpan.FromSeconds(3723)));
        Assert.Equal("epoch 1/1  250/1000 (25 %)  loss 0.5  1:02:03 left", _error.ToString().TrimEnd());
    }

    [Fact]
    public void TableColumnsAreAligned()
    {
        var table = new ReportTable(ReportTable.Text("name"), ReportTable.Number("count")) { Title = "things" };
        table.Add("a", "1,000");
        table.Add("longer", "7");
        new PlainReporter(new CliHost(_output, _error)).Table(table);
        var lines = _output.ToString().Split('\n').Select(line => line.TrimEnd('\r'));
        Assert.Equal(["things", "name    count", "a       1,000", "longer      7", ""], lines);
        Assert.Throws<ArgumentException>(() => table.Add("one cell"));
    }

    [Theory]
    [InlineData("plain ü ✓", "plain ü ✓")]
    [InlineData("a\u001b[2Jb\u0000\u007f\u009b", @"a\x1B[2Jb\x00\x7F\x9B")]
    [InlineData("a\nb\r\tc", @"a\nb\r\tc")]
    [InlineData("\u202egnp.x\u2066\u2028", @"\u202Egnp.x\u2066\u2028")]
    [InlineData("list:\n  a\n  b\nc", "list:\n  a\n  b\\nc")]
    public void ControlCharactersAreEscaped(string text, string expected)
    {
        Assert.Equal(expected, Printable.Escape(text, keepsLists: true).ReplaceLineEndings("\n"));
        var reporter = new PlainReporter(new CliHost(_output, _error));
        reporter.Warn(text);
        reporter.Note(text);
        reporter.Fail(text, ExitCode.Failure);
        Assert.Equal($"warning: {expected}\n{expected}\nerror: {expected}\n", _error.ToString().ReplaceLineEndings("\n"));
        var table = new ReportTable(ReportTable.Text(text)) { Title = text };
        table.Add(text);
        reporter.Line(text);
        reporter.Table(table);
        var line = expected.Replace("\n", "\\n");
        Assert.Equal(Enumerable.Repeat(line, 4), _output.ToString().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'));
    }

    [Theory]
    [InlineData(1, "1 class")]
    [InlineData(0, "0 classes")]
    [InlineData(1234, "1,234 classes")]
    public void CountsHaveTheirNouns(long count, string expected) => Assert.Equal(expected, Units.Count(count, "class"));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1536, "1.5 KB")]
    [InlineData(200L << 20, "200 MB")]
    [InlineData(3L << 40, "3.0 TB")]
    public void BytesAreFormattedWithUnits(long bytes, string expected) => Assert.Equal(expected, Units.Bytes(bytes));

    [Theory]
    [InlineData(0.0000123, "1.23e-5")]
    [InlineData(0.00123, "0.00123")]
    [InlineData(0.5, "0.500")]
    [InlineData(12.345, "12.3")]
    [InlineData(12345.6, "12,346")]
    [InlineData(0, "0.00000")]
    public void ShortNumbersHaveThreeSignificantDigits(double value, string expected) => Assert.Equal(expected, Units.Short(value));
}
