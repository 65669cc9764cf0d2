using System.Reflection;
using System.Runtime.CompilerServices;
using Gpu.Kernels.Devices;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
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
    /// <summary>Loads a kernel, and compiles it unless its PTX is in the store.</summary>
    /// <param name="accelerator">the device</param>
    /// <param name="entry">the closed method of <see cref="KernelEntry"/></param>
    /// <param name="store">where the PTX is looked for, and kept; null for nowhere</param>
    /// <exception cref="DriverException">the driver rejected the kernel; the message contains the log of its compiler</exception>
    public static TDelegate Load<TDelegate>(CudaAccelerator accelerator, MethodInfo entry, ICompiledKernelStore? store)
        where TDelegate : Delegate
    {
        var bounds = LaunchBounds.Of(entry.GetGenericArguments()[0], accelerator.Architecture);
        var key = store is null ? "" : StoredPtx.Key(entry, accelerator.Architecture, accelerator.InstructionSet, bounds);
        if (store?.Find(key) is { } bytes && StoredPtx.FromBytes(bytes) is { } stored
            && LoadStored<TDelegate>(accelerator, entry, bounds, stored) is { } launcher)
        {
            return launcher;
        }

        using var context = Context.Create(builder => builder.DefaultCPU().ForKernels());
        using var backend = new PTXBackend(context, accelerator.Capabilities, accelerator.Architecture, accelerator.InstructionSet, null);
        var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(entry), bounds);
        var isStable = true;
        try
        {
            // In the PTX all kernels have the name of their entry point. The comment tells a reader which kernel it is.
            PtxText(compiled) = $"// {KernelName.Full(entry.GetGenericArguments()[0])}\n{PtxNames.Renumber(compiled.PTXAssembly)}";
        }
        catch (MissingFieldException)
        {
            // Not ILGPU 1.5.3. The driver then compiles the kernel again in each process.
            isStable = false;
        }

        try
        {
            var loaded = accelerator.LoadKernel(compiled).CreateLauncherDelegate<TDelegate>();
            if (isStable && SharedBytes(compiled) is { } shared) store?.Add(key, new StoredPtx(shared, compiled.PTXAssembly).ToBytes());
            return loaded;
        }
        catch (CudaException e) when (Enum.TryParse<CudaError>(e.Error, out var code))
        {
            // ILGPU does not report the log of the driver's compiler, so compile again to get it.
            var error = $"{e.Error}{GetDriverLog(compiled.PTXAssembly)}";
            throw new DriverException($"loading {KernelName.Of(entry.GetGenericArguments()[0])}", (int)code, error, e);
        }
    }

    // Null if the kernel must be compiled: this is not ILGPU 1.5.3, or the driver does not take the stored text.
    private static TDelegate? LoadStored<TDelegate>(CudaAccelerator accelerator, MethodInfo entry, in KernelSpecialization bounds, in StoredPtx stored)
        where TDelegate : Delegate
    {
        try
        {
            return accelerator.LoadKernel(Restore(accelerator.Context, entry, bounds, stored)).CreateLauncherDelegate<TDelegate>();
        }
        catch (Exception e) when (e is MissingMethodException or CudaException)
        {
            return null;
        }
    }

    /// <summary>What ILGPU's compiler would return for an entry, made from its stored PTX.</summary>
    internal static PTXCompiledKernel Restore(Context context, MethodInfo entry, in KernelSpecialization bounds, in StoredPtx stored) => NewKernel(
        context,
        new EntryPoint(
            EntryPointDescription.FromExplicitlyGroupedKernel(entry), new SharedMemorySpecification(stored.SharedBytes, hasDynamicMemory: false), bounds),
        null, stored.Text);

    /// <summary>The static shared memory of a compiled kernel in bytes; null if it uses dynamic shared memory too, or this is not ILGPU 1.5.3.</summary>
    internal static int? SharedBytes(PTXCompiledKernel kernel)
    {
        try
        {
            return Entry(kernel).SharedMemory is { HasDynamicMemory: false, StaticSize: var bytes } ? bytes : null;
        }
        catch (MissingMethodException)
        {
            return null;
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

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_EntryPoint")]
    private static extern EntryPoint Entry(CompiledKernel kernel);

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern PTXCompiledKernel NewKernel(Context context, EntryPoint entryPoint, CompiledKernel.KernelInfo? info, string ptxAssembly);
}
