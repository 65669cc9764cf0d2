using Gpu.Kernels.Devices;

namespace Gpu.Cli.Bench;

/// <summary>Timings of repeated runs of a command list.</summary>
/// <param name="Times">seconds per run</param>
/// <param name="Repetitions">runs per measured interval</param>
/// <param name="IsOnDevice">whether the device's clock measured the time</param>
/// <param name="IsGraph">whether the repetitions were launched as one graph, which excludes the launch overhead of the host</param>
internal sealed record LaunchTimings(Timings Times, int Repetitions, bool IsOnDevice, bool IsGraph)
{
    // Much longer than the resolution of the clock and the cost of synchronization.
    private const double IntervalSeconds = 2e-3;
    private const int MaxRepetitions = 256;
    private const int MaxLaunches = 4096;

    /// <summary>Times a command list. Compiles its kernels and warms up caches before the first timed run.</summary>
    /// <param name="device">the device of the list</param>
    /// <param name="list">the launches to time</param>
    /// <param name="seconds">approximate measuring time</param>
    /// <param name="cancellation">cancels between two runs</param>
    public static LaunchTimings Measure(ComputeDevice device, CommandList list, double seconds, CancellationToken cancellation = default)
    {
        if (device is not AcceleratorDevice) return new(Timings.Measure(device, list.Run, seconds, cancellation: cancellation), 1, false, false);
        device.FinishCompilation();
        list.Run();
        using var watch = device.NewStopwatch();
        var repetitions = 1;
        if (OperationSizes.For(device) != OperationSizes.Tiny)
        {
            watch.Start();
            list.Run();
            repetitions = Math.Clamp((int)(IntervalSeconds / watch.Stop()), 1, Math.Min(MaxRepetitions, Math.Max(1, MaxLaunches / list.Count)));
        }

        using var step = new RecordedStep(device, Enumerable.Repeat(list, repetitions));
        // The second run captures the graph.
        for (var i = 0; i < 2; i++) step.Run();
        var times = Timings.Collect(Interval, seconds, cancellation: cancellation);
        return new(times, repetitions, watch.IsOnDevice, step.Mode == LaunchMode.Graph);

        double Interval()
        {
            watch.Start();
            step.Run();
            return watch.Stop() / repetitions;
        }
    }
}
