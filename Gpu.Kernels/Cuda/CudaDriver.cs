using System.Runtime.InteropServices;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Cuda;

/// <summary>
/// Functions of the CUDA driver API that ILGPU does not wrap, loaded by name from the library that ILGPU uses. If a driver lacks a function, only the code that
/// needs it is unavailable. Handles are those of the driver. The CUDA context they belong to must be current on the calling thread.
/// </summary>
internal sealed unsafe class CudaDriver
{
    private const int Success = 0;
    private static readonly Lazy<(CudaDriver? Driver, string? Reason)> Loaded = new(Load);
    private readonly nint _library;

    private CudaDriver(nint library) => _library = library;

    /// <summary>The driver; null if there is none, with the reason.</summary>
    public static CudaDriver? Find(out string? reason)
    {
        (var driver, reason) = Loaded.Value;
        return driver;
    }

    /// <summary>The first of some functions that this driver lacks; null if it has all of them.</summary>
    public string? FirstMissing(params ReadOnlySpan<string> functions)
    {
        foreach (var function in functions)
            if (!NativeLibrary.TryGetExport(_library, function, out _)) return function;
        return null;
    }

    /// <summary>The address of a function.</summary>
    /// <exception cref="EntryPointNotFoundException">the driver lacks the function</exception>
    public nint Function(string name) => NativeLibrary.GetExport(_library, name);

    /// <summary>Throws if a call failed.</summary>
    /// <param name="result">the return value of the function</param>
    /// <param name="call">the name of the function</param>
    /// <exception cref="DriverException">the result is not success</exception>
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

        return "an error without a name in the driver";
    }

    private static (CudaDriver? Driver, string? Reason) Load()
    {
        DriverLibraries.Register();
        return NativeLibrary.TryLoad(DriverLibraries.Cuda, typeof(CudaDriver).Assembly, null, out var library)
            ? (new CudaDriver(library), null)
            : (null, "the CUDA driver's library was not found");
    }
}
