using Gpu.Cli.Output;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Commands;

/// <summary>Shows the progress of kernel compilation, which otherwise looks like a hang.</summary>
internal static class CompilationDisplay
{
    // A shorter compilation is not reported.
    private const double MinSeconds = 0.1;

    /// <summary>Waits until the kernels of a device are compiled, and shows progress.</summary>
    public static void Finish(Reporter reporter, ComputeDevice device)
    {
        var compilation = device.FinishCompilation(progress =>
        {
            if (progress.Done < progress.Total) Show(reporter, progress);
        });
        Show(reporter, compilation);
    }

    /// <summary>Shows progress; after the last kernel, writes a line with the time.</summary>
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
            reporter.Line($"Compiled {Units.Count(progress.Total)} kernels in {Units.Fixed(progress.Seconds, 1)} s");
        reporter.BeginProgress();
    }
}
