using Gpu.Kernels.Backends;
using Gpu.Kernels.Cuda;
using Xunit.Abstractions;

namespace Gpu.Tests.Compilation;

/// <summary>
/// Every kernel compiles to PTX and OpenCL C as the product compiles it, with each of its possible type arguments (<see cref="CompiledKernels"/>), and the text holds
/// nothing that would fail or be undefined on a GPU. No GPU is needed.
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

    [Fact]
    public void TextForSm90IsThatForSm80()
    {
        // A share of the kernels is enough: ILGPU 1.5.3 knows no instruction newer than sm_80. Where this fails, both must be compiled and checked.
        using var compiler = new KernelCompiler();
        var kernels = KernelInstances.Kernels
            .SelectMany(kernel => KernelInstances.Representatives(kernel, typeof(GpuVector4Backend), typeof(Float4)).Take(1)).Where((_, i) => i % 6 == 0);
        foreach (var kernel in kernels)
        {
            var text = compiler.Compile(kernel, withSm90: true);
            Assert.Equal(Body(text.Sm80), Body(text.Sm90!));
        }
    }

    // Without the lines that name the version and the target, and with names that are counted anew.
    private static string Body(string ptx) => string.Join('\n', PtxNames.Renumber(ptx).Split('\n')
        .Where(line => !line.StartsWith(".version", StringComparison.Ordinal) && !line.StartsWith(".target", StringComparison.Ordinal)));

    private static IEnumerable<string> Offences(CompiledKernel kernel)
    {
        if (kernel.Text is not { } text) return [kernel.Failure!];
        var onCuda = PtxLint.Check(text.Sm80).Concat(text.Sm90 is null ? [] : PtxLint.Check(text.Sm90)).Distinct();
        return IsForCuda(kernel.Kernel) ? onCuda : onCuda.Concat(OpenCLLint.Check(text.OpenCL));
    }

    // Kernels of tensor cores are inline PTX, of which nothing is left in OpenCL C.
    private static bool IsForCuda(Type kernel) => kernel.Namespace!.StartsWith("Gpu.Kernels.Convolution.TensorCore", StringComparison.Ordinal);
}
