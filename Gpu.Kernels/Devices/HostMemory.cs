using System.Runtime.InteropServices;

namespace Gpu.Kernels.Devices;

/// <summary>Native host memory, aligned to a cache line. On Linux, large allocations use huge pages where the system has them.</summary>
internal static unsafe partial class HostMemory
{
    private const nuint CacheLine = 64;
    private const nuint LargePage = 2 * 1024 * 1024;
    private const int AdviseLargePages = 14; // MADV_HUGEPAGE

    /// <summary>Allocates memory. Its content is undefined.</summary>
    /// <exception cref="OutOfMemoryException">there is not enough memory</exception>
    public static void* Allocate(nuint bytes)
    {
        if (bytes < 2 * LargePage || !OperatingSystem.IsLinux()) return NativeMemory.AlignedAlloc(bytes, CacheLine);
        var memory = NativeMemory.AlignedAlloc((bytes + LargePage - 1) / LargePage * LargePage, LargePage);
        // With small pages, a matrix whose rows are a page apart would miss the TLB at every row. If the advice is refused, only speed is lost.
        _ = Advise(memory, bytes / LargePage * LargePage, AdviseLargePages);
        return memory;
    }

    /// <summary>Frees memory.</summary>
    public static void Free(void* memory) => NativeMemory.AlignedFree(memory);

    /// <summary>
    /// Bytes that this process can still use without being killed or pushing other programs out of memory. Linux allows larger allocations than that
    /// (overcommit) and kills the process when it uses them. On other systems, the memory of the machine or container as the runtime reports it; null if it
    /// reports none.
    /// </summary>
    public static long? Available()
    {
        var known = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        long? limit = known > 0 ? Math.Max(0, known - Environment.WorkingSet) : null;
        if (!OperatingSystem.IsLinux()) return limit;
        try
        {
            foreach (var line in File.ReadLines("/proc/meminfo"))
            {
                if (!line.StartsWith("MemAvailable:", StringComparison.Ordinal)) continue;
                var kilobytes = line.AsSpan("MemAvailable:".Length).Trim();
                var end = kilobytes.IndexOf(' ');
                if (end > 0 && long.TryParse(kilobytes[..end], out var number)) return Math.Min(limit ?? long.MaxValue, 1024 * number);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Use the number of the runtime.
        }

        return limit;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
