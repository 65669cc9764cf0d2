using System.Collections.Concurrent;
using Gpu.Cli.Checks;
using Gpu.Kernels.Cuda;
using Xunit.Abstractions;

namespace Gpu.Tests.Compilation;

/// <summary>
/// The vendors' compilers accept every kernel, and no kernel needs local memory or spills. Without <c>GPUTRAINER_FULL_COMPILATION=1</c> Intel's and AMD's
/// compilers see one instance of each kernel, and of those with tiles one for each tile and backend. A compiler that is not installed is skipped.
/// </summary>
public class DeviceCompilerTests(ITestOutputHelper output)
{
    // AMD's compute units have 64 KiB of local memory.
    private const int AmdSharedMemory = 65_536;

    public static TheoryData<string> NvidiaTargets => CompiledKernels.IsFull ? ["sm_80", "sm_86", "sm_89", "sm_90", "sm_90a"] : ["sm_80", "sm_90"];

    public static TheoryData<string> IntelTargets => CompiledKernels.IsFull ? ["dg2", "adls", "pvc", "skl"] : ["dg2"];

    // On pvc, ocloc 22.43 compiles for 32 lanes, and both implicit GEMM kernels spill. On skl, one form of the weight gradient spills 6 registers.
    private static readonly string[] IntelTargetsThatSpill = ["pvc", "skl"];

    public static TheoryData<string> AmdTargets => CompiledKernels.IsFull ? ["gfx906", "gfx90a", "gfx1030"] : ["gfx1030"];

    [CompilerTheory("ptxas")]
    [MemberData(nameof(NvidiaTargets))]
    public void NvidiaAcceptsEveryKernelWithoutSpills(string target) => Check("ptxas", target, Ptx, (kernel, verdict) =>
        verdict.Spills > 0 || verdict.Stack > 0 ? $"{verdict.Stack} bytes of local memory, {verdict.Spills} bytes of spills, {verdict.Registers} registers"
        : verdict.Registers > LaunchBounds.MaxRegisters(kernel.Kernel)
            ? $"{verdict.Registers} registers, but its launch bounds allow {LaunchBounds.MaxRegisters(kernel.Kernel)}" : null);

    [CompilerTheory("ocloc")]
    [MemberData(nameof(IntelTargets))]
    public void IntelAcceptsEveryKernelWithoutSpills(string target) => Check(
        "ocloc", target, kernel => KernelInstances.RunsOnIntel(kernel.Kernel) ? OpenCL(kernel) : null,
        (_, verdict) => verdict.Spills > 0 && !IntelTargetsThatSpill.Contains(target) ? $"{verdict.Spills} spilled registers" : null);

    [CompilerTheory("clang-15")]
    [MemberData(nameof(AmdTargets))]
    public void AmdAcceptsEveryKernelWithoutSpills(string target) => Check("clang-15", target, OpenCL, (_, verdict) =>
        verdict.Spills > 0 || verdict.Stack > 0 ? $"{verdict.Stack} bytes of scratch memory, {verdict.Spills} spilled registers"
        : verdict.SharedMemory > AmdSharedMemory ? $"{verdict.SharedMemory} bytes of local memory, but there are {AmdSharedMemory}" : null);

    private static string? Ptx(CompiledKernel kernel) => kernel.Text?.Bounded ?? kernel.Text?.Sm80;

    private static string? OpenCL(CompiledKernel kernel) => KernelInstances.IsForCuda(kernel.Kernel) ? null : kernel.Text?.OpenCL;

    private void Check(
        string program, string target, Func<CompiledKernel, string?> textOf, Func<CompiledKernel, CompilerVerdict, string?> fault)
    {
        var kernels = CompiledKernels.All.Where(kernel => textOf(kernel) is not null).DistinctBy(textOf);
        if (program != "ptxas" && !CompiledKernels.IsFull)
        {
            // Of the type arguments, the tile has the most influence on registers, and then the backend.
            kernels = kernels.DistinctBy(kernel => KernelInstances.Tile(kernel.Kernel) is { } tile
                ? (KernelInstances.Family(kernel.Kernel), tile, kernel.IsVector)
                : (KernelInstances.Family(kernel.Kernel), typeof(void), false));
        }

        var seen = kernels.ToArray();
        var faults = new ConcurrentBag<string>();
        var spills = new ConcurrentBag<string>();
        Parallel.ForEach(seen, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, kernel =>
        {
            var verdict = DeviceCompilers.Compile(program, target, textOf(kernel)!);
            if (verdict.Refusal is { } refusal) faults.Add($"{kernel.Name} is refused: {refusal}");
            else if (fault(kernel, verdict) is { } found) faults.Add($"{kernel.Name}: {found}");
            if (verdict.Spills > 0) spills.Add($"{kernel.Name} spills {verdict.Spills}");
        });
        output.WriteLine($"{program} {target}: {seen.Length} kernels, {faults.Count} faults, {spills.Count} spill");
        foreach (var spill in spills.Order()) output.WriteLine(spill);
        Assert.True(faults.IsEmpty, string.Join('\n', faults.Order()));
        Assert.NotEmpty(seen);
    }
}

/// <summary>A theory that needs a compiler of a GPU vendor. It is skipped if that is not installed.</summary>
internal sealed class CompilerTheoryAttribute : TheoryAttribute
{
    public CompilerTheoryAttribute(string program)
    {
        if (DeviceCompilers.Find(program) is null)
            Skip = $"needs {program}: tools/device-compilers/get.sh brings it (or set GPUTRAINER_DEVICE_COMPILERS to its folder)";
    }
}
