using Gpu.Cli.Checks;

namespace Gpu.Tests.Compilation;

/// <summary>The lint checks on text that ILGPU compiled from kernels with known violations (KernelsWithViolations.cs).</summary>
public class CompiledKernelLintTests
{
    [Theory]
    [InlineData(typeof(BranchOnRounds), "uniform branch")]
    [InlineData(typeof(BranchOnChoice), "uniform branch")]
    [InlineData(typeof(BranchOnAtomic), "uniform branch")]
    [InlineData(typeof(LocalArray), "local memory")]
    [InlineData(typeof(ExternalCall), "external function")]
    [InlineData(typeof(Switch), "a switch on a run-time value")]
    [InlineData(typeof(BarrierForSome), "a barrier that only some threads")]
    [InlineData(typeof(TooMuchShared), "bytes of static shared memory")]
    public void ViolationIsFoundInPtx(Type kernel, string violation)
    {
        using var compiler = new KernelCompiler();
        var found = PtxLint.Check(compiler.Compile(kernel).Sm80).ToArray();
        Assert.Contains(found, text => text.Contains(violation, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(typeof(LocalArray), "private array")]
    [InlineData(typeof(ExternalCall), "which it does not declare")]
    [InlineData(typeof(TooMuchShared), "a barrier without a fence for local memory")]
    public void ViolationIsFoundInOpenCL(Type kernel, string violation)
    {
        using var compiler = new KernelCompiler();
        var found = OpenCLLint.Check(compiler.Compile(kernel).OpenCL).ToArray();
        Assert.Contains(found, text => text.Contains(violation, StringComparison.Ordinal));
    }

    // KernelCompiler's OpenCL target has no optional capabilities, and its vendor is one for which ILGPU has no sub-group shuffle.
    [Theory]
    [InlineData(typeof(ShuffledWarp), "Shuffle")]
    [InlineData(typeof(Doubles), "Float64")]
    public void FeaturesThatOpenCLDevicesMayLackDoNotCompile(Type kernel, string reason)
    {
        using var compiler = new KernelCompiler();
        Assert.Contains(reason, Assert.ThrowsAny<Exception>(() => compiler.Compile(kernel)).ToString());
    }

    [Fact]
    public void CompilerWorksAfterAFailedCompilation()
    {
        using var compiler = new KernelCompiler();
        Assert.ThrowsAny<Exception>(() => compiler.Compile(typeof(NotCompilable)));
        Assert.Contains("st.global", compiler.Compile(typeof(BranchOnAtomic)).Sm80);
    }
}
