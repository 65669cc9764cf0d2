using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using Gpu.Kernels.Reductions;

namespace Gpu.Kernels.Convolution;

/// <summary>Adds the partial sums of weight gradients, and of bias gradients behind them, to the gradients.</summary>
internal static class SplitSums
{
    // Fewer splits than this are read by one thread at once.
    private const int FewestForGroups = 9;

    /// <summary>Launches the kernels.</summary>
    /// <param name="launcher">the launcher</param>
    /// <param name="partials">the splits' regions: weights, and right behind them bias</param>
    /// <param name="weights">the gradient of the weights</param>
    /// <param name="bias">that of the bias, or nothing</param>
    /// <param name="splits">splits, at least 2</param>
    /// <param name="stride">words from one region to the next</param>
    public static void Launch<TMachine, TVector>(ILauncher<TMachine> launcher, DeviceView partials, DeviceView weights, DeviceView bias, int splits, int stride)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        if (launcher.Groups is { } limits && splits >= FewestForGroups && weights.Length % TMachine.Width == 0)
        {
            Groups<TMachine, TVector>(launcher, limits, partials, weights, bias, splits, stride);
            return;
        }

        One<TMachine, TVector>(launcher, partials, weights, splits, stride);
        if (!bias.IsEmpty) One<TMachine, TVector>(launcher, partials.Slice(weights.Length, partials.Length - weights.Length), bias, splits, stride);
    }

    private static void One<TMachine, TVector>(ILauncher<TMachine> launcher, DeviceView partials, DeviceView gradient, int splits, int stride)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var sum = new SumSplits<TMachine, TVector>
        {
            Partials = launcher.Bind(partials),
            Output = launcher.Bind(gradient),
            Count = gradient.Length,
            Splits = splits,
            Stride = stride,
        };
        launcher.Launch(sum, Items.Covering(gradient.Length, TMachine.Width), 4 * splits);
    }

    private static void Groups<TMachine, TVector>(
        ILauncher<TMachine> launcher, GroupLimits limits, DeviceView partials, DeviceView weights, DeviceView bias, int splits, int stride)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var threads = GroupThreads.Of(limits);
        var weightVectors = weights.Length / TMachine.Width;
        var vectors = weightVectors + Items.Covering(bias.Length, TMachine.Width);
        // As many threads for a vector as read four splits each, and at least four vectors side by side: a whole 64 bytes.
        var lanes = threads;
        while (lanes > 4 && threads / lanes * 4 < splits) lanes /= 2;
        var sum = new SumSplitsGroups<TMachine, TVector>
        {
            Partials = launcher.Bind(partials),
            Weights = launcher.Bind(weights),
            Bias = launcher.Bind(bias.IsEmpty ? weights : bias),
            WeightWords = weights.Length,
            WeightVectors = weightVectors,
            Vectors = vectors,
            BiasWords = bias.Length,
            Splits = splits,
            Stride = stride,
            Lanes = lanes,
        };
        launcher.LaunchGroups(sum, Items.Covering(vectors, lanes), threads);
    }
}
