using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Launches <see cref="DepthwiseWeightGradient{TBackend,TVector}"/>, and the sum of its splits where there are several.</summary>
internal static class DepthwiseWeightGradientLaunch
{
    /// <summary>Words of workspace: the partial sums of all splits, on any backend.</summary>
    public static int WorkspaceLength(Conv2dShape shape)
    {
        var most = 0;
        foreach (var (width, isGpu) in new[] { (16, false), (8, false), (4, false), (4, true), (1, true) })
        {
            var g = DepthwiseGradientGeometry.For(shape, width, isGpu);
            if (g.Splits > 1) most = Math.Max(most, ShapeLimits.Workspace((long)g.Splits * g.SplitStride));
        }

        return most;
    }

    /// <summary>Launches the pass.</summary>
    public static void Launch<TBackend, TVector>(ILauncher<TBackend> launcher, in Conv2dGradientArguments a)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var g = DepthwiseGradientGeometry.For(a.Shape, TBackend.Width, TBackend.IsGpu);
        var split = g.Splits > 1;
        var kernel = new DepthwiseWeightGradient<TBackend, TVector>
        {
            Input = launcher.Bind(a.Input),
            OutputGradient = launcher.Bind(a.OutputGradient),
            Target = launcher.Bind(split ? a.Workspace : a.WeightGradient),
            BiasTarget = launcher.Bind(split ? a.BiasPartials : a.BiasGradient),
            Geometry = g,
            HasBias = !a.BiasGradient.IsEmpty,
            AddToTarget = !split,
        };
        var rows = IntMath.DivRoundUp(g.OutputRows, g.Splits);
        var cost = (long)rows * g.OutputWidth * IntMath.DivRoundUp(g.ChannelsPerItem, TBackend.Width) * g.RowsPerItem * (1 + g.KernelWidth) * 2;
        launcher.Launch(kernel, g.Splits * g.RowParts * g.ChannelParts, (int)Math.Min(cost, int.MaxValue / 4));
        if (split) SplitKReduceLaunch.AddWeightsAndBias<TBackend, TVector>(launcher, a, g.Splits, g.SplitStride);
    }
}
