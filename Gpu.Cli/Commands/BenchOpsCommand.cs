using Gpu.Cli.Bench;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Kernels.Devices;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Commands;

/// <summary><c>bench ops</c>: times single operations and compares them with the measured peak of the device.</summary>
internal static class BenchOpsCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandContext context)
    {
        var device = new DeviceOptions();
        var only = Options.Text("--only", "TEXT", "Run only operations whose name or shape contains this text", "all");
        var seconds = Options.Number("--seconds", "Seconds to time each operation, after warm-up", new Interval(0.001, 600), "0.3");
        var copy = Options.Integer("--copy-mb", "Megabytes to copy when measuring copy bandwidth", 1, 4096, $"{Ceilings.DefaultCopyMegabytes}");
        var command = new Command("ops", "Time single operations and compare them with the measured peak of the device") { only, seconds, copy };
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            using var result = new ResultSoFar(context);
            using var opened = device.Open(parsed, context);
            Run(context, result, opened, parsed.GetValue(only) ?? "", parsed.GetValue(seconds) ?? 0.3, parsed.GetInt(copy) ?? Ceilings.DefaultCopyMegabytes);
        });
        return command;
    }

    private static void Run(CommandContext context, ResultSoFar result, ComputeDevice device, string only, double seconds, int copyMegabytes)
    {
        var cases = OperationCases.All(OperationSizes.For(device)).Where(one => one.Id.Contains(only, StringComparison.OrdinalIgnoreCase)).ToArray();
        if (cases.Length == 0)
        {
            var names = OperationCases.All().Select(one => one.Name).Distinct().ToArray();
            throw new UsageException($"No operation matches '{only}'.{ParseErrors.DidYouMean(only, names)} Operations: {string.Join(", ", names)}.");
        }

        var reporter = context.Reporter;
        var precision = device.Precision.ToString().ToLowerInvariant();
        using var watch = device.NewStopwatch();
        result.Update(record => record.Add("device", device.Id).Add("description", device.Description).Add("threads", (device as CpuDevice)?.Threads)
            .Add("precision", precision).Add("timing", watch.IsOnDevice ? "device" : "host"));
        result.Begin("measuring the peaks of the device");
        var ceilings = Ceilings.Measure(device, seconds, copyMegabytes);
        reporter.Line(
            $"{device.Description}: peak {Units.Short(ceilings.Gflops)} GFLOP/s (multiply-adds in registers), "
            + (ceilings.MatrixGflops is { } matrix ? $"{Units.Short(matrix)} GFLOP/s ({precision} tensor cores), " : "")
            + $"{Units.Short(ceilings.CopyGbps)} GB/s (copy, reads plus writes)");
        var table = new ReportTable(
            ReportTable.Text("operation"), ReportTable.Text("shape"), ReportTable.Number("ms"), ReportTable.Number("p10"), ReportTable.Number("p90"),
            ReportTable.Number("rate"), ReportTable.Text("unit"), ReportTable.Number("of peak"));
        List<JsonRecord> records = [];
        result.Update(record => record
            .Add("ceilings", new JsonRecord()
                .Add("gflops", ceilings.Gflops).Add("matrix_gflops", ceilings.MatrixGflops).Add("copy_gbps", ceilings.CopyGbps))
            .Add("operations", records));
        try
        {
            MeasureAll();
        }
        finally
        {
            reporter.EndProgress();
            if (records.Count > 0) reporter.Table(table);
        }

        reporter.Line(
            watch.IsOnDevice
                ? "Times are measured by the device's clock, over many repetitions at once."
                : "Times are measured by the host's clock and include synchronization with the device.");
        result.Update(record => record.Add("compile_seconds", device.Compilation.Seconds));
        result.Complete();

        void MeasureAll()
        {
            foreach (var (index, one) in cases.Index())
            {
                result.Begin($"measuring {one.Id} ({index} of {cases.Length})");
                reporter.Progress(new ProgressState("bench", index, cases.Length, one.Id, TimeSpan.FromSeconds((cases.Length - index) * seconds * 1.5)));
                if (Measure(device, one, seconds, reporter, context.Host.Cancellation) is not { } measured) continue;
                var times = measured.Times;
                var isArithmetic = one.Flops > 0;
                var rate = (isArithmetic ? one.Flops : one.Bytes) / times.Median / 1e9;
                var share = rate / (isArithmetic ? ceilings.ProductGflops : ceilings.CopyGbps);
                table.Add(
                    one.Name, one.Shape, Milliseconds(times.Median), Milliseconds(times.Quantile(0.1)), Milliseconds(times.Quantile(0.9)),
                    Units.Short(rate), isArithmetic ? "GFLOP/s" : "GB/s", Units.Percent(share, 0));
                result.Update(_ => records.Add(new JsonRecord().Add("op", one.Id).Add("name", one.Name).Add("shape", one.Shape).Add("runs", times.Runs)
                    .Add("median_ms", 1e3 * times.Median).Add("p10_ms", 1e3 * times.Quantile(0.1)).Add("p90_ms", 1e3 * times.Quantile(0.9))
                    .Add(isArithmetic ? "gflops" : "gbps", rate).Add(isArithmetic ? "flops" : "bytes", isArithmetic ? one.Flops : one.Bytes)
                    .Add("share_of_ceiling", share).Add("repetitions", measured.Repetitions).Add("graph", measured.IsGraph)));
            }
        }
    }

    // Returns null and warns if the operation does not fit into device memory.
    private static LaunchTimings? Measure(ComputeDevice device, OperationCase one, double seconds, Reporter reporter, CancellationToken cancellation)
    {
        try
        {
            using var memory = new BenchMemory(device);
            var list = new CommandList(device);
            one.Prepare(memory)(list);
            return LaunchTimings.Measure(device, list, seconds, cancellation);
        }
        catch (OutOfDeviceMemoryException e)
        {
            reporter.Warn($"skipped {one.Id}: {e.Message}.");
            return null;
        }
    }

    private static string Milliseconds(double seconds) => Units.Short(1e3 * seconds);
}
