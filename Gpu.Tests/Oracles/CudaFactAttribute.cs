namespace Gpu.Tests.Oracles;

/// <summary>A test that needs a CUDA device. It is skipped if <c>GPUTRAINER_TEST_DEVICES</c> names none.</summary>
internal sealed class CudaFactAttribute : FactAttribute
{
    public CudaFactAttribute()
    {
        if (!TestDevices.Cuda.Any()) Skip = TestDevices.WhyNoCuda;
    }
}

/// <summary>A theory that needs a CUDA device. It is skipped if <c>GPUTRAINER_TEST_DEVICES</c> names none.</summary>
internal sealed class CudaTheoryAttribute : TheoryAttribute
{
    public CudaTheoryAttribute()
    {
        if (!TestDevices.Cuda.Any()) Skip = TestDevices.WhyNoCuda;
    }
}
