using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Launches <see cref="DirectConv2dWeightGradient{TBackend,TVector}"/>, and the sum of its splits where there are several.</summary>
internal static class DirectWeightGradientLaunch
{
    /// <summary>Words of workspace: the partial sums of all splits, on any backend.</summary>
    public static int WorkspaceLength(Conv2dShape shape)
    {
        var most = 0;
        foreach (var (width, manyThreads) in new[] { (16, false), (8, false), (4, false), (4, true), (1, true) })
        {
            var g = DirectWeightGradientGeometry.For(shape, width, manyThreads);
            if (g.Splits > 1) most = Math.Max(most, ShapeLimits.Workspace((long)g.Splits * g.SplitStride));
        }

        return most;
    }

    /// <summary>Launches the pass.</summary>
    public static void Launch<TBackend, TVector>(ILauncher<TBackend> launcher, in Conv2dGradientArguments a)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var g = DirectWeightGradientGeometry.For(a.Shape, TBackend.Width, TBackend.IsGpu);
        var split = g.Splits > 1;
        var kernel = new DirectConv2dWeightGradient<TBackend, TVector>
        {
            Input = launcher.Bind(a.Input),
            OutputGradient = launcher.Bind(a.OutputGradient),
            Zeros = launcher.Zeros(ShapeLimits.Length("an input row", a.Shape.InputWidth, a.Shape.InputChannels)),
            Target = launcher.Bind(split ? a.Workspace : a.WeightGradient),
            BiasTarget = launcher.Bind(split ? a.BiasPartials : a.BiasGradient),
            Geometry = g,
            HasBias = !a.BiasGradient.IsEmpty,
            AddToTarget = !split,
        };
        var items = g.Splits * g.Panels * g.RowGroups;
        var cost = (long)(g.Pixels / g.Splits) * Math.Max(1, g.Tiles / g.RowGroups) * 16;
        launcher.Launch(kernel, items, (int)Math.Min(cost, int.MaxValue / 4));
        if (split) SplitKReduceLaunch.AddWeightsAndBias<TBackend, TVector>(launcher, a, g.Splits, g.SplitStride);
    }
}
