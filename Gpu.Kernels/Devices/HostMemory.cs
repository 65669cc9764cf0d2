using System.Runtime.InteropServices;

namespace Gpu.Kernels.Devices;

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

    /// <summary>
    /// Bytes that this process can still use without being stopped for it or driving others out of memory: Linux grants more than there is, and ends the
    /// process when it is used. Elsewhere what the runtime knows of the machine or container; null where that is nothing.
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
            // Then the runtime's figure has to do.
        }

        return limit;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
