using System.Runtime.InteropServices;

namespace Gpu.Kernels.Devices;

/// <summary>
/// Scratch memory of the calling thread for <see cref="IScratchKernel{TBackend}"/>. The items of a thread run one after another, so they share it, and it stays
/// in the thread's cache. It is allocated when the thread first needs that much, and lives as long as the thread.
/// </summary>
internal sealed unsafe class ThreadScratch
{
    [ThreadStatic]
    private static ThreadScratch? _current;

    private readonly void* _memory;
    private readonly int _words;

    private ThreadScratch(int words)
    {
        _memory = HostMemory.Allocate((nuint)words * sizeof(float));
        // Touches the pages now, so that page faults do not slow down the first item.
        NativeMemory.Clear(_memory, (nuint)words * sizeof(float));
        _words = words;
    }

    ~ThreadScratch() => HostMemory.Free(_memory);

    /// <summary>At least <paramref name="words"/> words, aligned to a cache line. Valid until the thread requests more.</summary>
    public static float* Get(int words)
    {
        if (_current is null || _current._words < words) _current = new ThreadScratch(words);
        return (float*)_current._memory;
    }
}
