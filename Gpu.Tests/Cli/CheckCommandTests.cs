using Gpu.Cli;
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

    [AddedDeviceFact]
    public void AddedDevicesPass()
    {
        foreach (var name in TestDevices.Added)
        {
            var (text, error) = (new StringWriter(), new StringWriter());
            var host = new CliHost(text, error) { OpenDevice = (_, _) => (TestDevices.Open(name), []) };
            var code = App.Run(["check", "--quick", "--device", name.Split(':')[0]], host);
            output.WriteLine($"{name}\n{text}{error}");
            Assert.Equal(ExitCode.Success, code);
        }
    }
}
