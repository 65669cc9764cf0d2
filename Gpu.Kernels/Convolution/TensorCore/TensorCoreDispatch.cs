using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>Generic call that receives a tensor-core unit and a tile as type arguments.</summary>
internal interface ITensorCoreCall
{
    void Invoke<TUnit, TTile>()
        where TUnit : struct, ITensorCoreUnit
        where TTile : struct, IBlockTile;
}

/// <summary>Selects the unit by the precision of the device, and the tile by the extents of the product.</summary>
internal static class TensorCoreDispatch
{
    /// <summary>Invokes a call with the unit and the tile.</summary>
    /// <param name="launcher">launcher of the device</param>
    /// <param name="rows">rows of the product</param>
    /// <param name="columns">columns of the product</param>
    /// <param name="products">number of such products in the launch</param>
    /// <param name="call">the call</param>
    public static void Call<TCall>(ITensorCoreLauncher launcher, int rows, int columns, int products, ref TCall call)
        where TCall : struct, ITensorCoreCall
    {
        if (columns <= NarrowTile.Columns) InvokeWithTile<TCall, NarrowTile>(launcher, ref call);
        else if (columns > TallTile.Columns && FillsDevice<LargeTile>(launcher, rows, columns, products)) InvokeWithTile<TCall, LargeTile>(launcher, ref call);
        else if (columns <= TallTile.Columns && FillsDevice<TallTile>(launcher, rows, columns, products)) InvokeWithTile<TCall, TallTile>(launcher, ref call);
        else InvokeWithTile<TCall, MediumTile>(launcher, ref call);
    }

    // Whether there are nine tiles for ten multiprocessors, and tiles are more than half full. By the model of an H200 (docs/gpu.md), 128 large tiles on 132
    // multiprocessors take 0.6 of the time of smaller ones.
    private static bool FillsDevice<TTile>(ITensorCoreLauncher launcher, int rows, int columns, int products)
        where TTile : struct, IBlockTile =>
        rows > MediumTile.Rows
        && (long)IntMath.DivRoundUp(rows, TTile.Rows) * IntMath.DivRoundUp(columns, TTile.Columns) * products * 10 >= launcher.Multiprocessors * 9;

    private static void InvokeWithTile<TCall, TTile>(ITensorCoreLauncher launcher, ref TCall call)
        where TCall : struct, ITensorCoreCall
        where TTile : struct, IBlockTile
    {
        if (launcher.Precision == MatrixPrecision.Fp16) call.Invoke<Fp16Unit, TTile>();
        else call.Invoke<Tf32Unit, TTile>();
    }
}
