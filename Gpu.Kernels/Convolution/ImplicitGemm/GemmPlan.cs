using System.Numerics;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Something to be called with a tile as a type.</summary>
internal interface IGemmTileCall
{
    void Invoke<TTile>(GemmGrid grid)
        where TTile : struct, IGemmTile;
}

/// <summary>
/// Chooses the tile of a grouped product, and how many splits its sums are cut into: the choice with the least estimated time. It depends on the device's
/// multiprocessors and group size, and so do the last bits of the result; on one device they are always the same.
/// </summary>
internal static class GemmPlan
{
    /// <summary>Words that the splits' partial sums may take together.</summary>
    public const int MaxPartialWords = 1 << 20;

    private const int MaxSplits = 1024;

    // Steps that a split has at least: fewer would not be worth storing and adding its sums.
    private const int MinSteps = 4;

    // Cycles of an NVIDIA GPU: from a group's start to its first step and from its last to its end; the second launch; words of partial sums that all
    // multiprocessors together write and read again in one. Counted by the cost model of the CUDA emulator.
    private const double GroupCycles = 1800, LaunchCycles = 4000, WordsPerCycle = 400;

    // Instructions that a multiprocessor begins in a cycle, and threads of a warp.
    private const int Schedulers = 4, WarpThreads = 32;

    /// <summary>Whether a device can run grouped products.</summary>
    public static bool IsPossible(GroupLimits? limits) =>
        limits is { } known && known.MaxThreads >= GemmTileMemory.Threads<Tile16x16>() && known.SharedBytes >= SharedBytes<Tile128x128>();

    /// <summary>Words that the partial sums of a product of this size take at most, on any device.</summary>
    public static int PartialLength(long rows, long columns, long depth)
    {
        var splits = Math.Min(MaxSplits, (depth + GemmTileMemory.Depth - 1) / GemmTileMemory.Depth / MinSteps);
        return splits < 2 || 2 * rows * columns > MaxPartialWords ? 0 : (int)Math.Min(MaxPartialWords, splits * rows * columns);
    }

    /// <summary>Calls with the tile and the grid.</summary>
    /// <param name="limits">what the device has</param>
    /// <param name="rows">rows of the product</param>
    /// <param name="columns">columns of the product</param>
    /// <param name="depth">products that each element is the sum of</param>
    /// <param name="splitWords">words of a split's partial sums</param>
    /// <param name="call">what to call</param>
    public static void Call<TCall>(GroupLimits limits, int rows, int columns, int depth, int splitWords, ref TCall call)
        where TCall : struct, IGemmTileCall
    {
        var best = new Choice(double.PositiveInfinity, 0, default);
        Consider<Tile128x128>(0, new(Instructions: 690, Latency: 1500, Accesses: 1180, Resident: 2), limits, rows, columns, depth, splitWords, ref best);
        Consider<Tile64x64>(1, new(Instructions: 790, Latency: 1000, Accesses: 320, Resident: 5), limits, rows, columns, depth, splitWords, ref best);
        Consider<Tile64x64Half>(2, new(Instructions: 430, Latency: 600, Accesses: 455, Resident: 4), limits, rows, columns, depth, splitWords, ref best);
        Consider<Tile128x32>(3, new(Instructions: 460, Latency: 650, Accesses: 465, Resident: 4), limits, rows, columns, depth, splitWords, ref best);
        Consider<Tile32x32>(4, new(Instructions: 290, Latency: 450, Accesses: 180, Resident: 11), limits, rows, columns, depth, splitWords, ref best);
        // A group of a single warp or less is for devices that have no larger ones.
        if (double.IsInfinity(best.Time)) Consider<Tile16x16>(5, new(Instructions: 290, Latency: 450, Accesses: 180, Resident: 16), limits, rows, columns, depth, splitWords, ref best);
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

    private static void Consider<TTile>(int tile, in StepCost cost, GroupLimits limits, int rows, int columns, int depth, int splitWords, ref Choice best)
        where TTile : struct, IGemmTile
    {
        if (GemmTileMemory.Threads<TTile>() > limits.MaxThreads) return;
        var grid = new GemmGrid
        {
            RowBlocks = IntMath.DivRoundUp(rows, GemmTileMemory.Rows<TTile>()),
            ColumnBlocks = IntMath.DivRoundUp(columns, GemmTileMemory.Columns<TTile>()),
            Steps = IntMath.DivRoundUp(depth, GemmTileMemory.Depth),
        };
        var blocks = (double)grid.RowBlocks * grid.ColumnBlocks;
        var warps = IntMath.DivRoundUp(GemmTileMemory.Threads<TTile>(), WarpThreads);
        // 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, ...: four for each power of two.
        for (var splits = 1; splits <= MaxSplits; splits += Math.Max(1, (1 << BitOperations.Log2((uint)splits)) / 4))
        {
            if (splits > 1 && (grid.Steps < MinSteps * splits || (long)splits * splitWords > MaxPartialWords)) break;
            grid.StepsPerSplit = IntMath.DivRoundUp(grid.Steps, splits);
            grid.Splits = grid.Steps == 0 ? 1 : IntMath.DivRoundUp(grid.Steps, grid.StepsPerSplit);
            // What the busiest multiprocessor does: so many groups at the same time, so often.
            var groups = Math.Ceiling(blocks * grid.Splits / limits.Multiprocessors);
            var waves = Math.Ceiling(groups / cost.Resident);
            var step = Math.Max(cost.Latency, groups / waves * Math.Max(warps * cost.Instructions / Schedulers, cost.Accesses));
            var time = waves * (GroupCycles + grid.StepsPerSplit * step);
            if (grid.Splits > 1) time += LaunchCycles + 2.0 * grid.Splits * splitWords / WordsPerCycle;
            if (time < best.Time) best = new(time, tile, grid);
        }
    }

    // Of a step of a tile: instructions of a warp, cycles that a group alone takes, cycles of the multiprocessor's shared memory for a group; and groups that a
    // multiprocessor has room for.
    private readonly record struct StepCost(double Instructions, double Latency, double Accesses, int Resident);

    private readonly record struct Choice(double Time, int Tile, GemmGrid Grid);
}
