using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Launches the kernels that add the partial sums of all splits to the weight and bias gradients.</summary>
internal static class SplitKReduceLaunch
{
    /// <summary>
    /// Adds the partial sums in the workspace. In each split, those of the bias follow those of the weights. Uses one launch if that is faster.
    /// </summary>
    /// <param name="launcher">launcher of the device</param>
    /// <param name="a">operands of the pass; the workspace holds the partial sums</param>
    /// <param name="splits">number of splits, at least 2</param>
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

    /// <summary>Adds the partial sums of all splits to one gradient, in the order of the splits.</summary>
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
