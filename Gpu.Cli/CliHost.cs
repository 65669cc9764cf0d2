using System.Runtime.InteropServices;
using Gpu.Kernels.Devices;

namespace Gpu.Cli;

/// <summary>What surrounds a command: where it writes, whether a human looks on, and how it is asked to stop. Tests bring their own.</summary>
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

    /// <summary>Standard error: warnings, errors, and everything but the result with <c>--json</c>.</summary>
    public TextWriter Error { get; }

    /// <summary>Whether standard output is a terminal that a human looks at and that understands escape codes.</summary>
    public bool IsTerminal { get; }

    /// <summary>Whether colours are wanted (no <c>NO_COLOR</c>).</summary>
    public bool HasColor { get; init; } = true;

    /// <summary>Whether characters beyond ASCII can be written. By the code page: the console's encodings are types of their own.</summary>
    public bool IsUnicode => Output.Encoding.CodePage is 65001 or 1200 or 1201;

    /// <summary>Opens a device by its id and a number of threads, and says what was chosen: that of the catalogue, but for tests.</summary>
    public Func<string, int, (ComputeDevice Device, string Choice)> OpenDevice { get; init; } = (id, threads) =>
        (DeviceCatalog.Open(id, threads, out var choice), choice);

    /// <summary>Characters in a line of the terminal.</summary>
    public int Width { get; }

    /// <summary>Cancelled when the user presses Ctrl+C, from the first call on: a command that never asks is simply ended by it.</summary>
    public CancellationToken Cancellation => _cancellation();

    /// <summary>The host of the running process.</summary>
    public static CliHost ForProcess()
    {
        var isTerminal = !Console.IsOutputRedirected && !IsSet("CI") && Environment.GetEnvironmentVariable("TERM") != "dumb";
        var width = 120;
        if (isTerminal)
        {
            // A pseudo-terminal may say 0.
            var reported = Console.WindowWidth;
            if (reported > 0) width = reported;
        }

        return new CliHost(Console.Out, Console.Error, isTerminal, width, CtrlC.Token) { HasColor = !IsSet("NO_COLOR") };
    }

    private static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };

    /// <summary>Turns Ctrl+C and the termination signal into cancellation; the second one ends the process at once.</summary>
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
