#if !HAS_ILGPU
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.ScanReduceOperations;

namespace Gpu.Tests.HostRuntime;

/// <summary>Kernels with mistakes, which only the simulator is sure to notice.</summary>
public static class SimulatorKernels
{
    public static void ReadBehindTheEnd(ArrayView<float> input, ArrayView<float> output) => output[Grid.GlobalIndex.X] = input[Grid.GlobalIndex.X + 1];

    public static void EarlyReturn(ArrayView<float> data, int active)
    {
        if (Group.IdxX >= active)
            return;
        data[Group.IdxX] = 1;
        Group.Barrier();
    }

    public static void DifferentBarriers(ArrayView<float> data)
    {
        if (Group.IdxX % 2 == 0)
            Group.Barrier();
        else
            Group.Barrier();
        data[Group.IdxX] = 1;
    }

    public static void UnequalCounts(ArrayView<float> data)
    {
        for (var i = 0; i <= Group.IdxX / 8; i++)
        {
            data[Group.IdxX] = i;
            Group.Barrier();
        }
    }

    public static void WarpAgainstGroup(ArrayView<int> data)
    {
        if (Group.IdxX == 5)
            Group.Barrier();
        data[Group.IdxX] = Warp.Shuffle(Group.IdxX, 0);
        if (Group.IdxX != 5)
            Group.Barrier();
    }

    public static void ReadUnwritten(ArrayView<float> result)
    {
        var shared = SharedMemory.Allocate<float>(8);
        var local = LocalMemory.Allocate<float>(2);
        if (Group.IdxX == 0)
            shared[0] = 1;
        Group.Barrier();
        result[Grid.GlobalIndex.X] = shared[Group.IdxX] + (Group.IdxX == 0 ? 0 : local[1]);
    }

    public static void TooMuchShared(ArrayView<byte> result)
    {
        var first = SharedMemory.Allocate<byte>(40 * 1024);
        var second = SharedMemory.Allocate<double>(2 * 1024);
        result[0] = (byte)(first.Length + second.Length);
    }

    public static void SharedInCondition(ArrayView<float> result)
    {
        var shared = Group.IdxX == 0 ? SharedMemory.Allocate<float>(8) : SharedMemory.Allocate<float>(4);
        result[Group.IdxX] = shared.Length;
    }

    public static void MisalignedCast(ArrayView<float> data, int offset) => data.SubView(offset, 8).Cast<Quad>()[0].A = 1;

    public static void FailInGroup(ArrayView<int> data, int first, int second)
    {
        if (Grid.IdxX == first || Grid.IdxX == second)
            data[-1 - Group.IdxX] = 1;
    }

    public static void FailWhileOthersWait(ArrayView<int> data)
    {
        Group.Barrier();
        if (Group.IdxX == 3)
            data[100] = 1;
        Group.Barrier();
    }

    public static void SharedWithoutGroups(Index1D index, ArrayView<float> data) => data[index] = SharedMemory.Allocate<float>(1)[0];

    public static void PartialWarp(ArrayView<int> results)
    {
        var lane = Warp.LaneIdx;
        results[Group.IdxX * 6] = Warp.ShuffleDown(lane, 4);
        results[Group.IdxX * 6 + 1] = Warp.ShuffleUp(lane, 3);
        results[Group.IdxX * 6 + 2] = Warp.ShuffleDown(lane, 3, 8);
        results[Group.IdxX * 6 + 3] = Warp.Shuffle(lane, 9, 8);
        results[Group.IdxX * 6 + 4] = Warp.ShuffleXor(lane, 1);
        results[Group.IdxX * 6 + 5] = WarpExtensions.InclusiveScan<int, AddInt32>(1);
    }

    public static void ReduceToFirst(ArrayView<float> results)
    {
        results[Group.IdxX * 2] = WarpExtensions.Reduce<float, AddFloat>(1);
        results[Group.IdxX * 2 + 1] = GroupExtensions.Reduce<float, MinFloat>(Group.IdxX + 5);
    }

    /// <summary>Every thread waits 20 times; the threads write down the order in which they run.</summary>
    public static void RecordOrder(ArrayView<int> order, ArrayView<int> next)
    {
        for (var i = 0; i < 20; i++)
        {
            order[next[0]++] = Group.IdxX;
            if (i % 3 == 0)
                Warp.Barrier();
            else
                Group.Barrier();
        }
    }

    public static void Nothing(ArrayView<float> data, int items)
    {
        var i = Grid.GlobalIndex.X;
        if (i < items)
            data[i] += 1;
    }
}
#endif
