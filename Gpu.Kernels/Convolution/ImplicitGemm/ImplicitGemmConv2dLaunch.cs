using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Launches <see cref="ImplicitGemmConv2d{TBackend,TVector,TActivation,TTile}"/>, and for split-K also
/// <see cref="SplitKEpilogue{TBackend,TVector,TActivation}"/>.
/// </summary>
internal static class ImplicitGemmConv2dLaunch
{
    /// <summary>Words of workspace for the partial sums of either pass, on any device.</summary>
    public static int WorkspaceLength(Conv2dShape shape)
    {
        if (shape.Groups > 1) return 0;
        var taps = (long)shape.KernelHeight * shape.KernelWidth;
        var forward = GemmPlan.PartialLength((long)shape.Batch * shape.OutputHeight * shape.OutputWidth, shape.OutputChannels, taps * shape.InputChannels);
        var backward = GemmPlan.PartialLength((long)shape.Batch * shape.InputHeight * shape.InputWidth, shape.InputChannels, taps * shape.OutputChannels);
        return Math.Max(forward, backward);
    }

    /// <summary>Launches a forward pass or an input gradient.</summary>
    /// <exception cref="NotSupportedException">the device has no thread groups</exception>
    public static void Launch<TBackend, TVector, TActivation>(ILauncher<TBackend> launcher, in Conv2dArguments a)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        // Only these two backends have thread groups. The scalar backend needs no alignment.
        switch (launcher)
        {
            case ILauncher<GpuVector4Backend> vector4:
                LaunchGrids<GpuVector4Backend, Float4, TActivation>(vector4, a, aligned: a.Input.Offset % 4 == 0 && a.Weights.Offset % 4 == 0);
                break;
            case ILauncher<GpuScalarBackend> scalar:
                LaunchGrids<GpuScalarBackend, float, TActivation>(scalar, a, aligned: true);
                break;
            default:
                throw new NotSupportedException($"{typeof(TBackend).Name} has no groups of threads");
        }
    }

    private static void LaunchGrids<TBackend, TVector, TActivation>(ILauncher<TBackend> launcher, Conv2dArguments a, bool aligned)
        where TBackend : struct, IVectorBackend<TBackend, TVector>, IGpuBackend<TBackend>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        foreach (var g in ConvGeometry.Grids(a.Shape, a.Pass))
        {
            var depth = g.TapsY * g.TapsX * g.InputChannels;
            var quads = aligned && g.InputChannels % 4 == 0 && g.InputChannels >= GemmTileMemory.Depth;
            var call = new TileCall<TBackend, TVector, TActivation>(launcher, a, g, depth, quads);
            GemmPlan.Call<TBackend, TileCall<TBackend, TVector, TActivation>>(
                launcher.Groups!.Value, g.Pixels, g.OutputChannels, depth, g.Pixels * g.OutputChannels, ref call);
        }
    }

    private readonly struct TileCall<TBackend, TVector, TActivation>(ILauncher<TBackend> launcher, Conv2dArguments a, ConvGeometry g, int depth, bool quads)
        : IGemmTileCall
        where TBackend : struct, IVectorBackend<TBackend, TVector>, IGpuBackend<TBackend>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        public void Invoke<TTile>(GemmGrid grid)
            where TTile : struct, IGemmTile
        {
            var split = grid.Splits > 1;
            var kernel = new ImplicitGemmConv2d<TBackend, TVector, TActivation, TTile>
            {
                Input = launcher.Bind(a.Input),
                Weights = launcher.Bind(a.Weights),
                Bias = launcher.Bind(a.Bias),
                Output = launcher.Bind(split ? a.Workspace : a.Output),
                Saved = launcher.Bind(a.Saved),
                Geometry = g,
                WeightTaps = a.Shape.KernelHeight * a.Shape.KernelWidth,
                Products = depth,
                Grid = grid,
                Slope = a.Activation.Slope,
                HasBias = !a.Bias.IsEmpty && !split,
                Gated = a.Gated,
                Accumulate = a.Accumulate,
                Transposed = a.IsBackward,
                Quads = quads,
                ContiguousOutput =
                    g is { OutputY: 0, OutputX: 0, OutputStepY: 1, OutputStepX: 1 } && g.Rows == g.OutputHeight && g.Columns == g.OutputWidth,
                Partial = split,
            };
            launcher.LaunchGroups(kernel, checked(grid.RowBlocks * grid.ColumnBlocks * grid.Splits), GemmTileMemory.Threads<TTile>());
            if (split) LaunchEpilogue(grid.Splits);
        }

        private void LaunchEpilogue(int splits)
        {
            var vectors = IntMath.DivRoundUp(g.OutputChannels, TBackend.Width);
            var epilogue = new SplitKEpilogue<TBackend, TVector, TActivation>
            {
                Partials = launcher.Bind(a.Workspace),
                Bias = launcher.Bind(a.Bias),
                Output = launcher.Bind(a.Output),
                Saved = launcher.Bind(a.Saved),
                Geometry = g,
                Splits = splits,
                Vectors = vectors,
                ByVectors = FastDivMod.By(vectors),
                Slope = a.Activation.Slope,
                HasBias = !a.Bias.IsEmpty,
                Gated = a.Gated,
                Accumulate = a.Accumulate,
            };
            launcher.Launch(epilogue, g.Pixels * vectors, 4 * splits);
        }
    }
}
