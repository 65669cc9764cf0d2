using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Convolution;

/// <summary>Launches <see cref="GroupedWeightGradient{TMachine,TVector,TTile}"/>, and the sum of its splits where there are several.</summary>
internal readonly struct GroupedWeightGradientLaunch(
    ConvolutionShape shape, DeviceView input, DeviceView outputGradient, DeviceView weightGradient, DeviceView biasGradient, DeviceView workspace)
{
    /// <summary>Words of partial sums that any device needs.</summary>
    public static int PartialLength(ConvolutionShape shape) => shape.Groups > 1 ? 0 : GroupPlan.PartialLength(1, SplitStride(shape), (long)shape.Batch * shape.OutputHeight * shape.OutputWidth);

    /// <summary>Launches the kernels.</summary>
    public void Launch<TMachine, TVector>(ILauncher<TMachine> launcher)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        // Of the machines that an operation is launched with, these are the two that have groups.
        switch (launcher)
        {
            case ILauncher<Gpu4> four: Groups<Gpu4, Float4>(four, input.Offset % 4 == 0); break;
            case ILauncher<Gpu1> one: Groups<Gpu1, float>(one, aligned: true); break;
            default: throw new NotSupportedException($"{typeof(TMachine).Name} has no groups of threads");
        }
    }

    // Weights and then bias, so that both begin at a vector's boundary.
    private static int SplitStride(ConvolutionShape shape) => (shape.WeightLength + shape.OutputChannels + 15) / 16 * 16;

    private void Groups<TMachine, TVector>(ILauncher<TMachine> launcher, bool aligned)
        where TMachine : struct, IMachine<TMachine, TVector>, IGpuMachine<TMachine>
        where TVector : unmanaged
    {
        var g = WeightGradientGeometry.For(shape, TMachine.Width, TMachine.ItemIsThread);
        if (shape.IsPointwise)
        {
            // One matrix product: all pixels in one row.
            (g.InputHeight, g.OutputHeight) = (1, 1);
            (g.InputWidth, g.OutputWidth) = (g.Pixels, g.Pixels);
        }

        var call = new TileCall<TMachine, TVector>(launcher, this, g, aligned && shape.InputChannels % 4 == 0);
        GroupPlan.Call(launcher.Groups!.Value, shape.KernelHeight * shape.KernelWidth * shape.InputChannels, shape.OutputChannels, g.Pixels, SplitStride(shape), ref call);
    }

    private void Launch<TMachine, TVector, TTile>(ILauncher<TMachine> launcher, WeightGradientGeometry g, GroupGrid grid, bool quads)
        where TMachine : struct, IMachine<TMachine, TVector>, IGpuMachine<TMachine>
        where TVector : unmanaged
        where TTile : struct, IGroupTile
    {
        var split = grid.Splits > 1;
        var biasPartials = split ? workspace.Slice(shape.WeightLength, workspace.Length - shape.WeightLength) : biasGradient;
        var kernel = new GroupedWeightGradient<TMachine, TVector, TTile>
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
        launcher.LaunchGroups(kernel, checked(grid.RowBlocks * grid.ColumnBlocks * grid.Splits), TileMemory.Threads<TTile>());
        if (split) WeightGradientOperation.SumUp<TMachine, TVector>(launcher, workspace, weightGradient, biasGradient, grid.Splits, SplitStride(shape));
    }

    private readonly struct TileCall<TMachine, TVector>(ILauncher<TMachine> launcher, GroupedWeightGradientLaunch launch, WeightGradientGeometry g, bool quads) : IGroupTileCall
        where TMachine : struct, IMachine<TMachine, TVector>, IGpuMachine<TMachine>
        where TVector : unmanaged
    {
        public void With<TTile>(GroupGrid grid)
            where TTile : struct, IGroupTile => launch.Launch<TMachine, TVector, TTile>(launcher, g, grid, quads);
    }
}
