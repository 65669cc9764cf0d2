using System.Diagnostics;
using Gpu.Cli.Bench;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Commands;

/// <summary><c>bench step</c>: times a training step (forward, loss, backward, optimizer, loss readback) on synthetic data.</summary>
internal static class BenchStepCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandContext context)
    {
        var device = new DeviceOptions();
        var model = Options.Text("--model", "NAME|FILE", "Built-in network (see 'models') or JSON model file", BuiltInModels.Default);
        var batch = Options.Integer("--batch", "Batch size in samples", 1, 65_536, "128");
        var steps = Options.Integer("--steps", "Maximum number of timed steps", 1, 10_000_000, "100000");
        var seconds = Options.Number("--seconds", "Seconds to time steps; at least 5 steps are timed", new Interval(0.001, 3600), "3");
        var convolution = Options.OneOf("--convolution", "Convolution algorithm, where shape and device support it", "auto",
            "auto", "direct", "winograd", "matrix-product", "implicit-gemm", "tensor-core", "depthwise");
        var warmup = Options.Integer("--warmup", "Minimum number of warm-up steps", 1, 100_000, "3");
        var command = new Command("step", "Time a training step of a network on synthetic data") { model, batch, steps, seconds, warmup, convolution };
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            var found = ModelArgument.Find(parsed.GetValue(model) ?? BuiltInModels.Default);
            using var opened = device.Open(parsed, context);
            Run(context, found, opened, parsed.GetInt(batch) ?? 128, parsed.GetInt(steps) ?? 100_000, parsed.GetValue(seconds) ?? 3, parsed.GetInt(warmup) ?? 3,
                Enum.Parse<Conv2dAlgorithm>((parsed.GetValue(convolution) ?? "auto").Replace("-", ""), ignoreCase: true));
        });
        return command;
    }

    private static void Run(
        CommandContext context, Model model, ComputeDevice device, int batch, int steps, double seconds, int warmup, Conv2dAlgorithm convolution)
    {
        if (model.Discriminator is not null && device.Precision == MatrixPrecision.Fp16)
            throw new UsageException("--precision fp16 does not apply to a generator and its discriminator, whose losses are not scaled. Use another one.");
        using var step = new SyntheticStep(model, device, batch, new TrainingOptions { Convolution = convolution });
        var runner = step.Runner;
        CompilationDisplay.Finish(context.Reporter, device);
        var times = step.Measure(seconds, Math.Min(5, steps), steps, warmup, context.Host.Cancellation);
        var onDevice = DeviceTime(device, runner, times.Median);
        var threads = (device as CpuDevice)?.Threads;
        // Forward, backward data and backward weights: 3 x the forward multiply-adds, 2 operations each.
        var multiplyAdds = 6.0 * model.MultiplyAdds;
        // The discriminator learns from real and generated samples, and its scores of generated ones go forward and, without weights, backward.
        if (model.Discriminator is { } discriminator) multiplyAdds += (2 * 6.0 + 4) * discriminator.MultiplyAdds;
        var gflops = multiplyAdds * batch / times.Median / 1e9;
        var (median, p10, p90) = (1e3 * times.Median, 1e3 * times.Quantile(0.1), 1e3 * times.Quantile(0.9));
        var peakWorkingSet = Process.GetCurrentProcess().PeakWorkingSet64;
        List<(string Name, string Value)> facts =
        [
            ("model", $"{model.Name}, {Units.Count(model.ParameterCount)} parameters, batch size {batch}"),
            ("device", device.Description),
            ("step", $"{Units.Short(median)} ms median (p10 {Units.Short(p10)}, p90 {Units.Short(p90)}; {Units.Count(times.Runs, "step")})"),
            ("throughput", $"{Units.Count((long)(batch / times.Median))} samples/s, {Units.Short(gflops)} GFLOP/s in convolution and dense layers"),
            ("memory", $"{Units.Bytes(device.AllocatedBytes)} on the device, peak working set of the process {Units.Bytes(peakWorkingSet)}"),
            ("last loss", Units.Fixed(step.Loss, 4)),
        ];
        if (device is not CpuDevice)
        {
            var plain = $"one by one ({runner.Recorded.NoGraphReason})";
            facts.Insert(2, ("launches", $"{runner.LaunchCount}, {(runner.Recorded.Mode == LaunchMode.Graph ? "as one graph" : plain)}"));
            if (onDevice is { } alone) facts.Insert(4, ("without loss readback", $"{Units.Short(1e3 * alone)} ms on the device's clock"));
        }

        context.Reporter.Table(ReportTable.KeyValues(null, [.. facts]));
        context.Reporter.Result(new JsonRecord()
            .Add("model", model.Name).Add("batch", batch).Add("device", device.Id).Add("threads", threads).Add("median_ms", median).Add("p10_ms", p10)
            .Add("p90_ms", p90)
            .Add("samples_per_s", batch / times.Median).Add("gflops", gflops).Add("peak_bytes", device.AllocatedBytes)
            .Add("steps", times.Runs).Add("min_ms", 1e3 * times.Best).Add("peak_working_set_bytes", peakWorkingSet)
            .Add("forward_mflop_per_sample", 2e-6 * model.MultiplyAdds).Add("parameters", model.ParameterCount).Add("last_loss", step.Loss)
            .Add("description", device.Description).Add("device_ms", 1e3 * onDevice).Add("launches", runner.LaunchCount)
            .Add("launch_mode", runner.Recorded.Mode.ToString().ToLowerInvariant()).Add("why_no_graph", runner.Recorded.NoGraphReason)
            .Add("compile_seconds", device.Compilation.Seconds).Add("compiled_kernels", device.Compilation.Total)
            .Add("precision", device.Precision.ToString().ToLowerInvariant()).Add("loss_scale", runner.ReadLossScale()?.Scale));
    }

    // Seconds per step without reading the loss, as between two log entries of training; null if the device has no clock.
    private static double? DeviceTime(ComputeDevice device, StepRunner runner, double seconds)
    {
        using var watch = device.NewStopwatch();
        if (!watch.IsOnDevice) return null;
        var steps = Math.Clamp((int)(0.05 / seconds), 5, 1000);
        return Timings.Collect(Interval, 0.3).Median;

        double Interval()
        {
            watch.Start();
            for (var i = 0; i < steps; i++) runner.Step();
            return watch.Stop() / steps;
        }
    }
}
