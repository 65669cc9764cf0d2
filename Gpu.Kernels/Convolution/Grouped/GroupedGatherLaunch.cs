using Gpu.Kernels.Activations;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Convolution;

/// <summary>Launches <see cref="GroupedGather{TMachine,TVector,TActivation,TTile}"/> in place of the plain kernel that the operation has set up.</summary>
internal static class GroupedGatherLaunch
{
    /// <summary>Whether a shape runs on groups where a device has them.</summary>
    public static bool Suits(GroupLimits? limits, ConvolutionShape shape) => shape.Groups == 1 && GroupPlan.Suits(limits);

    /// <summary>Words of partial sums that either pass needs on any device.</summary>
    public static int PartialLength(ConvolutionShape shape)
    {
        if (shape.Groups > 1) return 0;
        var taps = shape.KernelHeight * shape.KernelWidth;
        var forward = GroupPlan.PartialLength((long)shape.Batch * shape.OutputHeight * shape.OutputWidth, shape.OutputChannels, (long)taps * shape.InputChannels);
        return Math.Max(forward, GroupPlan.PartialLength((long)shape.Batch * shape.InputHeight * shape.InputWidth, shape.InputChannels, (long)taps * shape.OutputChannels));
    }

    /// <summary>Launches one grid of pixels.</summary>
    /// <param name="launcher">the launcher of a GPU machine</param>
    /// <param name="plain">the plain kernel with its arguments; the weights as they lie</param>
    /// <param name="workspace">at least <see cref="PartialLength"/> words</param>
    /// <param name="weightTaps">taps of the weights</param>
    /// <param name="transposed">whether the taps are reversed and the columns the weights' input channels</param>
    /// <param name="aligned">whether input and weights begin at a multiple of four words</param>
    public static void Launch<TMachine, TVector, TActivation>(
        ILauncher<TMachine> launcher, GatherConvolution<TMachine, TVector, TActivation> plain, DeviceView workspace, int weightTaps, bool transposed, bool aligned)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        // Of the machines that an operation is launched with, these are the two that have groups.
        switch ((object)plain)
        {
            case GatherConvolution<Gpu4, Float4, TActivation> four:
                LaunchTiles<Gpu4, Float4, TActivation>((ILauncher<Gpu4>)launcher, four, workspace, weightTaps, transposed, aligned);
                break;
            case GatherConvolution<Gpu1, float, TActivation> one:
                LaunchTiles<Gpu1, float, TActivation>((ILauncher<Gpu1>)launcher, one, workspace, weightTaps, transposed, aligned: true);
                break;
            default:
                throw new NotSupportedException($"{typeof(TMachine).Name} has no groups of threads");
        }
    }

    private static void LaunchTiles<TMachine, TVector, TActivation>(
        ILauncher<TMachine> launcher, in GatherConvolution<TMachine, TVector, TActivation> plain, DeviceView workspace, int weightTaps, bool transposed, bool aligned)
        where TMachine : struct, IMachine<TMachine, TVector>, IGpuMachine<TMachine>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        var g = plain.Geometry;
        var depth = g.TapsY * g.TapsX * g.InputChannels;
        var direct = g is { OutputY: 0, OutputX: 0, OutputStepY: 1, OutputStepX: 1 } && g.Rows == g.OutputHeight && g.Columns == g.OutputWidth;
        var call = new TileCall<TMachine, TVector, TActivation>(
            launcher, plain, launcher.Bind(workspace), weightTaps, depth, transposed, aligned && g.InputChannels % 4 == 0 && g.InputChannels >= TileMemory.Depth, direct);
        GroupPlan.Call(launcher.Groups!.Value, g.Pixels, g.OutputChannels, depth, g.Pixels * g.OutputChannels, ref call);
    }

    private readonly struct TileCall<TMachine, TVector, TActivation>(
        ILauncher<TMachine> launcher, GatherConvolution<TMachine, TVector, TActivation> plain, TMachine workspace, int weightTaps, int depth, bool transposed, bool quads,
        bool direct) : IGroupTileCall
        where TMachine : struct, IMachine<TMachine, TVector>, IGpuMachine<TMachine>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        public void With<TTile>(GroupGrid grid)
            where TTile : struct, IGroupTile
        {
            var split = grid.Splits > 1;
            var kernel = new GroupedGather<TMachine, TVector, TActivation, TTile>
            {
                Input = plain.Input,
                Weights = plain.Weights,
                Bias = plain.Bias,
                Output = split ? workspace : plain.Output,
                Saved = plain.Saved,
                Geometry = plain.Geometry,
                WeightTaps = weightTaps,
                Products = depth,
                Grid = grid,
                Slope = plain.Slope,
                HasBias = plain.HasBias && !split,
                Gated = plain.Gated,
                Accumulate = plain.Accumulate,
                Transposed = transposed,
                Quads = quads,
                Direct = direct,
                Partial = split,
            };
            launcher.LaunchGroups(kernel, checked(grid.RowBlocks * grid.ColumnBlocks * grid.Splits), TileMemory.Threads<TTile>());
            if (split) Finish(grid.Splits);
        }

        private void Finish(int splits)
        {
            var vectors = Items.Covering(plain.Geometry.OutputChannels, TMachine.Width);
            var finish = new GatherFinish<TMachine, TVector, TActivation>
            {
                Partials = workspace,
                Bias = plain.Bias,
                Output = plain.Output,
                Saved = plain.Saved,
                Geometry = plain.Geometry,
                Splits = splits,
                Vectors = vectors,
                ByVectors = Divisor.By(vectors),
                Slope = plain.Slope,
                HasBias = plain.HasBias,
                Gated = plain.Gated,
                Accumulate = plain.Accumulate,
            };
            launcher.Launch(finish, plain.Geometry.Pixels * vectors, 4 * splits);
        }
    }
}
