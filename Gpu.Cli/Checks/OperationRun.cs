using System.Diagnostics;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>Runs the checks of operations on a form of a device, and finds the kernel behind a wrong value.</summary>
internal static class OperationRun
{
    /// <summary>Runs one check. If it fails in a form with grouped kernels, looks for the kernel that must be replaced, and replaces it.</summary>
    public static OperationVerdict Run(OperationCheck check, CheckForm form)
    {
        form.Apply();
        var verdict = RunOnce(check, form);
        if (verdict.Verdict == Verdict.Right || form.Device is not AcceleratorDevice { UseGroupedKernels: true } device) return verdict;
        var reason = $"wrong in the check '{check.Name}'";
        foreach (var kernel in GroupedKernels(device))
        {
            device.ReplaceKernel(kernel, reason);
            if (RunOnce(check, form).Verdict == Verdict.Right) return verdict with { Kernel = kernel };
            device.RestoreKernel(kernel);
        }

        // Several kernels, or a plain one.
        var all = GroupedKernels(device);
        foreach (var kernel in all) device.ReplaceKernel(kernel, reason);
        if (RunOnce(check, form).Verdict == Verdict.Right) return verdict with { Kernel = string.Join(", ", all) };
        foreach (var kernel in all) device.RestoreKernel(kernel);
        return verdict;
    }

    private static string[] GroupedKernels(AcceleratorDevice device)
    {
        var replaced = device.ReplacedKernels.Select(one => one.Kernel).ToHashSet(StringComparer.Ordinal);
        return [.. device.Kernels.GroupedNames.Where(name => !replaced.Contains(name))];
    }

    private static OperationVerdict RunOnce(OperationCheck check, CheckForm form)
    {
        var start = Stopwatch.GetTimestamp();
        var name = form.Device is AcceleratorDevice { Id: "simulator", UseGroupedKernels: true } ? "groups" : form.Device.Id;
        using var checker = new Checker(form.Device, name, check.Seed);
        var (verdict, message) = (Verdict.Right, (string?)null);
        try
        {
            check.Run(checker);
        }
        catch (CheckFailedException e)
        {
            (verdict, message) = (Verdict.Wrong, e.Message);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            (verdict, message) = (Verdict.Error, $"{e.GetType().Name}: {e.Message}");
        }

        return new OperationVerdict(
            check, form.Name, verdict, Stopwatch.GetElapsedTime(start).TotalSeconds, checker.Comparisons, checker.LargestShare, message, null);
    }
}
