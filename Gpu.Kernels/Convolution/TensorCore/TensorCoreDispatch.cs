using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>Something to be called with a matrix unit and a tile as types.</summary>
internal interface ITensorCoreCall
{
    void With<TUnit, TTile>()
        where TUnit : struct, ITensorCoreUnit
        where TTile : struct, IBlockTile;
}

/// <summary>From what a device has and a product's extents to the types that serve it best.</summary>
internal static class TensorCoreDispatch
{
    /// <summary>Whether a product is worth the tensor cores: enough of it, and enough channels on both sides that the tiles are not mostly filled with zeros.</summary>
    /// <param name="matrices">what the device offers; null for 32-bit products</param>
    /// <param name="multiplyAdds">of the whole product</param>
    /// <param name="inputs">channels of a group that are summed over (with each tap)</param>
    /// <param name="outputs">channels of a group that are computed</param>
    public static bool Suits(ITensorCoreLauncher? matrices, long multiplyAdds, int inputs, int outputs) =>
        matrices is not null && multiplyAdds >= matrices.LeastWork && inputs >= 8 && outputs >= 8;

    /// <summary>
    /// Whether a product is done sooner on the tensor cores, where its sums are not split: with few tiles the steps of one, in turn, take longer than the 32-bit kernels,
    /// which cut them up for all multiprocessors.
    /// </summary>
    /// <param name="matrices">what the device offers</param>
    /// <param name="rows">rows of the product</param>
    /// <param name="columns">columns of the product</param>
    /// <param name="depth">products that each element is the sum of</param>
    public static bool IsSooner(ITensorCoreLauncher matrices, int rows, int columns, int depth)
    {
        // Cycles of an H200 by the cost model of the CUDA emulator: a step of a tile whose group has no other to hide its waits; what 32-bit products take at least.
        const int stepDepth = 32, stepCycles = 950, residentGroups = 4, plainCycles = 8000;
        const double plainRate = 64;
        if (matrices.LeastWork <= 1) return true;
        var tiles = (double)Items.Covering(rows, MediumTile.Rows) * Items.Covering(columns, MediumTile.Columns);
        var waves = Math.Ceiling(tiles / (residentGroups * matrices.Multiprocessors));
        return waves * Items.Covering(depth, stepDepth) * stepCycles <= (double)rows * columns * depth / (plainRate * matrices.Multiprocessors) + plainCycles;
    }

    /// <summary>Calls with the types.</summary>
    public static void Call<TCall>(ITensorCoreLauncher matrices, int rows, int columns, int repeats, ref TCall call)
        where TCall : struct, ITensorCoreCall
    {
        if (columns <= NarrowTile.Columns) WithTile<TCall, NarrowTile>(matrices, ref call);
        else if (columns > TallTile.Columns && Suits<LargeTile>(matrices, rows, columns, repeats)) WithTile<TCall, LargeTile>(matrices, ref call);
        else if (columns <= TallTile.Columns && Suits<TallTile>(matrices, rows, columns, repeats)) WithTile<TCall, TallTile>(matrices, ref call);
        else WithTile<TCall, MediumTile>(matrices, ref call);
    }

    // Whether there are tiles for all multiprocessors, and they are not half empty.
    private static bool Suits<TTile>(ITensorCoreLauncher matrices, int rows, int columns, int repeats)
        where TTile : struct, IBlockTile =>
        rows > MediumTile.Rows && (long)Items.Covering(rows, TTile.Rows) * Items.Covering(columns, TTile.Columns) * repeats >= matrices.Multiprocessors;

    private static void WithTile<TCall, TTile>(ITensorCoreLauncher matrices, ref TCall call)
        where TCall : struct, ITensorCoreCall
        where TTile : struct, IBlockTile
    {
        if (matrices.Precision == MatrixPrecision.Fp16) call.With<Fp16Unit, TTile>();
        else call.With<Tf32Unit, TTile>();
    }
}
