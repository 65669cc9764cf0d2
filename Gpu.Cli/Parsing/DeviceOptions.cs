using System.CommandLine;
using System.Globalization;
using Gpu.Cli.Output;
using Gpu.Kernels.Devices;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Parsing;

/// <summary>Options that select and configure the device: <c>--device</c>, <c>--threads</c>, <c>--precision</c>, <c>--kernels</c>, <c>--no-graph</c>.</summary>
internal sealed class DeviceOptions
{
    private const string Auto = "auto";

    private readonly Option<string?> _device = Options.Checked(
        "--device", "NAME", "Device to run on: auto, cpu, cuda[:N], opencl[:N] or simulator; see 'devices'", Auto, Parse);

    private readonly Option<long?> _threads = Options.Integer("--threads", "Number of threads of the CPU device", 1, 1024, "one per processor");

    private readonly Option<string?> _precision = Options.OneOf(
        "--precision", "Precision of matrix products: tf32 and fp16 use CUDA tensor cores; fp16 enables loss scaling", "fp32", "fp32", "tf32", "fp16");

    private readonly Option<string?> _kernels = Options.OneOf(
        "--kernels", "GPU kernels: plain, or grouped (shared memory) where available; auto chooses by device",
        Auto, Auto, "plain", "grouped");

    private readonly Option<bool> _noGraph = new("--no-graph")
    {
        Description = "Launch the kernels of a step one by one instead of as a CUDA graph",
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

    /// <summary>The requested precision; null if the option was not given.</summary>
    public MatrixPrecision? Precision(ParseResult parsed) =>
        parsed.GetValue(_precision) is { } name ? Enum.Parse<MatrixPrecision>(name, ignoreCase: true) : null;

    /// <summary>Whether a GPU was asked for, which this machine may not have.</summary>
    public bool MayBeMissing(ParseResult parsed) => parsed.GetValue(_device) is { } id && (id.StartsWith("cuda", StringComparison.Ordinal)
        || id.StartsWith("opencl", StringComparison.Ordinal));

    /// <summary>
    /// Opens the requested device. With <c>auto</c>, prints which device was chosen and whether a GPU was skipped, so that none is ignored silently.
    /// </summary>
    /// <exception cref="UsageException">the device does not support the requested threads or precision</exception>
    /// <exception cref="DeviceException">there is no such device</exception>
    public ComputeDevice Open(ParseResult parsed, CommandContext context)
    {
        var reporter = context.Reporter;
        var id = parsed.GetValue(_device) ?? Auto;
        var threads = parsed.GetInt(_threads);
        if (threads is not null && id is not (Auto or "cpu"))
            throw new UsageException($"--threads applies only to the CPU device, not to {id}. Omit it or use --device cpu.");
        var (device, skipped) = context.Host.OpenDevice(id, threads ?? 0);
        if (id == Auto)
        {
            if (device is not CpuDevice) reporter.Note($"Device: {device.Description} ({device.Id})");
            else reporter.Note($"Device: {device.Description}{(skipped.Count > 0 ? "; no GPU can be used, see 'gputrainer devices'" : "")}");
            foreach (var reason in skipped) reporter.Detail($"Skipped: {reason}");
        }

        if (threads is not null && device is not CpuDevice) reporter.Warn($"--threads has no effect on {device.Id}.");
        Configure(device, parsed, reporter);
        return device;
    }

    /// <summary>
    /// Opens the requested device several times, for runs side by side. The threads of the CPU are divided among them. GPUs of the same name take turns if none
    /// was named by its number; others of the kind do not, because a result depends on the model of the GPU.
    /// </summary>
    /// <param name="parsed">the command line</param>
    /// <param name="context">opens the devices, and receives notes</param>
    /// <param name="jobs">how many; null for as many as the CPU has threads and half the free memory has room for, or as there are such GPUs</param>
    /// <param name="most">an upper bound: the number of runs</param>
    /// <param name="bytes">about the memory of a run in bytes</param>
    public IReadOnlyList<ComputeDevice> OpenSeveral(ParseResult parsed, CommandContext context, int? jobs, int most, long bytes)
    {
        var first = Open(parsed, context);
        var threads = (first as CpuDevice)?.Threads ?? 0;
        var fitting = (first.FreeBytes ?? long.MaxValue) / 2 / Math.Max(1, bytes);
        // To list the GPUs opens each of them, so not for a single run or job.
        IReadOnlyList<string> ids = threads > 0 || most <= 1 || jobs == 1 ? [first.Id] : Alike(parsed, first.Id, context);
        var count = Math.Min(jobs ?? (threads > 0 ? (int)Math.Clamp(fitting, 1, threads) : ids.Count), most);
        if (count <= 1) return [first];
        List<ComputeDevice> devices = [];
        var quiet = Reporter.Silent();
        try
        {
            if (threads > 0) first.Dispose();
            else devices.Add(first);
            while (devices.Count < count)
            {
                var share = threads > 0 ? Math.Max(1, threads / count + (devices.Count < threads % count ? 1 : 0)) : 0;
                devices.Add(context.Host.OpenDevice(ids[devices.Count % ids.Count], share).Device);
                Configure(devices[^1], parsed, quiet);
            }

            return devices;
        }
        catch
        {
            foreach (var device in devices) device.Dispose();
            throw;
        }
    }

    // The ids of the GPUs with the name of an open one, which is the first; it alone, if it was asked for by its number.
    private IReadOnlyList<string> Alike(ParseResult parsed, string id, CommandContext context)
    {
        if (parsed.GetValue(_device)?.Contains(':', StringComparison.Ordinal) == true) return [id];
        var infos = context.Host.ListDevices();
        return infos.FirstOrDefault(info => info.Id == id) is not { } first ? [id]
            : [id, .. infos.Where(info => info.Id != id && info.IsAvailable && info.Kind == first.Kind && info.Name == first.Name).Select(info => info.Id)];
    }

    private void Configure(ComputeDevice device, ParseResult parsed, Reporter reporter)
    {
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

        if (device is not AcceleratorDevice gpu) return;
        gpu.KernelReplaced += one => reporter.Warn(
            $"{one.Kernel} is replaced by its plain form, which is slower: {one.Reason}. Please report it with the output of 'gputrainer check'.");
        if (gpu is { UseGroupedKernels: var groups })
            reporter.Detail($"{device.Id} runs {(groups ? "grouped kernels where available" : "plain kernels")}.");
    }

    // Rejects a malformed id before any data is loaded or device opened.
    private static string? Parse(string text)
    {
        var id = text.ToLowerInvariant();
        var (kind, number) = id.Split(':', 2) is [var before, var after] ? (before, after) : (id, null);
        if (!DeviceCatalog.Kinds.Contains(kind))
        {
            var hint = ParseErrors.DidYouMean(kind, DeviceCatalog.Kinds);
            throw new FormatException($"'{text}' is not a device. Expected auto, cpu, cuda[:N], opencl[:N] or simulator.{hint}");
        }

        if (number is null) return id;
        if (kind is not ("cuda" or "opencl")) throw new FormatException($"only cuda and opencl devices have numbers, but got '{text}'. Use {kind}.");
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? id
            : throw new FormatException($"expected a device number after '{kind}:', such as {kind}:0, but got '{number}'.");
    }
}
