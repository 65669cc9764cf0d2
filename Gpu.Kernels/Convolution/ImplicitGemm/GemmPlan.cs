using System.Numerics;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Generic call that receives a tile as a type argument.</summary>
internal interface IGemmTileCall
{
    void Invoke<TTile>(GemmGrid grid)
        where TTile : struct, IGemmTile;
}

/// <summary>
/// Chooses the tile and the number of splits of an implicit GEMM, by the estimated time. The choice depends on the number of multiprocessors and the maximum
/// group size of the device. So do the last bits of the result, but on one device they are always the same.
/// </summary>
internal static class GemmPlan
{
    /// <summary>Maximum words of the partial sums of all splits.</summary>
    public const int MaxPartialWords = 1 << 22;

    private const int MaxSplits = 1024;

    // Steps of a split. With fewer, the time to store and add its sums exceeds the gain.
    private const int MinSteps = 4;

    // Cost model of an NVIDIA GPU, measured with tools/cuda-emulator: cycles of a group before its first step and after its last one; cycles of the second
    // launch; words of partial sums that all multiprocessors together write and read back in one cycle.
    private const double GroupCycles = 1800, LaunchCycles = 4000, WordsPerCycle = 400;

    // Instructions that a multiprocessor issues in a cycle, and threads of a warp.
    private const int Schedulers = 4, WarpThreads = 32;

    /// <summary>Returns whether a device can run implicit GEMM.</summary>
    public static bool IsPossible(GroupLimits? limits) =>
        limits is { } known && known.MaxThreads >= GemmTileMemory.Threads<Tile16x16>() && known.SharedBytes >= SharedBytes<Tile128x128>();

    /// <summary>Returns the maximum words of partial sums for a product of this size, on any device.</summary>
    public static int PartialLength(long rows, long columns, long depth)
    {
        var splits = Math.Min(MaxSplits, (depth + GemmTileMemory.Depth - 1) / GemmTileMemory.Depth / MinSteps);
        return splits < 2 || 2 * rows * columns > MaxPartialWords ? 0 : (int)Math.Min(MaxPartialWords, splits * rows * columns);
    }

    /// <summary>Whether a thread of a tile does without spills on a device with <see cref="GroupLimits.HasFewRegisters"/>.</summary>
    /// <param name="backend">the backend of the kernel</param>
    /// <param name="tile">the tile</param>
    /// <remarks>
    /// Intel's ocloc, for dg2, adls and skl: with 64 sums, every form of both kernels spills 42 to 96 registers of 128. With 32 sums, the weight gradient
    /// spills 3 to 7 with single floats, and 4 to 5 with the half of 64 x 64.
    /// </remarks>
    public static bool FitsFewRegisters(Type backend, Type tile) => tile == typeof(Tile32x32) || tile == typeof(Tile16x16)
        || (backend != typeof(GpuScalarBackend) && tile == typeof(Tile128x32));

    /// <summary>Invokes a call with the tile and the grid.</summary>
    /// <typeparam name="TBackend">the backend of the kernel</typeparam>
    /// <typeparam name="TCall">the call</typeparam>
    /// <param name="limits">limits of the device</param>
    /// <param name="rows">rows of the product</param>
    /// <param name="columns">columns of the product</param>
    /// <param name="depth">extent of k: number of products that are summed for each element</param>
    /// <param name="splitWords">words of the partial sums of one split</param>
    /// <param name="call">the call</param>
    public static void Call<TBackend, TCall>(GroupLimits limits, int rows, int columns, int depth, int splitWords, ref TCall call)
        where TBackend : struct, IGpuBackend<TBackend>
        where TCall : struct, IGemmTileCall
    {
        var best = new Choice(double.PositiveInfinity, 0, default);
        var size = (rows, columns, depth, splitWords);
        Consider<TBackend, Tile128x128>(0, new(Instructions: 680, Latency: 1500, Accesses: 1180, Resident: 2), limits, size, ref best);
        Consider<TBackend, Tile64x64>(1, new(Instructions: 740, Latency: 1000, Accesses: 320, Resident: 6), limits, size, ref best);
        Consider<TBackend, Tile64x64Half>(2, new(Instructions: 415, Latency: 600, Accesses: 455, Resident: 4), limits, size, ref best);
        Consider<TBackend, Tile128x32>(3, new(Instructions: 450, Latency: 650, Accesses: 465, Resident: 4), limits, size, ref best);
        Consider<TBackend, Tile32x32>(4, new(Instructions: 265, Latency: 450, Accesses: 180, Resident: 12), limits, size, ref best);
        // Groups of 16 threads are for devices that cannot run larger ones.
        if (double.IsInfinity(best.Time))
            Consider<TBackend, Tile16x16>(5, new(Instructions: 335, Latency: 450, Accesses: 180, Resident: 20), limits, size, ref best);
        switch (best.Tile)
        {
            case 0: call.Invoke<Tile128x128>(best.Grid); break;
            case 1: call.Invoke<Tile64x64>(best.Grid); break;
            case 2: call.Invoke<Tile64x64Half>(best.Grid); break;
            case 3: call.Invoke<Tile128x32>(best.Grid); break;
            case 4: call.Invoke<Tile32x32>(best.Grid); break;
            default: call.Invoke<Tile16x16>(best.Grid); break;
        }
    }

