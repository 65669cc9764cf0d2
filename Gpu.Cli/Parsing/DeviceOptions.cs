using System.CommandLine;
using System.Globalization;
using Gpu.Kernels.Devices;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Parsing;

/// <summary><c>--device</c>, <c>--threads</c> and what else is said of a device.</summary>
internal sealed class DeviceOptions
{
    private const string Auto = "auto";

    private readonly Option<string?> _device = Options.Checked(
        "--device", "NAME", "What computes: auto, cpu, cuda[:N], opencl[:N] or simulator; 'devices' lists what there is", Auto, Parse);

    private readonly Option<long?> _threads = Options.Integer("--threads", "Threads of the CPU device", 1, 1024, "one a processor");

    private readonly Option<string?> _precision = Options.OneOf(
        "--precision", "How matrix products multiply: tf32 and fp16 take CUDA's tensor cores; fp16 scales the loss", "fp32", "fp32", "tf32", "fp16");

    private readonly Option<string?> _kernels = Options.OneOf(
        "--kernels", "What a GPU runs: plain kernels, or grouped ones where there are any, whose threads share memory; auto takes what suits the device",
        Auto, Auto, "plain", "grouped");

    private readonly Option<bool> _noGraph = new("--no-graph")
    {
        Description = "Launches the kernels of a step one by one on CUDA, instead of all at once as a graph",
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_device);
        command.Options.Add(_threads);
        command.Options.Add(_precision);
        command.Options.Add(_kernels);
        command.Options.Add(_noGraph);
    }

    /// <summary>The precision that was asked for; null for none.</summary>
    public MatrixPrecision? Precision(ParseResult parsed) =>
        parsed.GetValue(_precision) is { } name ? Enum.Parse<MatrixPrecision>(name, ignoreCase: true) : null;

    /// <summary>
    /// Opens the device that was asked for; where the choice was left open, says what was chosen and why, so that a GPU is never left unused in silence.
    /// </summary>
    /// <exception cref="UsageException">threads, or a precision, for a device that has none</exception>
    /// <exception cref="DeviceException">there is no such device</exception>
    public ComputeDevice Open(ParseResult parsed, CommandContext context)
    {
        var reporter = context.Reporter;
        var id = parsed.GetValue(_device) ?? Auto;
        var threads = parsed.GetInt(_threads);
        if (threads is not null && id is not (Auto or "cpu"))
            throw new UsageException($"--threads is for the CPU device, not for {id}. Leave it out, or use --device cpu.");
        var (device, choice) = context.Host.OpenDevice(id, threads ?? 0);
        if (id == Auto) reporter.Line($"Device {choice}");
        if (threads is not null && device is not CpuDevice) reporter.Warn($"--threads has no effect on {device.Id}.");
        try
        {
            if (Precision(parsed) is { } precision) device.Precision = precision;
        }
        catch (ArgumentException e)
        {
            device.Dispose();
            throw new UsageException($"--precision: {e.Message}.");
        }

        if (parsed.GetValue(_kernels) is { } kernels and not Auto)
        {
            if (device is AcceleratorDevice accelerator) accelerator.UseGroupedKernels = kernels == "grouped";
            else reporter.Warn($"--kernels has no effect on {device.Id}.");
        }

        if (parsed.GetValue(_noGraph))
        {
            if (device is AcceleratorDevice accelerator) accelerator.UseGraphs = false;
            else reporter.Warn($"--no-graph has no effect on {device.Id}.");
        }

        if (device is AcceleratorDevice { UseGroupedKernels: var groups })
            reporter.Detail($"{device.Id} runs {(groups ? "grouped kernels where there are any" : "plain kernels")}.");
        return device;
    }

    // What is wrong about an id itself is found before anything is loaded or opened.
    private static string? Parse(string text)
    {
        var id = text.ToLowerInvariant();
        var (kind, number) = id.Split(':', 2) is [var before, var after] ? (before, after) : (id, null);
        if (!DeviceCatalog.Kinds.Contains(kind))
        {
            var hint = ParseErrors.DidYouMean(kind, DeviceCatalog.Kinds);
            throw new FormatException($"'{text}' is not a device: auto, cpu, cuda[:N], opencl[:N] or simulator.{hint}");
        }

        if (number is null) return id;
        if (kind is not ("cuda" or "opencl")) throw new FormatException($"only cuda and opencl devices have numbers, not '{text}': write {kind}.");
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? id
            : throw new FormatException($"a device number from 0 is needed after '{kind}:', as in {kind}:0, not '{number}'.");
    }
}
