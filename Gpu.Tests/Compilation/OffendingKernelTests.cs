namespace Gpu.Tests.Compilation;

/// <summary>What the checks must find, in text that ILGPU itself wrote.</summary>
public class OffendingKernelTests
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
    public void OffenceIsFoundInPtx(Type kernel, string offence)
    {
        using var compiler = new KernelCompiler();
        var found = PtxLint.Check(compiler.Compile(kernel).Sm80).ToArray();
        Assert.Contains(found, text => text.Contains(offence, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(typeof(LocalArray), "private array")]
    [InlineData(typeof(ExternalCall), "which it does not declare")]
    [InlineData(typeof(TooMuchShared), "a barrier without a fence for the memory of the group")]
    public void OffenceIsFoundInOpenCL(Type kernel, string offence)
    {
        using var compiler = new KernelCompiler();
        var found = OpenCLLint.Check(compiler.Compile(kernel).OpenCL).ToArray();
        Assert.Contains(found, text => text.Contains(offence, StringComparison.Ordinal));
    }

    // The compiler of the tests stands for a device without options, of a vendor whose warps ILGPU cannot shuffle.
    [Theory]
    [InlineData(typeof(ShuffledWarp), "Shuffle")]
    [InlineData(typeof(Doubles), "Float64")]
    public void WhatOpenCLDevicesLackDoesNotCompile(Type kernel, string reason)
    {
        using var compiler = new KernelCompiler();
        Assert.Contains(reason, Assert.ThrowsAny<Exception>(() => compiler.Compile(kernel)).ToString());
    }

    [Fact]
    public void FailureDoesNotSpoilWhatIsCompiledNext()
    {
        using var compiler = new KernelCompiler();
        Assert.ThrowsAny<Exception>(() => compiler.Compile(typeof(NotCompilable)));
        Assert.Contains("st.global", compiler.Compile(typeof(BranchOnAtomic)).Sm80);
    }
}
