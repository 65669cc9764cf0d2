using System.CommandLine;
using Gpu.Kernels.Launching;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Parsing;

/// <summary><c>--device</c> and <c>--threads</c>.</summary>
internal sealed class DeviceOptions
{
    private readonly Option<string?> _device = Options.Checked(
        "--device", "NAME", "What computes: auto, cpu, cuda[:N], opencl[:N] or simulator; 'devices' lists what there is", "auto", Parse);

    private readonly Option<long?> _threads = Options.Whole("--threads", "Threads of the CPU device", 1, 1024, "one a processor");

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_device);
        command.Options.Add(_threads);
    }

    /// <summary>Opens the device that was asked for.</summary>
    /// <exception cref="UsageException">threads for a device that has none, or no such device</exception>
    public ComputeDevice Open(ParseResult parsed)
    {
        var id = parsed.GetValue(_device) ?? "auto";
        var threads = parsed.Int(_threads);
        if (id is "auto" or "cpu") return new CpuDevice(threads ?? 0);
        throw new UsageException($"{id} not yet");
    }

    private static string? Parse(string text)
    {
        var id = text.ToLowerInvariant();
        var (kind, number) = id.Split(':', 2) is [var before, var after] ? (before, after) : (id, null);
        string[] kinds = ["auto", "cpu", "cuda", "opencl", "simulator"];
        if (!kinds.Contains(kind)) throw new FormatException($"'{text}' is not a device: auto, cpu, cuda[:N], opencl[:N] or simulator.{ParseMistakes.DidYouMean(kind, kinds)}");
        if (number is null) return id;
        if (kind is not ("cuda" or "opencl")) throw new FormatException($"only cuda and opencl devices have numbers, not '{text}'.");
        if (!int.TryParse(number, out var n) || n < 0) throw new FormatException($"a device number from 0 is needed after '{kind}:', as in {kind}:0, not '{number}'.");
        return id;
    }
}
