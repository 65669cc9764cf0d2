using System.Reflection;
using System.Runtime.CompilerServices;
using Gpu.Kernels.Devices;
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
    /// <exception cref="DriverException">the driver did not take it; the message has the driver's own reason</exception>
    public static TDelegate Load<TDelegate>(CudaAccelerator accelerator, MethodInfo entry)
        where TDelegate : Delegate
    {
        using var context = Context.Create(builder => builder.DefaultCPU().ForKernels());
        using var backend = new PTXBackend(context, accelerator.Capabilities, accelerator.Architecture, accelerator.InstructionSet, null);
        var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(entry), KernelSpecialization.Empty);
        try
        {
            // ILGPU calls all kernels by their entry point's name; the comment tells them apart for whoever reads the text.
            PtxText(compiled) = $"// {KernelName.Full(entry.GetGenericArguments()[0])}\n{PtxNames.Renumber(compiled.PTXAssembly)}";
        }
        catch (MissingFieldException)
        {
            // Another ILGPU than 1.5.3: then the driver compiles it again in each process.
        }

        try
        {
            return accelerator.LoadKernel(compiled).CreateLauncherDelegate<TDelegate>();
        }
        catch (CudaException e) when (Enum.TryParse<CudaError>(e.Error, out var code))
        {
            // ILGPU keeps what the driver's compiler said to itself; asked again, it says the same.
            throw new DriverException($"loading {KernelName.Of(entry.GetGenericArguments()[0])}", (int)code, $"{e.Error}{GetDriverLog(compiled.PTXAssembly)}", e);
        }
    }

    /// <summary>What the driver's compiler says of a text; empty for nothing.</summary>
    private static string GetDriverLog(string text)
    {
        if (CudaAPI.CurrentAPI.LoadModule(out var module, text, out var log) == CudaError.CUDA_SUCCESS) CudaAPI.CurrentAPI.DestroyModule(module);
        var said = log?.Split('\0', 2)[0].Trim();
        return string.IsNullOrEmpty(said) ? "" : $": {said}";
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<PTXAssembly>k__BackingField")]
    private static extern ref string PtxText(PTXCompiledKernel kernel);
}
