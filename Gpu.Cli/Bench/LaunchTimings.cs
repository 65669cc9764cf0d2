using Gpu.Kernels.Devices;

namespace Gpu.Cli.Bench;

/// <summary>Times of a list of launches that is run again and again.</summary>
/// <param name="Times">seconds of a run</param>
/// <param name="Repetitions">runs between two looks at the clock</param>
/// <param name="IsOnDevice">whether the clock is the device's</param>
/// <param name="IsGraph">whether the repetitions were launched as one graph, so that the host's launching is not in the time</param>
internal sealed record LaunchTimings(Timings Times, int Repetitions, bool IsOnDevice, bool IsGraph)
{
    // Far above what a clock resolves, and what waiting for the device costs.
    private const double IntervalSeconds = 2e-3;
    private const int MaxRepetitions = 256;
    private const int MaxLaunches = 4096;

    /// <summary>Runs and times; kernels are compiled, and caches warm, before the first run that counts.</summary>
    /// <param name="device">where</param>
    /// <param name="list">what</param>
    /// <param name="seconds">about how long</param>
    /// <param name="cancellation">stops between two runs</param>
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
        // The second run captures.
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
