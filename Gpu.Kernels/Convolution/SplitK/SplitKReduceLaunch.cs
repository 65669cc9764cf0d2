using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Adds the partial sums of splits to the gradients of weights and bias.</summary>
internal static class SplitKReduceLaunch
{
    /// <summary>Adds the partial sums in the workspace: in each split those of the weights, and behind them those of the bias. In one launch on a GPU where that is better.</summary>
    /// <param name="launcher">where to launch</param>
    /// <param name="a">the operands; the workspace holds the partial sums</param>
    /// <param name="splits">2 or more</param>
    /// <param name="stride">words from one split to the next</param>
    public static void AddWeightsAndBias<TBackend, TVector>(ILauncher<TBackend> launcher, in Conv2dGradientArguments a, int splits, int stride)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var hasBias = !a.BiasGradient.IsEmpty;
        if (launcher.Groups is { } limits && GroupedSplitKReduce<TBackend, TVector>.Pays(splits, hasBias))
        {
            var layout = GroupedSplitKReduce<TBackend, TVector>.LayoutFor(splits, a.WeightGradient.Length + a.BiasGradient.Length, limits);
            var sum = new GroupedSplitKReduce<TBackend, TVector>
            {
                Partials = launcher.Bind(a.Workspace),
                Weights = launcher.Bind(a.WeightGradient),
                Bias = launcher.Bind(hasBias ? a.BiasGradient : a.WeightGradient),
                WeightLength = a.WeightGradient.Length,
                Layout = layout,
                Stride = stride,
            };
            launcher.LaunchGroups(sum, layout.Groups, layout.Threads);
            return;
        }

        Add<TBackend, TVector>(launcher, a.Workspace, a.WeightGradient, splits, stride);
        if (hasBias) Add<TBackend, TVector>(launcher, a.BiasPartials, a.BiasGradient, splits, stride);
    }

    /// <summary>Adds the partial sums of all splits to a gradient, in the order of the splits.</summary>
    public static void Add<TBackend, TVector>(ILauncher<TBackend> launcher, DeviceView partials, DeviceView gradient, int splits, int stride)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var sum = new SplitKReduce<TBackend, TVector>
        {
            Partials = launcher.Bind(partials),
            Output = launcher.Bind(gradient),
            Count = gradient.Length,
            Splits = splits,
            Stride = stride,
        };
        launcher.Launch(sum, IntMath.DivRoundUp(gradient.Length, TBackend.Width), 4 * splits);
    }
}
