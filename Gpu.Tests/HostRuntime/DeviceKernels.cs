using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.ScanReduceOperations;
using ILGPU.Runtime;

namespace Gpu.Tests.HostRuntime;

public struct Quad
{
    public float A, B, C, D;
}

public interface IItemKernel
{
    void Run(int item);
}

/// <summary>A kernel as the project writes them: a struct whose fields are its arguments.</summary>
public struct ScaleQuads : IItemKernel
{
    public ArrayView<float> Input, Output;
    public float Factor;

    public void Run(int item)
    {
        var quad = Input.Cast<Quad>()[item];
        quad.A *= Factor;
        quad.B *= Factor;
        quad.C *= Factor;
        quad.D *= Factor;
        Output.Cast<Quad>()[item] = quad;
    }
}

/// <summary>Kernels that ILGPU and its stand-in must run with the same results.</summary>
public static class DeviceKernels
{
    public const int TileSize = 8;

    public static void Entry<TKernel>(TKernel kernel, int items) where TKernel : struct, IItemKernel
    {
        var item = Grid.GlobalIndex.X;
        if (item < items)
            kernel.Run(item);
    }

    public static void Saxpy(Index1D i, ArrayView<float> x, ArrayView1D<float, Stride1D.Dense> y, float a) => y[i] = a * x[i] + y[i];

    /// <summary>Sums 64 elements a group with a tree in shared memory.</summary>
    public static void TreeSum(ArrayView<float> input, ArrayView<float> sums)
    {
        var shared = SharedMemory.Allocate<float>(64);
        var thread = Group.IdxX;
        shared[thread] = input[Grid.GlobalIndex.X];
        Group.Barrier();
        for (var stride = Group.DimX / 2; stride > 0; stride /= 2)
        {
            if (thread < stride)
                shared[thread] += shared[thread + stride];
            Group.Barrier();
        }
        if (thread == 0)
            sums[Grid.IdxX] = shared[0];
    }

    /// <summary>Transposes a matrix of rows x columns by tiles; the sizes need not be multiples of the tile.</summary>
    public static void Transpose(ArrayView<float> input, ArrayView<float> output, int rows, int columns)
    {
        var tile = SharedMemory.Allocate<float>(TileSize * (TileSize + 1));
        var row = Grid.IdxY * TileSize + Group.IdxY;
        var column = Grid.IdxX * TileSize + Group.IdxX;
        if (row < rows && column < columns)
            tile[Group.IdxY * (TileSize + 1) + Group.IdxX] = input[row * columns + column];
        Group.Barrier();
        row = Grid.IdxX * TileSize + Group.IdxY;
        column = Grid.IdxY * TileSize + Group.IdxX;
        if (row < columns && column < rows)
            output[row * rows + column] = tile[Group.IdxX * (TileSize + 1) + Group.IdxY];
    }

    /// <summary>Reverses the elements of each group through dynamic shared memory.</summary>
    public static void ReverseDynamic(ArrayView<int> data)
    {
        var shared = SharedMemory.GetDynamic<int>();
        shared[Group.IdxX] = data[Grid.GlobalIndex.X];
        Group.Barrier();
        data[Grid.GlobalIndex.X] = shared[Group.DimX - 1 - Group.IdxX];
    }

    public static void AtomicSums(ArrayView<int> values, ArrayView<int> integers, ArrayView<float> singles)
    {
        var value = values[Grid.GlobalIndex.X];
        Atomic.Add(ref integers[0], value);
        Atomic.Max(ref integers[1], value);
        Atomic.Min(ref integers[2], value);
        Atomic.Or(ref integers[3], 1 << (value & 15));
        Atomic.Add(ref singles[0], value);
        Atomic.Max(ref singles[1], value);
    }

    /// <summary>Five results for each thread of a group of one full warp of 32.</summary>
    public static void Shuffles(ArrayView<int> results)
    {
        var lane = Warp.LaneIdx;
        var row = Grid.GlobalIndex.X * 5;
        results[row] = Warp.Shuffle(lane * 10, (lane + 1) & 31);
        results[row + 1] = Warp.ShuffleXor(lane * 10, 5);
        results[row + 2] = Warp.Broadcast(lane * 10, 7);
        results[row + 3] = WarpExtensions.AllReduce<int, AddInt32>(lane);
        results[row + 4] = GroupExtensions.AllReduce<int, MaxInt32>(Group.IdxX);
    }

    public static void Votes(ArrayView<int> results)
    {
        var thread = Group.IdxX;
        var odd = Group.BarrierPopCount((thread & 1) == 1);
        var all = Group.BarrierAnd(thread < Group.DimX);
        var any = Group.BarrierOr(thread == 3);
        var third = Group.Broadcast(thread * 2, 3);
        results[thread] = odd + (all ? 100 : 0) + (any ? 1000 : 0) + third * 10000;
    }

    /// <summary>Where each thread of a three-dimensional launch says it is.</summary>
    public static void Positions(ArrayView<int> results)
    {
        var global = Grid.GlobalIndex;
        var linear = (global.Z * (Grid.DimY * Group.DimY) + global.Y) * (Grid.DimX * Group.DimX) + global.X;
        results[linear] = Grid.GlobalLinearIndex * 100 + Group.LinearIndex;
    }

    public static void LocalSquares(ArrayView<int> results)
    {
        var local = LocalMemory.Allocate<int>(4);
        for (var i = 0; i < 4; i++)
            local[i] = (Group.IdxX + i) * (Group.IdxX + i);
        Group.Barrier();
        var sum = 0;
        for (var i = 0; i < 4; i++)
            sum += local[i];
        results[Group.IdxX] = sum;
    }
}
