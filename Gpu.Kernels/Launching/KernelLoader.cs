using System.Reflection;
using ILGPU.Runtime;
#if HAS_ILGPU
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime.Cuda;
#endif

namespace Gpu.Kernels.Launching;

/// <summary>Compiles a kernel.</summary>
internal static class KernelLoader
{
    /// <summary>
    /// Compiles and loads a kernel without ILGPU's cache of kernels, which compiles one at a time behind a lock; where that is not possible, as ILGPU does it.
    /// Each caller has a kernel of its own then, so the caller keeps it.
    /// </summary>
    /// <remarks>
    /// What may run at the same time, from ILGPU 1.5.3's source: its front end waits its turn (one method at a time a context); optimisation and code
    /// generation work on a copy of the kernel, taken under a reader's lock; the driver compiles the PTX of one module while others are compiled.
    /// </remarks>
    public static TDelegate Load<TDelegate>(Accelerator accelerator, MethodInfo entry, Func<TDelegate> ordinarily)
        where TDelegate : Delegate
    {
#if HAS_ILGPU
        if (accelerator is CudaAccelerator cuda)
        {
            var compiled = cuda.Backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(entry), KernelSpecialization.Empty);
            return cuda.LoadKernel(compiled).CreateLauncherDelegate<TDelegate>();
        }
#endif
        return ordinarily();
    }
}
