using Xunit.Abstractions;

namespace Gpu.Tests.Compilation;

/// <summary>
/// Every kernel, with every combination of its type arguments, compiles to PTX and OpenCL C as the product compiles it, and the text holds nothing that would fail
/// or be undefined on a GPU. No GPU is needed.
/// </summary>
public class KernelCompilationTests(ITestOutputHelper output)
{
    public static TheoryData<string> Kernels => [.. KernelInstances.Kernels.Select(KernelInstances.Family)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void CompilesToCleanText(string kernel)
    {
        var compiled = CompiledKernels.All.Where(candidate => KernelInstances.Family(candidate.Kernel) == kernel).ToArray();
        Assert.True(compiled.Length > 0, $"{kernel} has no instance for a GPU: no combination of type arguments meets its constraints");
        var offences = compiled.SelectMany(candidate => Offences(candidate).Select(offence => $"{candidate.Name}: {offence}")).ToArray();
        Assert.True(offences.Length == 0, $"{offences.Length} offences\n" + string.Join('\n', offences.Take(20)));
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void ReadsAndWritesVectorsBy128Bits(string kernel)
    {
        foreach (var candidate in CompiledKernels.All.Where(candidate => KernelInstances.Family(candidate.Kernel) == kernel && candidate.Text is not null))
        {
            var accesses = PtxLint.VectorAccesses(candidate.Text!.Sm80);
            if (!candidate.IsVector) Assert.True(accesses == 0, $"{candidate.Name} has 128-bit accesses, whose address may be no multiple of 16 bytes");
            else if (MachineCalls.Of(candidate.Kernel).Overlaps(["Load", "Store"])) Assert.True(accesses > 0, $"{candidate.Name} has no 128-bit access");
        }
    }

    [Fact]
    public void EveryKernelHasAnInstanceForEachGpuMachine()
    {
        var kernels = CompiledKernels.All;
        var texts = kernels.Select(kernel => kernel.Text).OfType<KernelText>().ToArray();
        output.WriteLine($"{KernelInstances.Kernels.Count()} kernels, {kernels.Length} instances, {kernels.Length - texts.Length} failed, {CompiledKernels.Time.TotalSeconds:F1} s");
        output.WriteLine($"{texts.Sum(text => PtxLint.VectorAccesses(text.Sm80))} accesses of 128 bits, {texts.Sum(text => PtxLint.ScalarAccesses(text.Sm80))} smaller ones");
        Assert.True(kernels.Length >= 2 * KernelInstances.Kernels.Count(), "a kernel lacks an instance for one of the GPU machines");
    }

    private static IEnumerable<string> Offences(CompiledKernel kernel)
    {
        if (kernel.Text is not { } text) return [kernel.Failure!];
        var onCuda = PtxLint.Check(text.Sm80).Concat(PtxLint.Check(text.Sm90)).Distinct();
        return IsForCuda(kernel.Kernel) ? onCuda : onCuda.Concat(OpenCLLint.Check(text.OpenCL));
    }

    // Kernels of tensor cores are inline PTX, of which nothing is left in OpenCL C.
    private static bool IsForCuda(Type kernel) => kernel.Namespace!.StartsWith("Gpu.Kernels.Convolution.TensorCore", StringComparison.Ordinal);
}
