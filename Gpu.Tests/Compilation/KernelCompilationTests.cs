using Gpu.Cli.Checks;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Cuda;
using Xunit.Abstractions;

namespace Gpu.Tests.Compilation;

/// <summary>
/// Every kernel compiles to PTX and OpenCL C with the settings of the product and with each of its possible type arguments (<see cref="CompiledKernels"/>),
/// and the text contains nothing that would fail or be undefined on a GPU. No GPU is needed.
/// </summary>
public class KernelCompilationTests(ITestOutputHelper output)
{
    public static TheoryData<string> Kernels => [.. KernelInstances.Kernels.Select(KernelInstances.Family)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void CompilesWithoutLintViolations(string kernel)
    {
        var compiled = CompiledKernels.All.Where(candidate => KernelInstances.Family(candidate.Kernel) == kernel).ToArray();
        Assert.True(compiled.Length > 0, $"{kernel} has no instance for a GPU: no combination of type arguments meets its constraints");
        var violations = compiled.SelectMany(candidate => Violations(candidate).Select(violation => $"{candidate.Name}: {violation}")).ToArray();
        Assert.True(violations.Length == 0, $"{violations.Length} violations\n" + string.Join('\n', violations.Take(20)));
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void OnlyTheVectorBackendUses128BitAccesses(string kernel)
    {
        foreach (var candidate in CompiledKernels.All.Where(candidate => KernelInstances.Family(candidate.Kernel) == kernel && candidate.Text is not null))
        {
            var accesses = PtxLint.VectorAccesses(candidate.Text!.Sm80);
            if (!candidate.IsVector) Assert.True(accesses == 0, $"{candidate.Name} has 128-bit accesses, but its addresses need not be multiples of 16 bytes");
            else if (BackendCalls.Of(candidate.Kernel).Overlaps(["Load", "Store"])) Assert.True(accesses > 0, $"{candidate.Name} has no 128-bit access");
        }
    }

    [Fact]
    public void EveryKernelHasAnInstanceForEachGpuBackend()
    {
        var kernels = CompiledKernels.All;
        var texts = kernels.Select(kernel => kernel.Text).OfType<KernelText>().ToArray();
        var (vector, scalar) = (texts.Sum(text => PtxLint.VectorAccesses(text.Sm80)), texts.Sum(text => PtxLint.ScalarAccesses(text.Sm80)));
        output.WriteLine($"{KernelInstances.Kernels.Count()} kernels, {kernels.Length} instances, {kernels.Length - texts.Length} failed, " +
            $"{CompiledKernels.Time.TotalSeconds:F1} s");
        output.WriteLine($"{vector} accesses of 128 bits, {scalar} smaller ones");
        Assert.True(kernels.Length >= 2 * KernelInstances.Kernels.Count(), "a kernel lacks an instance for one of the GPU backends");
    }

    [Fact]
    public void TextForSm90EqualsThatForSm80()
    {
        // Every sixth kernel is enough: ILGPU 1.5.3 emits no instruction newer than sm_80. If this fails, both targets must be compiled and checked.
        using var compiler = new KernelCompiler();
        var kernels = KernelInstances.Kernels
            .SelectMany(kernel => KernelInstances.Representatives(kernel, typeof(GpuVector4Backend), typeof(Float4)).Take(1)).Where((_, i) => i % 6 == 0);
        foreach (var kernel in kernels)
        {
            var text = compiler.Compile(kernel, withSm90: true);
            Assert.Equal(Body(text.Sm80), Body(text.Sm90!));
        }
    }

    // The text without its .version and .target lines, and with its names renumbered.
    private static string Body(string ptx) => string.Join('\n', PtxNames.Renumber(ptx).Split('\n')
        .Where(line => !line.StartsWith(".version", StringComparison.Ordinal) && !line.StartsWith(".target", StringComparison.Ordinal)));

    private static IEnumerable<string> Violations(CompiledKernel kernel)
    {
        if (kernel.Text is not { } text) return [kernel.Failure!];
        var onCuda = PtxLint.Check(text.Sm80).Concat(text.Sm90 is null ? [] : PtxLint.Check(text.Sm90)).Distinct();
        return KernelInstances.IsForCuda(kernel.Kernel) ? onCuda : onCuda.Concat(OpenCLLint.Check(text.OpenCL));
    }
}
