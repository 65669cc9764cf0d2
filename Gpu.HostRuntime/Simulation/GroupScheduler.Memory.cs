using System.Runtime.CompilerServices;

namespace ILGPU.Runtime.CPU;

// Shared memory of a group, and the values that its threads exchange.
internal sealed partial class GroupScheduler
{
    private const int MaxExchangedBytes = 64;

    private readonly record struct SharedAllocation(int Offset, int Length, Type Type, string Member, int Line);

    private readonly List<SharedAllocation> _shared = [];
    private RawMemoryBuffer? _sharedMemory;
    private RawMemoryBuffer? _exchanged;
    private int _sharedBytes;

    private void BeginSharedMemory()
    {
        _shared.Clear();
        _sharedBytes = 0;
        var dynamicBytes = _launch.Config.SharedMemoryConfig.ArraySize;
        if (dynamicBytes > 0)
            ReserveShared(dynamicBytes);
    }

    // NaN bytes, so that a kernel that reads what no thread of its group wrote does not get the numbers of the group before.
    private int ReserveShared(long bytes)
    {
        var limit = _launch.Accelerator.MaxSharedMemoryPerGroup;
        var offset = (_sharedBytes + 15) / 16 * 16;
        if (offset + bytes > limit)
        {
            throw new InvalidOperationException($"The kernel needs {offset + bytes} bytes of shared memory in a group, but a group has {limit} " +
                $"({_launch.Config.SharedMemoryConfig.ArraySize} of them are asked for by the launch). Use smaller tiles.");
        }
        _sharedMemory ??= new RawMemoryBuffer(null, limit);
        if (_sharedMemory.LengthInBytes < limit)
            _sharedMemory = new RawMemoryBuffer(null, limit);
        new ArrayView<byte>(_sharedMemory, offset, bytes).MemSet(0xFF);
        _sharedBytes = offset + (int)bytes;
        return offset;
    }

    /// <summary>
    /// The n-th allocation of a thread is the n-th allocation of its group: the first thread makes it, the others find it.
    /// </summary>
    public ArrayView<T> AllocateShared<T>(Carrier self, int length, string member, int line) where T : unmanaged
    {
        RequireExplicitGroups();
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var number = self.SharedAllocations++;
        if (number == _shared.Count)
        {
            var offset = ReserveShared((long)length * Unsafe.SizeOf<T>());
            _shared.Add(new SharedAllocation(offset, length, typeof(T), member, line));
        }
        var found = _shared[number];
        if (found.Type != typeof(T) || found.Length != length || found.Line != line || found.Member != member)
        {
            throw new InvalidOperationException($"Threads of one group allocate different shared memory: {typeof(T).Name}[{length}] ({member}, line {line}), " +
                $"but another one {found.Type.Name}[{found.Length}] ({found.Member}, line {found.Line}). Allocate outside of conditions.");
        }
        return ArrayView<T>.At(_sharedMemory!, found.Offset, length);
    }

    /// <summary>The shared memory that the launch asked for.</summary>
    public ArrayView<T> DynamicShared<T>() where T : unmanaged
    {
        RequireExplicitGroups();
        var bytes = _launch.Config.SharedMemoryConfig.ArraySize;
        return bytes > 0
            ? ArrayView<T>.At(_sharedMemory!, 0, bytes / Unsafe.SizeOf<T>())
            : throw new InvalidOperationException("The launch gives no dynamic shared memory: add SharedMemoryConfig.RequestDynamic to its KernelConfig.");
    }

    /// <summary>Gives a value to the other threads of the warp or the group; returns, when all have, their values by index in the group.</summary>
    public unsafe T* Exchange<T>(Carrier self, bool warp, T value, in SyncPoint point) where T : unmanaged
    {
        if (sizeof(T) > MaxExchangedBytes)
            throw new NotSupportedException($"{typeof(T).Name} has {sizeof(T)} bytes; the simulator exchanges at most {MaxExchangedBytes} between threads.");
        if (!_cooperative)
            BeginCooperation(self.Thread);
        var region = (long)_launch.Accelerator.MaxNumThreadsPerGroup * MaxExchangedBytes;
        if (_exchanged is null || _exchanged.LengthInBytes < 4 * region)
            _exchanged = new RawMemoryBuffer(null, 4 * region);
        // A thread can be one meeting ahead of another that still has to read, but not two: hence two buffers.
        var values = (T*)(_exchanged.Base + ((warp ? 2 : 0) + (Place(self.Thread, warp).Meetings & 1)) * region);
        values[self.Thread] = value;
        Meet(self, warp, point);
        return values;
    }

    private void RequireExplicitGroups()
    {
        if (_launch.IsImplicitlyGrouped)
            throw new NotSupportedException("Shared memory needs an explicitly grouped kernel: load it with LoadKernel or LoadStreamKernel.");
    }
}
