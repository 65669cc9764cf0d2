using System.Runtime.InteropServices;

namespace Gpu.Kernels.Launching;

/// <summary>Native memory, aligned to a cache line; large pieces are put on large pages where the system (Linux) has them.</summary>
internal static unsafe partial class HostMemory
{
    private const nuint CacheLine = 64;
    private const nuint LargePage = 2 * 1024 * 1024;
    private const int AdviseLargePages = 14; // MADV_HUGEPAGE

    /// <summary>Allocates; the content is undefined.</summary>
    /// <exception cref="OutOfMemoryException">there is not that much</exception>
    public static void* Allocate(nuint bytes)
    {
        if (bytes < 2 * LargePage || !OperatingSystem.IsLinux()) return NativeMemory.AlignedAlloc(bytes, CacheLine);
        var memory = NativeMemory.AlignedAlloc((bytes + LargePage - 1) / LargePage * LargePage, LargePage);
        // A matrix whose rows are a page apart would otherwise miss the address cache at every row. Refusal changes nothing but the speed.
        _ = Advise(memory, bytes / LargePage * LargePage, AdviseLargePages);
        return memory;
    }

    /// <summary>Gives memory back.</summary>
    public static void Free(void* memory) => NativeMemory.AlignedFree(memory);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
