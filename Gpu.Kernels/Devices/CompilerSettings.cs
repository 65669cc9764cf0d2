using ILGPU;

namespace Gpu.Kernels.Devices;

/// <summary>The ILGPU compiler settings that the kernels need.</summary>
public static class CompilerSettings
{
    /// <summary>
    /// Sets up an ILGPU context for the kernels of this library; required for an <see cref="AcceleratorDevice"/>. Optimization level O2 generates loads and
    /// stores for global memory instead of generic ones: an OpenCL device needs them, and CUDA is faster with them. The default math mode keeps divisions and
    /// square roots correctly rounded and does not flush denormal numbers to zero.
    /// </summary>
    /// <param name="builder">the builder of the context</param>
    /// <returns>the builder</returns>
    /// <example><code>using var context = Context.Create(builder => builder.Default().ForKernels());</code></example>
    /// <remarks>
    /// At O2, ILGPU 1.5.3 may treat a divergent branch as uniform if its condition depends on an atomic, on local memory, or on a value that an earlier branch
    /// selected. For this reason all kernels of this library are explicitly grouped, and tests check the compiled code of each of them.
    /// </remarks>
    public static Context.Builder ForKernels(this Context.Builder builder)
    {
        GroupBarrier.Register(builder);
        return builder.Optimize(OptimizationLevel.O2).Math(MathMode.Default);
    }
}
