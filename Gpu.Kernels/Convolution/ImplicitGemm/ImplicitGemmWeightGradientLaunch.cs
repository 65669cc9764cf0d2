using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Launches <see cref="ImplicitGemmWeightGradient{TBackend,TVector,TTile}"/>, and for split-K the sum of the splits.</summary>
internal static class ImplicitGemmWeightGradientLaunch
{
    /// <summary>Words of workspace for the partial sums, on any device.</summary>
    public static int WorkspaceLength(Conv2dShape shape) =>
        shape.Groups > 1 ? 0 : GemmPlan.PartialLength(1, SplitStride(shape), (long)shape.Batch * shape.OutputHeight * shape.OutputWidth);

    /// <summary>Launches a weight gradient.</summary>
    /// <exception cref="NotSupportedException">the device has no thread groups</exception>
    public static void Launch<TBackend, TVector>(ILauncher<TBackend> launcher, in Conv2dGradientArguments a)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        // Only these two backends have thread groups. The scalar backend needs no alignment.
        switch (launcher)
        {
            case ILauncher<GpuVector4Backend> vector4: LaunchTiles<GpuVector4Backend, Float4>(vector4, a, aligned: a.Input.Offset % 4 == 0); break;
            case ILauncher<GpuScalarBackend> scalar: LaunchTiles<GpuScalarBackend, float>(scalar, a, aligned: true); break;
            default: throw new NotSupportedException($"{typeof(TBackend).Name} has no groups of threads");
        }
    }

    // Weights followed by the bias, rounded up to a multiple of 16 words.
    private static int SplitStride(Conv2dShape shape) => (shape.WeightLength + shape.OutputChannels + 15) / 16 * 16;

    private static void LaunchTiles<TBackend, TVector>(ILauncher<TBackend> launcher, Conv2dGradientArguments a, bool aligned)
        where TBackend : struct, IVectorBackend<TBackend, TVector>, IGpuBackend<TBackend>
        where TVector : unmanaged
    {
        var shape = a.Shape;
        var g = DirectWeightGradientGeometry.For(shape, TBackend.Width, TBackend.IsGpu);
        if (shape.IsPointwise)
        {
            // A matrix product has no images: all pixels form one row.
            (g.InputHeight, g.OutputHeight) = (1, 1);
            (g.InputWidth, g.OutputWidth) = (g.Pixels, g.Pixels);
        }

        var call = new TileCall<TBackend, TVector>(launcher, a, g, aligned && shape.InputChannels % 4 == 0);
        var rows = shape.KernelHeight * shape.KernelWidth * shape.InputChannels;
        GemmPlan.Call<TBackend, TileCall<TBackend, TVector>>(
            launcher.Groups!.Value, rows, shape.OutputChannels, g.Pixels, SplitStride(shape), ref call);
    }

    private readonly struct TileCall<TBackend, TVector>(ILauncher<TBackend> launcher, Conv2dGradientArguments a, DirectWeightGradientGeometry g, bool quads)
        : IGemmTileCall
        where TBackend : struct, IVectorBackend<TBackend, TVector>, IGpuBackend<TBackend>
        where TVector : unmanaged
    {
        public void Invoke<TTile>(GemmGrid grid)
            where TTile : struct, IGemmTile
        {
            var shape = a.Shape;
            var split = grid.Splits > 1;
            var kernel = new ImplicitGemmWeightGradient<TBackend, TVector, TTile>
            {
                Input = launcher.Bind(a.Input),
                OutputGradient = launcher.Bind(a.OutputGradient),
                Target = launcher.Bind(split ? a.Workspace : a.WeightGradient),
                BiasTarget = launcher.Bind(split ? a.BiasPartials : a.BiasGradient),
                Geometry = g,
                TapsX = shape.KernelWidth,
                Rows = shape.KernelHeight * shape.KernelWidth * shape.InputChannels,
                Grid = grid,
                SplitStride = SplitStride(shape),
                HasBias = !a.BiasGradient.IsEmpty,
                AddToTarget = !split,
                Quads = quads,
            };
            launcher.LaunchGroups(kernel, checked(grid.RowBlocks * grid.ColumnBlocks * grid.Splits), GemmTileMemory.Threads<TTile>());
            if (split) SplitKReduceLaunch.AddWeightsAndBias<TBackend, TVector>(launcher, a, grid.Splits, SplitStride(shape));
        }
    }
}
