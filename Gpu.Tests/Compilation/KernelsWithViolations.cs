using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Tests.Compilation;

// Kernels that ILGPU 1.5.3 compiles to text with violations, one kind per kernel.

/// <summary>Branches on the iteration count of a loop whose bound differs between items.</summary>
public struct BranchOnRounds : IKernel
{
    public ArrayView<int> Output;
    public int Count;

    public void Run(int item)
    {
        var rounds = 0;
        for (; rounds < item; rounds += 2) Output[rounds] = rounds;
        for (; rounds < Count; rounds++) Output[rounds + item] = 1;
    }
}

/// <summary>Branches on a value that an earlier divergent branch selected.</summary>
public struct BranchOnChoice : IKernel
{
    public ArrayView<int> Output;
    public int Count;

    public void Run(int item)
    {
        int first;
        if (Output[item] > 3)
        {
            Output[item + 1] = 5;
            first = 2;
        }
        else
        {
            Output[item + 2] = 6;
            first = 7;
        }

        for (var i = first; i < Count; i++) Output[item + i] += i;
    }
}

/// <summary>Branches on the result of an atomic operation.</summary>
public struct BranchOnAtomic : IKernel
{
    public ArrayView<int> Output;
    public int Count;

    public void Run(int item)
    {
        if (Atomic.Add(ref Output[0], 1) == Count) Output[item] = 1;
    }
}

/// <summary>Indexes an array by a run-time value, so the array goes to local memory.</summary>
public struct LocalArray : IKernel
{
    public ArrayView<int> Output;
    public int Count;

    public void Run(int item)
    {
        var values = new int[8];
        for (var i = 0; i < Count; i++) values[(item + i) & 7] += i;
        for (var i = 0; i < 8; i++) Output[item * 8 + i] = values[i];
    }
}

/// <summary>Calls a method that ILGPU does not map to a GPU instruction.</summary>
public struct ExternalCall : IKernel
{
    public ArrayView<float> Output;
    public float Factor;

    public void Run(int item) => Output[item] = MathF.FusedMultiplyAdd(Output[item], Factor, 1f);
}

/// <summary>Switches on a loaded value.</summary>
public struct Switch : IKernel
{
    public ArrayView<int> Output;
    public int Count;

    public void Run(int item)
    {
        Output[item + Count] = Output[item] switch { 0 => 5, 1 => Count, 2 => 9 * item, 3 => 4, 4 => Output[item + 1], _ => 1 };
    }
}

/// <summary>Has a barrier that only some threads of a group reach.</summary>
public struct BarrierForSome : IGroupedKernel
{
    public ArrayView<float> Output;
    public int Count;

    public readonly void Run()
    {
        var shared = SharedMemory.Allocate<float>(32);
        shared[Group.IdxX] = Output[Group.IdxX];
        if (Group.IdxX < Count) Group.Barrier();
        Output[Group.IdxX] = shared[Count];
    }
}

/// <summary>Shuffles a value within the warp.</summary>
public struct ShuffledWarp : IGroupedKernel
{
    public ArrayView<float> Output;
    public int Count;

    public readonly void Run() => Output[Group.IdxX] = Warp.ShuffleDown(Output[Group.IdxX], 1) * Count;
}

/// <summary>Computes in double precision.</summary>
public struct Doubles : IKernel
{
    public ArrayView<float> Output;
    public double Factor;

    public void Run(int item) => Output[item] = (float)(Output[item] * Factor);
}

/// <summary>Needs more static shared memory than every CUDA device has.</summary>
public struct TooMuchShared : IGroupedKernel
{
    public ArrayView<float> Output;
    public int Count;

    public readonly void Run()
    {
        var shared = SharedMemory.Allocate<float>(12 * 1024 + 4);
        shared[Group.IdxX] = Output[Group.IdxX];
        Group.Barrier();
        Output[Group.IdxX] = shared[Count];
    }
}

/// <summary>Throws an exception, which ILGPU cannot compile.</summary>
public struct NotCompilable : IKernel
{
    public ArrayView<int> Output;
    public int Count;

    public void Run(int item)
    {
        if (item > Count) throw new InvalidOperationException();
        Output[item] = 1;
    }
}
