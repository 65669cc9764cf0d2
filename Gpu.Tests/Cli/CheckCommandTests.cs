using System.Globalization;
using Gpu.Cli;
using Gpu.Cli.Checks;
using Gpu.Tests.IO;
using Gpu.Tests.Oracles;
using Xunit.Abstractions;

namespace Gpu.Tests.Cli;

public class CheckCommandTests(ITestOutputHelper output)
{
    [Fact]
    public void ADeviceThatComputesRightGivesExitCode0()
    {
        var run = CommandLine.Run("check", "--only", "dense", "--device", "cpu", "--threads", "2", "--json");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        var json = run.Json;
        Assert.Empty(json.GetProperty("problems").EnumerateArray());
        var operations = json.GetProperty("operations").EnumerateArray().ToArray();
        Assert.Contains(operations, one => one.GetProperty("check").GetString() == "dense, large shapes");
        Assert.All(operations, one => Assert.Equal("right", one.GetProperty("verdict").GetString()));
        Assert.All(operations, one => Assert.InRange(one.GetProperty("largest_error_of_tolerance").GetDouble(), 0, 1));
    }

    [Fact]
    public void AWrongKernelIsFoundAndReplaced()
    {
        var run = CommandLine.Run("check", "--only", "missing-gradient", "--device", "simulator");
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        run = CommandLine.Run("check", "--only", "loss and metrics", "--device", "simulator", "--skip-kernel", "GroupedSoftmaxCrossEntropy", "--json");
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        var operations = run.Json.GetProperty("operations").EnumerateArray().ToDictionary(one => one.GetProperty("form").GetString()!);
        Assert.Equal("right", operations["plain"].GetProperty("verdict").GetString());
        Assert.NotEqual("right", operations["grouped"].GetProperty("verdict").GetString());
        Assert.Equal("GroupedSoftmaxCrossEntropy", operations["grouped"].GetProperty("kernel").GetString());
        Assert.Contains(run.Json.GetProperty("problems").EnumerateArray(), one =>
            one.GetString()!.StartsWith("kernel GroupedSoftmaxCrossEntropy was replaced", StringComparison.Ordinal));
    }

    [Fact]
    public void TheCodeOfKernelsIsWritten()
    {
        using var folder = new TempFolder();
        var target = Path.Combine(folder.Path, "code");
        var run = CommandLine.Run("check", "--code", target, "--only", "ChannelCopy", "--quick");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        var ptx = Directory.GetFiles(target, "ChannelCopy*.ptx");
        Assert.NotEmpty(ptx);
        Assert.Equal(ptx.Length, Directory.GetFiles(target, "*.cl").Length);
        Assert.All(ptx, file => Assert.Contains(".entry", File.ReadAllText(file), StringComparison.Ordinal));
        Assert.Equal(ExitCode.Usage, CommandLine.Run("check", "--code", target, "--only", "NoSuchKernel").ExitCode);
    }

    [Fact]
    public void AStoppedCheckReportsWhatItHasChecked()
    {
        // The first question is that of the result, the others come before each check.
        var run = CommandLine.RunUntil(4, "check", "--only", "activations", "--device", "cpu", "--json");
        Assert.Equal(ExitCode.Cancelled, run.ExitCode);
        var json = run.Json;
        Assert.Equal(2, json.GetProperty("operations").GetArrayLength());
        Assert.All(json.GetProperty("operations").EnumerateArray(), one => Assert.Equal("right", one.GetProperty("verdict").GetString()));
        Assert.Equal("cpu", json.GetProperty("device").GetString());
        Assert.Matches(@"^stopped while checking activations, \w+, cpu\d+ \(2 of \d+\)$", json.GetProperty("incomplete").GetString());
        Assert.Equal(("stopped", ExitCode.Cancelled), (json.GetProperty("error").GetString(), json.GetProperty("exit_code").GetInt32()));
        Assert.Contains("activation", run.Error);
        Assert.False(CommandLine.Run("check", "--only", "step table", "--device", "cpu", "--json").Json.TryGetProperty("incomplete", out _));
    }

    [UnixFact("the signal SIGTERM to another process")]
    public async Task ATimeLimitLosesNothing()
    {
        using var process = ProcessTests.Start("check", "--device", "cpu", "--json");
        try
        {
            var wait = TimeSpan.FromMinutes(1);
            var json = process.StandardOutput.ReadToEndAsync();
            while (await process.StandardError.ReadLineAsync().WaitAsync(wait) is { } line && !line.StartsWith("checking", StringComparison.Ordinal))
            {
            }

            var error = process.StandardError.ReadToEndAsync();
            using (var kill = System.Diagnostics.Process.Start("kill", ["-TERM", $"{process.Id}"])) await kill.WaitForExitAsync().WaitAsync(wait);
            await process.WaitForExitAsync().WaitAsync(wait);
            await error;
            Assert.Equal(ExitCode.Cancelled, process.ExitCode);
            var result = System.Text.Json.JsonDocument.Parse(await json).RootElement;
            Assert.StartsWith("stopped while checking ", result.GetProperty("incomplete").GetString());
            Assert.Equal("cpu", result.GetProperty("device").GetString());
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    /// <summary>The names of the checks of operations up to their first comma; those that begin with another one are found with it.</summary>
    public static TheoryData<string> Operations
    {
        get
        {
            var names = OperationChecks.All.Select(check => check.Name.Split(',')[0]).Distinct().ToArray();
            return [.. names.Where(name => !names.Any(other => other != name && name.Contains(other, StringComparison.OrdinalIgnoreCase)))];
        }
    }

    [AddedDeviceFact]
    public void AddedDevicesPass() => CheckAddedDevices("--quick");

    /// <summary>
    /// All forms of the operations, one name after the other, on the added devices. <c>GPUTRAINER_FULL_CHECK</c> is the number of seconds for each.
    /// </summary>
    [FullCheckTheory]
    [MemberData(nameof(Operations))]
    public void AddedDevicesPassInAllForms(string operation) => CheckAddedDevices("--only", operation);

    private void CheckAddedDevices(params string[] options)
    {
        foreach (var name in TestDevices.Added)
        {
            var (text, error) = (new StringWriter(), new StringWriter());
            using var limit = new CancellationTokenSource(FullCheckTheoryAttribute.Limit);
            var host = new CliHost(text, error, cancellation: () => limit.Token) { OpenDevice = (_, _) => (TestDevices.Open(name), []) };
            var code = App.Run(["check", .. options, "--device", name.Split(':')[0]], host);
            output.WriteLine($"{name}\n{text}{error}");
            Assert.Equal(ExitCode.Success, code);
        }
    }
}

/// <summary>A theory that takes an hour on a slow device. It is skipped without <c>GPUTRAINER_FULL_CHECK</c>.</summary>
internal sealed class FullCheckTheoryAttribute : TheoryAttribute
{
    public FullCheckTheoryAttribute()
    {
        if (Seconds == 0 || TestDevices.Added.Count == 0)
            Skip = "set GPUTRAINER_FULL_CHECK to the seconds for each operation, and GPUTRAINER_TEST_DEVICES, for example to opencl:0";
    }

    /// <summary>The time limit of one run of the command.</summary>
    public static TimeSpan Limit => Seconds == 0 ? System.Threading.Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(Seconds);

    private static int Seconds =>
        int.TryParse(Environment.GetEnvironmentVariable("GPUTRAINER_FULL_CHECK"), CultureInfo.InvariantCulture, out var seconds) ? seconds : 0;
}
