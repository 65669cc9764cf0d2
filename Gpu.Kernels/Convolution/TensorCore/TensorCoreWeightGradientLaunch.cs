using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>Launches <see cref="TensorCoreWeightGradient{TUnit,TTile}"/>, and for split-K the sum of the splits.</summary>
internal static class TensorCoreWeightGradientLaunch
{
    /// <summary>Launches a weight gradient.</summary>
    public static void Launch<TBackend, TVector>(ILauncher<TBackend> launcher, in Conv2dGradientArguments a)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var call = new TileCall(launcher.TensorCores!, a);
        // Splits provide enough groups for any tile size, hence int.MaxValue.
        TensorCoreDispatch.Call(
            launcher.TensorCores!, a.Shape.KernelHeight * a.Shape.KernelWidth * a.Shape.InputPerGroup, a.Shape.OutputPerGroup, int.MaxValue, ref call);
        if (call.Splits > 1) SplitKReduceLaunch.AddWeightsAndBias<TBackend, TVector>(launcher, a, call.Splits, call.SplitStride);
    }

    private struct TileCall(ITensorCoreLauncher launcher, Conv2dGradientArguments a) : ITensorCoreCall
    {
        public int Splits { get; private set; }

        public int SplitStride { get; private set; }

        public void Invoke<TUnit, TTile>()
            where TUnit : struct, ITensorCoreUnit
            where TTile : struct, IBlockTile
        {
            var shape = a.Shape;
            var g = TensorCoreWeightGradientGeometry.For(shape, TTile.Rows, TTile.Columns, TUnit.Depth, a.Workspace.Length, launcher.Multiprocessors);
            (Splits, SplitStride) = (g.Splits, g.SplitStride);
            var split = g.Splits > 1;
            var target = split ? a.Workspace : a.WeightGradient;
            var quads = shape.OutputPerGroup % 4 == 0;
            var kernel = new TensorCoreWeightGradient<TUnit, TTile>
            {
                Input = launcher.View(a.Input),
                OutputGradient = launcher.View(a.OutputGradient),
                Target = launcher.View(target),
                BiasTarget = launcher.View(split ? a.BiasPartials : a.BiasGradient),
                InputAddress = launcher.Address(a.Input),
                OutputGradientAddress = launcher.Address(a.OutputGradient),
                Geometry = g,
                HasBias = !a.BiasGradient.IsEmpty,
                AddToTarget = !split,
                VectorInput = shape.InputPerGroup % 4 == 0 && a.Input.Offset % 4 == 0,
                VectorGradient = quads && a.OutputGradient.Offset % 4 == 0,
                VectorTarget = quads && target.Offset % 4 == 0,
            };
            launcher.LaunchGroups(kernel, g.RowTiles * g.ColumnTiles * g.Groups * g.Splits, SharedTiles<TUnit, TTile>.Threads);
        }
    }
}
