using System.Runtime.CompilerServices;

namespace ILGPU.Runtime.CPU;

/// <summary>
/// An operating-system thread while it carries simulated threads of a group, one after the other: each until it ends. It holds
/// what the intrinsics of the thread that it carries answer, and sleeps while that thread waits at a barrier.
/// </summary>
internal sealed class Carrier
{
    [ThreadStatic] private static Carrier? s_current;

    public int GridX, GridY, GridZ, GridDimX, GridDimY, GridDimZ;
    public int GroupX, GroupY, GroupZ, GroupDimX, GroupDimY, GroupDimZ;

    /// <summary>The linear index in its group of the thread that is carried.</summary>
    public int Thread;
    public int SharedAllocations, LocalAllocations;
    public GroupScheduler Scheduler = null!;

    private readonly List<RawMemoryBuffer> _localMemory = [];
    private readonly object _lock = new();
    private bool _resumed;

    /// <summary>The carrier of the calling kernel.</summary>
    public static Carrier Current
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => s_current ?? ThrowOutsideKernel();
    }

    public static bool IsInsideKernel => s_current is not null;
    public static void Enter(Carrier carrier) => s_current = carrier;
    public static void Leave() => s_current = null;

    public Index3D GridIndex => new(GridX, GridY, GridZ);
    public Index3D GroupIndex => new(GroupX, GroupY, GroupZ);

    public void BindTo(GroupScheduler scheduler, Index3D gridIndex, KernelConfig config)
    {
        Scheduler = scheduler;
        (GridX, GridY, GridZ) = gridIndex;
        (GridDimX, GridDimY, GridDimZ) = config.GridDim;
        (GroupDimX, GroupDimY, GroupDimZ) = config.GroupDim;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void BeginThread(int thread)
    {
        Thread = thread;
        SharedAllocations = LocalAllocations = 0;
        if (GroupDimX > thread)
        {
            (GroupX, GroupY, GroupZ) = (thread, 0, 0);
        }
        else
        {
            var row = thread / GroupDimX;
            (GroupX, GroupY, GroupZ) = (thread % GroupDimX, row % GroupDimY, row / GroupDimY);
        }
    }

    /// <summary>Memory of the thread that is carried, for as long as the thread runs. It holds 0xFF bytes.</summary>
    public unsafe ArrayView<T> AllocateLocal<T>(int length) where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var index = LocalAllocations++;
        var bytes = (long)length * sizeof(T);
        if (index == _localMemory.Count)
            _localMemory.Add(new RawMemoryBuffer(null, bytes));
        else if (_localMemory[index].LengthInBytes < bytes)
            _localMemory[index] = new RawMemoryBuffer(null, bytes);
        var view = ArrayView<T>.At(_localMemory[index], 0, length);
        view.MemSet(0xFF);
        return view;
    }

    /// <summary>Lets the carrier go on, or not even fall asleep if it is about to.</summary>
    public void Resume()
    {
        lock (_lock)
        {
            _resumed = true;
            Monitor.Pulse(_lock);
        }
    }

    public void Sleep()
    {
        lock (_lock)
        {
            while (!_resumed)
                Monitor.Wait(_lock);
            _resumed = false;
        }
    }

    private static Carrier ThrowOutsideKernel() => throw new InvalidOperationException(
        "Grid, Group, Warp, SharedMemory and LocalMemory exist inside kernels only, and this is host code.");
}
