using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Launches <see cref="ImplicitGemmWeightGradient{TBackend,TVector,TTile}"/>, and the sum of its splits where there are several.</summary>
internal readonly struct ImplicitGemmWeightGradientLaunch(
    Conv2dShape shape, DeviceView input, DeviceView outputGradient, DeviceView weightGradient, DeviceView biasGradient, DeviceView workspace)
{
    /// <summary>Words of partial sums that any device needs.</summary>
    public static int PartialLength(Conv2dShape shape) => shape.Groups > 1 ? 0 : GemmPlan.PartialLength(1, SplitStride(shape), (long)shape.Batch * shape.OutputHeight * shape.OutputWidth);

    /// <summary>Launches the kernels.</summary>
    public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        // Of the machines that an operation is launched with, these are the two that have groups.
        switch (launcher)
        {
            case ILauncher<GpuVector4Backend> four: Groups<GpuVector4Backend, Float4>(four, input.Offset % 4 == 0); break;
            case ILauncher<GpuScalarBackend> one: Groups<GpuScalarBackend, float>(one, aligned: true); break;
            default: throw new NotSupportedException($"{typeof(TBackend).Name} has no groups of threads");
        }
    }

    // Weights and then bias, so that both begin at a vector's boundary.
    private static int SplitStride(Conv2dShape shape) => (shape.WeightLength + shape.OutputChannels + 15) / 16 * 16;

    private void Groups<TBackend, TVector>(ILauncher<TBackend> launcher, bool aligned)
        where TBackend : struct, IVectorBackend<TBackend, TVector>, IGpuBackend<TBackend>
        where TVector : unmanaged
    {
        var g = DirectWeightGradientGeometry.For(shape, TBackend.Width, TBackend.IsGpu);
        if (shape.IsPointwise)
        {
            // One matrix product: all pixels in one row.
            (g.InputHeight, g.OutputHeight) = (1, 1);
            (g.InputWidth, g.OutputWidth) = (g.Pixels, g.Pixels);
        }

        var call = new TileCall<TBackend, TVector>(launcher, this, g, aligned && shape.InputChannels % 4 == 0);
        GemmPlan.Call(launcher.Groups!.Value, shape.KernelHeight * shape.KernelWidth * shape.InputChannels, shape.OutputChannels, g.Pixels, SplitStride(shape), ref call);
    }

    private void Launch<TBackend, TVector, TTile>(ILauncher<TBackend> launcher, DirectWeightGradientGeometry g, GemmGrid grid, bool quads)
        where TBackend : struct, IVectorBackend<TBackend, TVector>, IGpuBackend<TBackend>
        where TVector : unmanaged
        where TTile : struct, IGemmTile
    {
        var split = grid.Splits > 1;
        var biasPartials = split ? workspace.Slice(shape.WeightLength, workspace.Length - shape.WeightLength) : biasGradient;
        var kernel = new ImplicitGemmWeightGradient<TBackend, TVector, TTile>
        {
            Input = launcher.Bind(input),
            OutputGradient = launcher.Bind(outputGradient),
            Target = launcher.Bind(split ? workspace : weightGradient),
            BiasTarget = launcher.Bind(biasPartials),
            Geometry = g,
            TapsX = shape.KernelWidth,
            Rows = shape.KernelHeight * shape.KernelWidth * shape.InputChannels,
            Grid = grid,
            SplitStride = SplitStride(shape),
            HasBias = !biasGradient.IsEmpty,
            AddToTarget = !split,
            Quads = quads,
        };
        launcher.LaunchGroups(kernel, checked(grid.RowBlocks * grid.ColumnBlocks * grid.Splits), GemmTileMemory.Threads<TTile>());
        if (split) Conv2dWeightGradientOperation.SumUp<TBackend, TVector>(launcher, workspace, weightGradient, biasGradient, grid.Splits, SplitStride(shape));
    }

    private readonly struct TileCall<TBackend, TVector>(ILauncher<TBackend> launcher, ImplicitGemmWeightGradientLaunch launch, DirectWeightGradientGeometry g, bool quads) : IGemmTileCall
        where TBackend : struct, IVectorBackend<TBackend, TVector>, IGpuBackend<TBackend>
        where TVector : unmanaged
    {
        public void With<TTile>(GemmGrid grid)
            where TTile : struct, IGemmTile => launch.Launch<TBackend, TVector, TTile>(launcher, g, grid, quads);
    }
}
