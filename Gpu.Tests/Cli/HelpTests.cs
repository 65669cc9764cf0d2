using System.Text.RegularExpressions;
using Gpu.Cli;

namespace Gpu.Tests.Cli;

public partial class HelpTests
{
    [Fact]
    public void EveryOptionOfTrainShowsItsRangeAndDefault()
    {
        var run = CommandLine.Run("train", "--help");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        var options = run.Output.Split('\n').Where(line => line.TrimStart().StartsWith("--", StringComparison.Ordinal)).ToArray();
        Assert.True(options.Length > 30, run.Output);
        foreach (var line in options)
        {
            // Numeric options show a range. Every option with a value shows its default; --resume has none.
            if (TakesNumber().IsMatch(line))
                Assert.Matches(@"\((\S+ to \S+|\S+ or more|above \S+( and below \S+)?|at least \S+ and below \S+); default: .+\)", line);
            else if (line.Contains('<', StringComparison.Ordinal) && !line.Contains("--resume", StringComparison.Ordinal))
                Assert.Matches(@"default: .+\)", line);
        }
    }

    [Theory]
    [InlineData("train", "--weight-decay")]
    [InlineData("eval", "--top-k")]
    [InlineData("predict", "IMAGE")]
    [InlineData("devices", "CUDA")]
    [InlineData("models", "built-in")]
    [InlineData("model show", "NAME|FILE")]
    [InlineData("data generate", "--seed")]
    [InlineData("data show", "--per-class")]
    [InlineData("train", "--background")]
    [InlineData("eval", "--background")]
    [InlineData("predict", "--background")]
    [InlineData("sweep", "--background")]
    [InlineData("data show", "--background")]
    public void EveryCommandHasHelp(string command, string expected)
    {
        var run = CommandLine.Run([.. command.Split(' '), "--help"]);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains($"gputrainer {command}", run.Output);
        Assert.Contains(expected, run.Output);
        Assert.Contains("--json", run.Output);
    }

    [Fact]
    public void VersionIsPrinted()
    {
        var run = CommandLine.Run("--version");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Matches(@"^gputrainer \d+\.\d+\.\d+", run.Output);
    }

    [GeneratedRegex("<[NX]> ")]
    private static partial Regex TakesNumber();
}
