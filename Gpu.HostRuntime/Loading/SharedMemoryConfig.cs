using System.Runtime.CompilerServices;

namespace ILGPU;

/// <summary>How much dynamic shared memory a launch gives each group.</summary>
public readonly struct SharedMemoryConfig
{
    public static readonly SharedMemoryConfig Empty;

    public SharedMemoryConfig(int numElements, int elementSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(numElements, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(elementSize, 1);
        (NumElements, ElementSize) = (numElements, elementSize);
    }

    public int NumElements { get; }
    public int ElementSize { get; }
    public int ArraySize => checked(NumElements * ElementSize);
    public bool UsesDynamicSharedMemory => NumElements > 0;

    /// <summary>Room for <paramref name="numElements"/> elements of T.</summary>
    public static SharedMemoryConfig RequestDynamic<T>(int numElements) where T : unmanaged => new(numElements, Unsafe.SizeOf<T>());
}
