using ILGPU;

namespace Gpu.Kernels.Devices;

/// <summary>How ILGPU compiles the kernels.</summary>
public static class CompilerSettings
{
    /// <summary>
    /// Sets up a context for the kernels; an embedder calls it on their own builder. O2 gives pointers that are known to be global memory (an OpenCL device needs
    /// them, CUDA is faster with them); the default mathematics keeps divisions and square roots correctly rounded and denormal numbers alive.
    /// </summary>
    /// <remarks>
    /// At O2 ILGPU 1.5.3 can take a branch for uniform that is not, when it depends on an atomic, on local memory, or on a value chosen by an earlier branch.
    /// The kernels are therefore explicitly grouped, and the tests look through the compiled text of every one of them.
    /// </remarks>
    public static Context.Builder ForKernels(this Context.Builder builder)
    {
        GroupBarrier.Register(builder);
        return builder.Optimize(OptimizationLevel.O2).Math(MathMode.Default);
    }
}
