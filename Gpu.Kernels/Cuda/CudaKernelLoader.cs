using System.Reflection;
using System.Runtime.CompilerServices;
using Gpu.Kernels.Devices;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Cuda;

/// <summary>Compiles kernels for CUDA: in parallel, and to the same PTX in every process.</summary>
/// <remarks>
/// An ILGPU context caches what it knows about methods, and compiles one kernel at a time; the code of a kernel depends on the kernels compiled before it.
/// With a context of its own for each kernel, compilations do not wait for each other, and the PTX of a kernel depends on nothing else. A program therefore
/// gives the same bits in every run, and the driver finds the kernel in its cache of compiled PTX (~/.nv/ComputeCache) in the next process.
/// </remarks>
internal static class CudaKernelLoader
{
    /// <summary>Compiles and loads a kernel.</summary>
    /// <exception cref="DriverException">the driver rejected the kernel; the message contains the log of its compiler</exception>
    public static TDelegate Load<TDelegate>(CudaAccelerator accelerator, MethodInfo entry)
        where TDelegate : Delegate
    {
        using var context = Context.Create(builder => builder.DefaultCPU().ForKernels());
        using var backend = new PTXBackend(context, accelerator.Capabilities, accelerator.Architecture, accelerator.InstructionSet, null);
        var bounds = LaunchBounds.Of(entry.GetGenericArguments()[0], accelerator.Architecture);
        var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(entry), bounds);
        try
        {
            // In the PTX all kernels have the name of their entry point. The comment tells a reader which kernel it is.
            PtxText(compiled) = $"// {KernelName.Full(entry.GetGenericArguments()[0])}\n{PtxNames.Renumber(compiled.PTXAssembly)}";
        }
        catch (MissingFieldException)
        {
            // Not ILGPU 1.5.3. The driver then compiles the kernel again in each process.
        }

        try
        {
            return accelerator.LoadKernel(compiled).CreateLauncherDelegate<TDelegate>();
        }
        catch (CudaException e) when (Enum.TryParse<CudaError>(e.Error, out var code))
        {
            // ILGPU does not report the log of the driver's compiler, so compile again to get it.
            var error = $"{e.Error}{GetDriverLog(compiled.PTXAssembly)}";
            throw new DriverException($"loading {KernelName.Of(entry.GetGenericArguments()[0])}", (int)code, error, e);
        }
    }

    /// <summary>The log of the driver's compiler for a PTX text, with a separator in front; empty if there is none.</summary>
    private static string GetDriverLog(string text)
    {
        if (CudaAPI.CurrentAPI.LoadModule(out var module, text, out var log) == CudaError.CUDA_SUCCESS) CudaAPI.CurrentAPI.DestroyModule(module);
        var said = log?.Split('\0', 2)[0].Trim();
        return string.IsNullOrEmpty(said) ? "" : $": {said}";
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<PTXAssembly>k__BackingField")]
    private static extern ref string PtxText(PTXCompiledKernel kernel);
}
