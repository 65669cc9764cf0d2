using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace Gpu.Kernels.Devices;

/// <summary>
/// Finds driver libraries that are installed only under their versioned names. ILGPU loads <c>libcuda.so</c> and <c>libOpenCL.so</c>, which on Linux belong to
/// development packages. Drivers and containers have <c>libcuda.so.1</c> and <c>libOpenCL.so.1</c>.
/// </summary>
internal static class DriverLibraries
{
    /// <summary>The name under which ILGPU loads the library of the CUDA driver.</summary>
    public static string Cuda => OperatingSystem.IsWindows() ? "nvcuda" : "cuda";

    private static readonly Lock Gate = new();
    private static bool _registered;

    /// <summary>Makes the runtime try the versioned name of a library that it does not find under its plain name.</summary>
    public static void Register()
    {
        lock (Gate)
        {
            if (_registered || !OperatingSystem.IsLinux()) return;
            AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) =>
                VersionedName(name) is { } file && NativeLibrary.TryLoad(file, out var library) ? library : 0;
            _registered = true;
        }
    }

    /// <summary>Whether a driver library can be loaded.</summary>
    public static bool IsPresent(string name)
    {
        if (!NativeLibrary.TryLoad(name, typeof(DriverLibraries).Assembly, null, out var library)) return false;
        NativeLibrary.Free(library);
        return true;
    }

    internal static string? VersionedName(string name) => name switch
    {
        "cuda" or "libcuda" or "libcuda.so" => "libcuda.so.1",
        "OpenCL" or "libOpenCL" or "libOpenCL.so" => "libOpenCL.so.1",
        _ => null,
    };
}
