using Gpu.Cli.Output;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Commands;

/// <summary>Says that kernels are being compiled, and how long it took: otherwise the screen would stand still for no reason that can be seen.</summary>
internal static class CompilationDisplay
{
    // What takes less is not worth a line.
    private const double MinSeconds = 0.1;

    /// <summary>Waits for a device's kernels and shows how far they are.</summary>
    public static void Finish(Reporter reporter, ComputeDevice device)
    {
        var compilation = device.FinishCompilation(progress =>
        {
            if (progress.Done < progress.Total) Show(reporter, progress);
        });
        Show(reporter, compilation);
    }

    /// <summary>Shows how far it is; after the last kernel, a line with the time.</summary>
    public static void Show(Reporter reporter, KernelCompilation progress)
    {
        if (progress.Done < progress.Total)
        {
            var left = progress.Done > 0 ? TimeSpan.FromSeconds(progress.Seconds / progress.Done * (progress.Total - progress.Done)) : TimeSpan.MaxValue;
            reporter.Progress(new ProgressState("compiling", progress.Done, progress.Total, "kernels", left));
            return;
        }

        reporter.EndProgress();
        if (progress.Seconds >= MinSeconds)
            reporter.Line($"{Units.Count(progress.Total)} kernels compiled in {Units.Fixed(progress.Seconds, 1)} s");
        reporter.BeginProgress();
    }
}
