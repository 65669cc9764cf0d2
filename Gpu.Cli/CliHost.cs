using System.Runtime.InteropServices;
using Gpu.Cli.Output;
using Gpu.Kernels.Devices;
using Gpu.Training.IO;

namespace Gpu.Cli;

/// <summary>Environment of a command: output streams, terminal properties and cancellation. Tests supply their own.</summary>
internal sealed class CliHost
{
    private readonly Func<CancellationToken> _cancellation;

    public CliHost(TextWriter output, TextWriter error, bool isTerminal = false, int width = 120, Func<CancellationToken>? cancellation = null)
    {
        Output = output;
        Error = error;
        IsTerminal = isTerminal;
        Width = width;
        _cancellation = cancellation ?? (() => CancellationToken.None);
    }

    /// <summary>Standard output: results.</summary>
    public TextWriter Output { get; }

    /// <summary>Standard error: warnings and errors; with <c>--json</c>, everything except the result.</summary>
    public TextWriter Error { get; }

    /// <summary>Whether standard output is an interactive terminal that supports escape codes.</summary>
    public bool IsTerminal { get; }

    /// <summary>Whether to use colors (<c>NO_COLOR</c> is not set).</summary>
    public bool HasColor { get; init; } = true;

    /// <summary>Whether the output encoding is Unicode. Compares code pages, because the console's encodings have types of their own.</summary>
    public bool IsUnicode => Output.Encoding.CodePage is 65001 or 1200 or 1201;

    /// <summary>
    /// Opens a device by id and number of threads, with the reasons for skipping others. <see cref="DeviceCatalog"/> by default; replaced by tests.
    /// </summary>
    public Func<string, int, (ComputeDevice Device, IReadOnlyList<string> Skipped)> OpenDevice { get; init; } = (id, threads) =>
    {
        var device = DeviceCatalog.Open(id, threads, out var skipped);
        if (device is AcceleratorDevice accelerator) accelerator.CompiledKernels = new CompiledKernelFiles(CompiledKernelFiles.UserFolder);
        return (device, skipped);
    };

    /// <summary>Lists the devices. <see cref="DeviceCatalog.List"/> by default; replaced by tests.</summary>
    public Func<IReadOnlyList<DeviceInfo>> ListDevices { get; init; } = DeviceCatalog.List;

    /// <summary>How long a stopped command may take to end by itself, where it would not lose its result (<see cref="ResultSoFar"/>).</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Ends the process with an exit code. Replaced by tests.</summary>
    public Action<int> Exit { get; init; } = Environment.Exit;

    /// <summary>Width of the terminal in characters.</summary>
    public int Width { get; }

    /// <summary>Cancelled by Ctrl+C. The handler is installed by the first access: until then, Ctrl+C ends the process.</summary>
    public CancellationToken Cancellation => _cancellation();

    /// <summary>The host of the running process.</summary>
    public static CliHost ForProcess()
    {
        var isTerminal = !Console.IsOutputRedirected && !IsSet("CI") && Environment.GetEnvironmentVariable("TERM") != "dumb";
        var width = 120;
        if (isTerminal)
        {
            // A pseudo-terminal may report 0.
            var reported = Console.WindowWidth;
            if (reported > 0) width = reported;
        }

        return new CliHost(Console.Out, Console.Error, isTerminal, width, CtrlC.Token) { HasColor = !IsSet("NO_COLOR") };
    }

    private static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };

    /// <summary>Turns SIGINT (Ctrl+C) and SIGTERM into cancellation; the second signal ends the process.</summary>
    private static class CtrlC
    {
        private static readonly CancellationTokenSource Source = new();
        private static readonly Lock Gate = new();
        private static PosixSignalRegistration[]? _registrations;

        public static CancellationToken Token()
        {
            lock (Gate)
            {
                _registrations ??= [PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop)];
            }

            return Source.Token;
        }

        private static void Stop(PosixSignalContext context)
        {
            if (Source.IsCancellationRequested) Environment.Exit(ExitCode.Cancelled);
            context.Cancel = true;
            Source.Cancel();
        }
    }
}
