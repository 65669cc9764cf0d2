#if HAS_ILGPU
using System.Reflection;
using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Cuda;

/// <summary>Compiles kernels for CUDA: several at the same time, each to the same text in every process.</summary>
/// <remarks>
/// ILGPU keeps what it knows of methods in its context, and compiles one kernel at a time there; what a kernel becomes depends on which came before it. With
/// a context of its own a kernel waits for no other, and comes out the same whatever else is compiled: so the same program gives the same bits, and the
/// driver, which keeps what it made of a text (in ~/.nv/ComputeCache), knows it again in the next process.
/// </remarks>
internal static class CudaKernelLoader
{
    /// <summary>Compiles and loads a kernel.</summary>
    public static TDelegate Load<TDelegate>(CudaAccelerator accelerator, MethodInfo entry)
        where TDelegate : Delegate
    {
        using var context = Context.Create(builder => builder.DefaultCPU().ForKernels());
        using var backend = new PTXBackend(context, accelerator.Capabilities, accelerator.Architecture, accelerator.InstructionSet, null);
        var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(entry), KernelSpecialization.Empty);
        try
        {
            // ILGPU calls all kernels by their entry point's name; the comment tells them apart for whoever reads the text.
            Text(compiled) = $"// {KernelName.Whole(entry.GetGenericArguments()[0])}\n{PtxNames.Count(compiled.PTXAssembly)}";
        }
        catch (MissingFieldException)
        {
            // Another ILGPU than 1.5.3: then the driver compiles it again in each process.
        }

        return accelerator.LoadKernel(compiled).CreateLauncherDelegate<TDelegate>();
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<PTXAssembly>k__BackingField")]
    private static extern ref string Text(PTXCompiledKernel kernel);
}
#endif
