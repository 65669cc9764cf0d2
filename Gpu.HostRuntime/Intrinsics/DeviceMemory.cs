using System.Runtime.CompilerServices;
using ILGPU.Runtime.CPU;

namespace ILGPU;

/// <summary>Memory that the threads of a group share. It holds 0xFF bytes (NaN) when a group starts.</summary>
public static class SharedMemory
{
    /// <summary>The same <paramref name="extent"/> elements in all threads of a group; allocate outside of conditions and loops.</summary>
    public static ArrayView<T> Allocate<T>(int extent, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged => Carrier.Current.Scheduler.AllocateShared<T>(Carrier.Current, extent, member, line);

    /// <summary>One element that the threads of a group share.</summary>
    public static ref T Allocate<T>([CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged => ref Allocate<T>(1, member, line)[0];

    public static Runtime.ArrayView1D<T, Stride1D.Dense> Allocate1D<T>(
        Index1D extent, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged => Allocate<T>(extent.X, member, line);

    /// <summary>The shared memory that the launch asked for with <see cref="SharedMemoryConfig.RequestDynamic"/>.</summary>
    public static ArrayView<T> GetDynamic<T>() where T : unmanaged => Carrier.Current.Scheduler.DynamicShared<T>();
}

/// <summary>Memory of one thread. It holds 0xFF bytes (NaN) when it is allocated.</summary>
public static class LocalMemory
{
    public static ArrayView<T> Allocate<T>(int extent) where T : unmanaged => Carrier.Current.AllocateLocal<T>(extent);
    public static Runtime.ArrayView1D<T, Stride1D.Dense> Allocate1D<T>(Index1D extent) where T : unmanaged => Allocate<T>(extent.X);
}

/// <summary>Orders the memory accesses of a thread.</summary>
public static class MemoryFence
{
    public static void GroupLevel() => Interlocked.MemoryBarrier();
    public static void DeviceLevel() => Interlocked.MemoryBarrier();
    public static void SystemLevel() => Interlocked.MemoryBarrier();
}

/// <summary>Bits of values.</summary>
public static class Interop
{
    public static int SizeOf<T>() where T : unmanaged => Unsafe.SizeOf<T>();
    public static uint FloatAsInt(float value) => BitConverter.SingleToUInt32Bits(value);
    public static ulong FloatAsInt(double value) => BitConverter.DoubleToUInt64Bits(value);
    public static float IntAsFloat(uint value) => BitConverter.UInt32BitsToSingle(value);
    public static double IntAsFloat(ulong value) => BitConverter.UInt64BitsToDouble(value);
}
