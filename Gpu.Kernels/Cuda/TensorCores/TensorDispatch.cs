using Gpu.Kernels.Launching;

namespace Gpu.Kernels.Cuda.TensorCores;

/// <summary>Something to be called with a matrix unit and a tile as types.</summary>
internal interface ITensorCall
{
    void With<TUnit, TTile>()
        where TUnit : struct, IMatrixUnit
        where TTile : struct, IBlockTile;
}

/// <summary>From what a device has and a product's extents to the types that serve it best.</summary>
internal static class TensorDispatch
{
    /// <summary>Whether a product is worth the tensor cores: enough of it, and enough channels on both sides that the tiles are not mostly filled with zeros.</summary>
    /// <param name="matrices">what the device offers; null for 32-bit products</param>
    /// <param name="multiplyAdds">of the whole product</param>
    /// <param name="inputs">channels of a group that are summed over (with each tap)</param>
    /// <param name="outputs">channels of a group that are computed</param>
    public static bool Suits(IMatrixLauncher? matrices, long multiplyAdds, int inputs, int outputs) =>
        matrices is not null && multiplyAdds >= matrices.LeastWork && inputs >= 8 && outputs >= 8;

    /// <summary>Calls with the types.</summary>
    public static void Call<TCall>(IMatrixLauncher matrices, int rows, int columns, int repeats, ref TCall call)
        where TCall : struct, ITensorCall
    {
        var large = (long)Items.Covering(rows, LargeTile.Rows) * Items.Covering(columns, LargeTile.Columns) * repeats;
        if (columns <= NarrowTile.Columns) WithTile<TCall, NarrowTile>(matrices, ref call);
        else if (columns > MediumTile.Columns && large >= matrices.Multiprocessors) WithTile<TCall, LargeTile>(matrices, ref call);
        else WithTile<TCall, MediumTile>(matrices, ref call);
    }

    private static void WithTile<TCall, TTile>(IMatrixLauncher matrices, ref TCall call)
        where TCall : struct, ITensorCall
        where TTile : struct, IBlockTile
    {
        var half = matrices.Precision == MatrixPrecision.Fp16;
        if (matrices.IsEmulated && half) call.With<EmulatedUnit<Fp16Format>, TTile>();
        else if (matrices.IsEmulated) call.With<EmulatedUnit<Tf32Format>, TTile>();
        else if (half) call.With<Fp16PtxUnit, TTile>();
        else call.With<Tf32PtxUnit, TTile>();
    }
}
