using System.Diagnostics;
using System.Text.Json;

namespace Gpu.Tests.Cli;

/// <summary>Runs the built program as a separate process.</summary>
public class ProcessTests
{
    [Fact]
    public void ExitCodeAndStreamsReachTheShell()
    {
        var (code, output, error) = Run("model", "show", "mlp128", "--json");
        Assert.Equal(0, code);
        Assert.Equal("mlp128", JsonDocument.Parse(output).RootElement.GetProperty("model").GetString());
        Assert.Contains("dense1", error);

        (code, output, error) = Run("trian");
        Assert.Equal(2, code);
        Assert.Equal("", output);
        Assert.Contains("Did you mean 'train'?", error);
    }

    [Fact]
    public void RedirectedOutputIsPlain()
    {
        var (code, output, _) = Run("models");
        Assert.Equal(0, code);
        Assert.Contains("resnet20", output);
        Assert.DoesNotContain("\u001b", output);
    }

    /// <summary>The dotnet executable that runs the tests, or the one on the path.</summary>
    internal static string DotnetHost => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    internal static Process Start(params string[] args)
    {
        var start = new ProcessStartInfo(DotnetHost, [Path.Combine(AppContext.BaseDirectory, "gputrainer.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        return Process.Start(start)!;
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using var process = Start(args);
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(60_000));
        return (process.ExitCode, output, error.Result);
    }
}
