using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Launches <see cref="ImplicitGemmConv2d{TBackend,TVector,TActivation,TTile}"/> in place of the plain kernel that the operation has set up.</summary>
internal static class ImplicitGemmConv2dLaunch
{
    /// <summary>Whether a shape runs on groups where a device has them.</summary>
    public static bool Suits(GroupLimits? limits, Conv2dShape shape) => shape.Groups == 1 && GemmPlan.Suits(limits);

    /// <summary>Words of partial sums that either pass needs on any device.</summary>
    public static int PartialLength(Conv2dShape shape)
    {
        if (shape.Groups > 1) return 0;
        var taps = shape.KernelHeight * shape.KernelWidth;
        var forward = GemmPlan.PartialLength((long)shape.Batch * shape.OutputHeight * shape.OutputWidth, shape.OutputChannels, (long)taps * shape.InputChannels);
        return Math.Max(forward, GemmPlan.PartialLength((long)shape.Batch * shape.InputHeight * shape.InputWidth, shape.InputChannels, (long)taps * shape.OutputChannels));
    }

    /// <summary>Launches one grid of pixels.</summary>
    /// <param name="launcher">the launcher of a GPU machine</param>
    /// <param name="plain">the plain kernel with its arguments; the weights as they lie</param>
    /// <param name="workspace">at least <see cref="PartialLength"/> words</param>
    /// <param name="weightTaps">taps of the weights</param>
    /// <param name="transposed">whether the taps are reversed and the columns the weights' input channels</param>
    /// <param name="aligned">whether input and weights begin at a multiple of four words</param>
    public static void Launch<TBackend, TVector, TActivation>(
        ILauncher<TBackend> launcher, DirectConv2d<TBackend, TVector, TActivation> plain, DeviceView workspace, int weightTaps, bool transposed, bool aligned)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        // Of the machines that an operation is launched with, these are the two that have groups.
        switch ((object)plain)
        {
            case DirectConv2d<GpuVector4Backend, Float4, TActivation> four:
                LaunchTiles<GpuVector4Backend, Float4, TActivation>((ILauncher<GpuVector4Backend>)launcher, four, workspace, weightTaps, transposed, aligned);
                break;
            case DirectConv2d<GpuScalarBackend, float, TActivation> one:
                LaunchTiles<GpuScalarBackend, float, TActivation>((ILauncher<GpuScalarBackend>)launcher, one, workspace, weightTaps, transposed, aligned: true);
                break;
            default:
                throw new NotSupportedException($"{typeof(TBackend).Name} has no groups of threads");
        }
    }

    private static void LaunchTiles<TBackend, TVector, TActivation>(
        ILauncher<TBackend> launcher, in DirectConv2d<TBackend, TVector, TActivation> plain, DeviceView workspace, int weightTaps, bool transposed, bool aligned)
        where TBackend : struct, IVectorBackend<TBackend, TVector>, IGpuBackend<TBackend>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        var g = plain.Geometry;
        var depth = g.TapsY * g.TapsX * g.InputChannels;
        var direct = g is { OutputY: 0, OutputX: 0, OutputStepY: 1, OutputStepX: 1 } && g.Rows == g.OutputHeight && g.Columns == g.OutputWidth;
        var call = new TileCall<TBackend, TVector, TActivation>(
            launcher, plain, launcher.Bind(workspace), weightTaps, depth, transposed, aligned && g.InputChannels % 4 == 0 && g.InputChannels >= GemmTileMemory.Depth, direct);
        GemmPlan.Call(launcher.Groups!.Value, g.Pixels, g.OutputChannels, depth, g.Pixels * g.OutputChannels, ref call);
    }

    private readonly struct TileCall<TBackend, TVector, TActivation>(
        ILauncher<TBackend> launcher, DirectConv2d<TBackend, TVector, TActivation> plain, TBackend workspace, int weightTaps, int depth, bool transposed, bool quads,
        bool direct) : IGemmTileCall
        where TBackend : struct, IVectorBackend<TBackend, TVector>, IGpuBackend<TBackend>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        public void With<TTile>(GemmGrid grid)
            where TTile : struct, IGemmTile
        {
            var split = grid.Splits > 1;
            var kernel = new ImplicitGemmConv2d<TBackend, TVector, TActivation, TTile>
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
            launcher.LaunchGroups(kernel, checked(grid.RowBlocks * grid.ColumnBlocks * grid.Splits), GemmTileMemory.Threads<TTile>());
            if (split) Finish(grid.Splits);
        }

        private void Finish(int splits)
        {
            var vectors = Items.Covering(plain.Geometry.OutputChannels, TBackend.Width);
            var finish = new SplitKEpilogue<TBackend, TVector, TActivation>
            {
                Partials = workspace,
                Bias = plain.Bias,
                Output = plain.Output,
                Saved = plain.Saved,
                Geometry = plain.Geometry,
                Splits = splits,
                Vectors = vectors,
                ByVectors = FastDivMod.By(vectors),
                Slope = plain.Slope,
                HasBias = plain.HasBias,
                Gated = plain.Gated,
                Accumulate = plain.Accumulate,
            };
            launcher.Launch(finish, plain.Geometry.Pixels * vectors, 4 * splits);
        }
    }
}