    private static int SharedBytes<TTile>()
        where TTile : struct, IGemmTile => 2 * GemmTileMemory.StageQuads<TTile>() * 16;

    private static void Consider<TBackend, TTile>(
        int tile, in StepCost cost, GroupLimits limits, (int Rows, int Columns, int Depth, int SplitWords) size, ref Choice best)
        where TBackend : struct, IGpuBackend<TBackend>
        where TTile : struct, IGemmTile
    {
        if (limits.HasFewRegisters && !FitsFewRegisters(typeof(TBackend), typeof(TTile))) return;
        if (GemmTileMemory.Threads<TTile>() > limits.MaxThreads) return;
        var (rows, columns, depth, splitWords) = size;
        var grid = new GemmGrid
        {
            RowBlocks = IntMath.DivRoundUp(rows, GemmTileMemory.Rows<TTile>()),
            ColumnBlocks = IntMath.DivRoundUp(columns, GemmTileMemory.Columns<TTile>()),
            Steps = IntMath.DivRoundUp(depth, GemmTileMemory.Depth),
        };
        var blocks = (double)grid.RowBlocks * grid.ColumnBlocks;
        var warps = IntMath.DivRoundUp(GemmTileMemory.Threads<TTile>(), WarpThreads);
        // 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, ...: four numbers between consecutive powers of two.
        for (var splits = 1; splits <= MaxSplits; splits += Math.Max(1, (1 << BitOperations.Log2((uint)splits)) / 4))
        {
            if (splits > 1 && (grid.Steps < MinSteps * splits || (long)splits * splitWords > MaxPartialWords)) break;
            grid.StepsPerSplit = IntMath.DivRoundUp(grid.Steps, splits);
            grid.Splits = grid.Steps == 0 ? 1 : IntMath.DivRoundUp(grid.Steps, grid.StepsPerSplit);
            // The time of the busiest multiprocessor: its groups run in waves of at most cost.Resident.
            var groups = Math.Ceiling(blocks * grid.Splits / limits.Multiprocessors);
            var waves = Math.Ceiling(groups / cost.Resident);
            var step = Math.Max(cost.Latency, groups / waves * Math.Max(warps * cost.Instructions / Schedulers, cost.Accesses));
            var time = waves * (GroupCycles + grid.StepsPerSplit * step);
            if (grid.Splits > 1) time += LaunchCycles + 2.0 * grid.Splits * splitWords / WordsPerCycle;
            if (time < best.Time) best = new(time, tile, grid);
        }
    }

    // Cost of one step of a tile. Instructions of a warp: counted in the machine code of ptxas 12.4 for sm_90, on the path of channels that are a multiple of
    // four, as the mean of forward pass, input gradient and weight gradient. Latency: cycles if no other group is resident. Accesses: cycles of shared memory
    // for a group. Resident: groups whose registers fit on a multiprocessor.
    private readonly record struct StepCost(double Instructions, double Latency, double Accesses, int Resident);

    private readonly record struct Choice(double Time, int Tile, GemmGrid Grid);
}
