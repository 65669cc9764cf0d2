using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Launches <see cref="WinogradWeightGradient{TBackend,TVector}"/>, and the sum of its splits.</summary>
internal static class WinogradWeightGradientLaunch
{
    /// <summary>Words of workspace: the partial sums of all splits.</summary>
    public static int WorkspaceLength(Conv2dShape shape)
    {
        var g = WinogradGradientGeometry.For(shape);
        return ShapeLimits.Workspace((long)g.Splits * g.SplitStride);
    }

    /// <summary>Launches the pass.</summary>
    public static void Launch<TBackend, TVector>(ILauncher<TBackend> launcher, in Conv2dGradientArguments a)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var g = WinogradGradientGeometry.For(a.Shape);
        var kernel = new WinogradWeightGradient<TBackend, TVector>
        {
            Input = launcher.Bind(a.Input),
            OutputGradient = launcher.Bind(a.OutputGradient),
            Zeros = launcher.Zeros(WinogradTransform.Points * a.Shape.InputChannels),
            Target = launcher.Bind(a.Workspace),
            BiasTarget = launcher.Bind(a.BiasPartials),
            Geometry = g,
            HasBias = !a.BiasGradient.IsEmpty,
        };
        var cost = (long)(g.Forward.Tiles / g.Splits + 1) * WinogradTransform.Products * g.InputBlock * IntMath.DivRoundUp(g.OutputBlock, TBackend.Width);
        launcher.LaunchWithScratch(kernel, g.Splits * g.InputBlocks * g.OutputBlocks, (int)Math.Min(cost, int.MaxValue / 4), g.ScratchLength);
        SplitKReduceLaunch.Add<TBackend, TVector>(launcher, a.Workspace, a.WeightGradient, g.Splits, g.SplitStride);
        if (!a.BiasGradient.IsEmpty) SplitKReduceLaunch.Add<TBackend, TVector>(launcher, a.BiasPartials, a.BiasGradient, g.Splits, g.SplitStride);
    }
}
