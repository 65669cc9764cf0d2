using System.Runtime.InteropServices;

namespace Gpu.Kernels.Devices;

/// <summary>
/// Scratch memory of the calling thread for <see cref="IScratchKernel{TBackend}"/>. A thread's items run one after the other, so they share it, and it stays in the
/// thread's cache; it is allocated when the thread first meets a kernel that needs so much, and lives as long as the thread.
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
        // Written, so that the pages are there before the first item is timed.
        NativeMemory.Clear(_memory, (nuint)words * sizeof(float));
        _words = words;
    }

    ~ThreadScratch() => HostMemory.Free(_memory);

    /// <summary>At least <paramref name="words"/> words, aligned to a cache line; valid until the thread asks for more.</summary>
    public static float* Get(int words)
    {
        if (_current is null || _current._words < words) _current = new ThreadScratch(words);
        return (float*)_current._memory;
    }
}
