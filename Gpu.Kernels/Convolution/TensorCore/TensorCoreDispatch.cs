using Gpu.Kernels.Backends;
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
        rows > MediumTile.Rows && (long)IntMath.DivRoundUp(rows, TTile.Rows) * IntMath.DivRoundUp(columns, TTile.Columns) * repeats >= matrices.Multiprocessors;

    private static void WithTile<TCall, TTile>(ITensorCoreLauncher matrices, ref TCall call)
        where TCall : struct, ITensorCoreCall
        where TTile : struct, IBlockTile
    {
        if (matrices.Precision == MatrixPrecision.Fp16) call.With<Fp16Unit, TTile>();
        else call.With<Tf32Unit, TTile>();
    }
}
