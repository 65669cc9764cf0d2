using System.Diagnostics;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Bench;

/// <summary>Times of repeated runs, in seconds.</summary>
internal sealed class Timings
{
    private readonly double[] _sorted;

    /// <param name="seconds">a time a run, at least one</param>
    public Timings(IEnumerable<double> seconds)
    {
        _sorted = [.. seconds.Order()];
        if (_sorted.Length == 0) throw new ArgumentException("at least one run is needed", nameof(seconds));
    }

    /// <summary>How many runs.</summary>
    public int Runs => _sorted.Length;

    /// <summary>The shortest.</summary>
    public double Best => _sorted[0];

    /// <summary>The middle one; of an even number, the mean of the two in the middle.</summary>
    public double Median => (_sorted[(Runs - 1) / 2] + _sorted[Runs / 2]) / 2;

    /// <summary>The time that this share of the runs stays below.</summary>
    public double Quantile(double share) => _sorted[Math.Min(Runs - 1, (int)(share * Runs))];

    /// <summary>
    /// Runs and times. Before that, runs that do not count: code is compiled when it is first used, and caches fill.
    /// </summary>
    /// <param name="device">waited for after each run</param>
    /// <param name="run">what to time</param>
    /// <param name="seconds">about how long</param>
    /// <param name="least">runs that are timed in any case</param>
    /// <param name="most">runs that are timed at most</param>
    /// <param name="warmup">runs before, at least</param>
    /// <param name="cancellation">stops between two runs</param>
    public static Timings Measure(
        ComputeDevice device, Action run, double seconds, int least = 5, int most = 1000, int warmup = 2, CancellationToken cancellation = default)
    {
        return Collect(Timed, seconds, least, most, warmup, cancellation);

        double Timed()
        {
            var start = Stopwatch.GetTimestamp();
            run();
            device.Synchronize();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }

    /// <summary>As <see cref="Measure"/>, of what times itself: it returns seconds, when what it ran has ended.</summary>
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
