using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Gpu.Tests.IO;
using Gpu.Training.Data;

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

    [Fact]
    public void AFolderWithTheNameOfADataSetIsMentioned()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("moons"));
        using var process = Start([], folder.Path, "train", "moons", "--epochs", "1");
        var output = process.StandardOutput.ReadToEnd();
        Assert.Contains("For the folder write", process.StandardError.ReadToEnd());
        Assert.Contains("moons", output);
    }

    [Fact]
    public async Task TheFolderOfTheEnvironmentVariableIsSearchedFirst()
    {
        using var folder = new TempFolder();
        var digits = Directory.CreateDirectory(folder.File("digits")).FullName;
        using var process = Start(new Dictionary<string, string> { [DataFolders.Variable] = folder.Path }, "", "data", "list", "--json");
        var output = process.StandardOutput.ReadToEndAsync();
        await process.StandardError.ReadToEndAsync();
        var first = JsonDocument.Parse(await output).RootElement.GetProperty("datasets")[0];
        Assert.Equal("digits", first.GetProperty("name").GetString());
        Assert.Equal(digits, first.GetProperty("folder").GetString());
    }

    /// <summary>The dotnet executable that runs the tests, or the one on the path.</summary>
    internal static string DotnetHost => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    internal static Process Start(params string[] args) => Start([], "", args);

    // An empty folder is the current one.
    private static Process Start(Dictionary<string, string> environment, string folder, params string[] args)
    {
        var start = new ProcessStartInfo(DotnetHost, [Path.Combine(AppContext.BaseDirectory, "gputrainer.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>
    /// Starts the program so that SIGINT reaches it, even where this process ignores it. A shell starts background commands with SIGINT ignored, and children
    /// inherit that.
    /// </summary>
    internal static Process StartInterruptible(params string[] args)
    {
        const int Interrupt = 2;
        var (byDefault, ignored) = ((nint)0, (nint)1);
        lock (InterruptDisposition)
        {
            var previous = SetSignal(Interrupt, byDefault);
            // .NET handles the signal itself. Only an ignored one is a problem.
            if (previous != ignored) SetSignal(Interrupt, previous);
            try
            {
                return Start(args);
            }
            finally
            {
                if (previous == ignored) SetSignal(Interrupt, ignored);
            }
        }
    }

    private static readonly Lock InterruptDisposition = new();

    [DllImport("libc", EntryPoint = "signal")]
    private static extern nint SetSignal(int signal, nint handler);

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using var process = Start(args);
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(60_000));
        return (process.ExitCode, output, error.Result);
    }
}
