using System.Runtime.InteropServices;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Cuda;

/// <summary>
/// Functions of the CUDA driver that ILGPU has no method for, found by name in the same library that ILGPU uses. One that a driver lacks is missed only
/// by what needs it. Handles are the driver's own; the caller's thread has the context that they belong to.
/// </summary>
internal sealed unsafe class CudaDriver
{
    private const int Success = 0;
    private static readonly Lazy<(CudaDriver? Driver, string? WhyNot)> Loaded = new(Load);
    private readonly nint _library;

    private CudaDriver(nint library) => _library = library;

    /// <summary>The driver, or null and why there is none.</summary>
    public static CudaDriver? Find(out string? whyNot)
    {
        var (driver, reason) = Loaded.Value;
        whyNot = reason;
        return driver;
    }

    /// <summary>The first of some functions that this driver lacks; null when it has them all.</summary>
    public string? FirstMissing(params ReadOnlySpan<string> functions)
    {
        foreach (var function in functions)
            if (!NativeLibrary.TryGetExport(_library, function, out _)) return function;
        return null;
    }

    /// <summary>The address of a function.</summary>
    /// <exception cref="EntryPointNotFoundException">the driver lacks it</exception>
    public nint Function(string name) => NativeLibrary.GetExport(_library, name);

    /// <summary>Throws for every result but success.</summary>
    /// <param name="result">what the function returned</param>
    /// <param name="call">its name</param>
    /// <exception cref="DriverException">the call failed</exception>
    public void Check(int result, string call)
    {
        if (result != Success) throw new DriverException(call, result, Name(result));
    }

    private string Name(int code)
    {
        if (NativeLibrary.TryGetExport(_library, "cuGetErrorName", out var function))
        {
            byte* name = null;
            if (((delegate* unmanaged<int, byte**, int>)function)(code, &name) == Success && name != null) return Marshal.PtrToStringUTF8((nint)name)!;
        }

        return "an error that the driver has no name for";
    }

    private static (CudaDriver? Driver, string? WhyNot) Load()
    {
        DriverLibraries.Register();
        return NativeLibrary.TryLoad(DriverLibraries.Cuda, typeof(CudaDriver).Assembly, null, out var library)
            ? (new CudaDriver(library), null)
            : (null, "the CUDA driver's library was not found");
    }
}
