using System.Diagnostics;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Bench;

/// <summary>Statistics of the times of repeated runs, in seconds.</summary>
internal sealed class Timings
{
    private readonly double[] _sorted;

    /// <param name="seconds">time of each run; at least one</param>
    public Timings(IEnumerable<double> seconds)
    {
        _sorted = [.. seconds.Order()];
        if (_sorted.Length == 0) throw new ArgumentException("at least one run is needed", nameof(seconds));
    }

    /// <summary>Number of runs.</summary>
    public int Runs => _sorted.Length;

    /// <summary>Shortest time.</summary>
    public double Best => _sorted[0];

    /// <summary>Median time.</summary>
    public double Median => (_sorted[(Runs - 1) / 2] + _sorted[Runs / 2]) / 2;

    /// <summary>Quantile of the times; <paramref name="share"/> is 0 to 1.</summary>
    public double Quantile(double share) => _sorted[Math.Min(Runs - 1, (int)(share * Runs))];

    /// <summary>
    /// Times repeated runs on the host's clock. Untimed warm-up runs come first, for JIT compilation and caches.
    /// </summary>
    /// <param name="device">synchronized after each run</param>
    /// <param name="run">the work to time</param>
    /// <param name="seconds">approximate measuring time</param>
    /// <param name="least">minimum number of timed runs</param>
    /// <param name="most">maximum number of timed runs</param>
    /// <param name="warmup">minimum number of warm-up runs</param>
    /// <param name="prepare">called before each run, not timed; null for nothing</param>
    /// <param name="cancellation">cancels between two runs</param>
    public static Timings Measure(
        ComputeDevice device, Action run, double seconds, int least = 5, int most = 1000, int warmup = 2, Action? prepare = null,
        CancellationToken cancellation = default)
    {
        return Collect(Timed, seconds, least, most, warmup, cancellation);

        double Timed()
        {
            if (prepare is not null)
            {
                prepare();
                device.Synchronize();
            }

            var start = Stopwatch.GetTimestamp();
            run();
            device.Synchronize();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }

    /// <summary>As <see cref="Measure"/>, for work that measures its own time: <paramref name="run"/> returns seconds.</summary>
    public static Timings Collect(
        Func<double> run, double seconds, int least = 5, int most = 1000, int warmup = 2, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < warmup || (clock.Elapsed.TotalSeconds < seconds / 4 && i < most); i++)
        {
            run();
            cancellation.ThrowIfCancellationRequested();
        }

        var times = new List<double>(Math.Min(most, 4096));
        clock.Restart();
        while (times.Count < least || (times.Count < most && clock.Elapsed.TotalSeconds < seconds))
        {
            times.Add(run());
            cancellation.ThrowIfCancellationRequested();
        }

        return new Timings(times);
    }
}
