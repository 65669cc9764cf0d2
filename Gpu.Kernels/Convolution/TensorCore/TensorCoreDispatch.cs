using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>Something to be called with a matrix unit and a tile as types.</summary>
internal interface ITensorCoreCall
{
    void Invoke<TUnit, TTile>()
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
        if (columns <= NarrowTile.Columns) InvokeWithTile<TCall, NarrowTile>(matrices, ref call);
        else if (columns > TallTile.Columns && FillsDevice<LargeTile>(matrices, rows, columns, repeats)) InvokeWithTile<TCall, LargeTile>(matrices, ref call);
        else if (columns <= TallTile.Columns && FillsDevice<TallTile>(matrices, rows, columns, repeats)) InvokeWithTile<TCall, TallTile>(matrices, ref call);
        else InvokeWithTile<TCall, MediumTile>(matrices, ref call);
    }

    // Whether there are tiles for all multiprocessors, and they are not half empty.
    private static bool FillsDevice<TTile>(ITensorCoreLauncher matrices, int rows, int columns, int repeats)
        where TTile : struct, IBlockTile =>
        rows > MediumTile.Rows && (long)IntMath.DivRoundUp(rows, TTile.Rows) * IntMath.DivRoundUp(columns, TTile.Columns) * repeats >= matrices.Multiprocessors;

    private static void InvokeWithTile<TCall, TTile>(ITensorCoreLauncher matrices, ref TCall call)
        where TCall : struct, ITensorCoreCall
        where TTile : struct, IBlockTile
    {
        if (matrices.Precision == MatrixPrecision.Fp16) call.Invoke<Fp16Unit, TTile>();
        else call.Invoke<Tf32Unit, TTile>();
    }
}
