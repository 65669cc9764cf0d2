using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Normalization;
using Gpu.Kernels.Reductions;

namespace Gpu.Kernels;

/// <content>The launches of grouped kernels: one where a group a block of channels does, else two.</content>
public static partial class BatchNorm
{
    private static void LaunchStatistics<TBackend, TVector>(
        ILauncher<TBackend> launcher, GroupLimits limits, int rows, int channels, TBackend input, TBackend partials, BatchNormCoefficients<TBackend, TVector> outcome)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var threads = GroupThreads.Of(limits);
        var layout = BatchNormLayout.ForGroups<TBackend, TVector>(rows, channels, threads);
        var row = RowLength(channels);
        var statistics = new GroupedBatchNormStatistics<TBackend, TVector>
        {
            Input = input,
            Partials = partials,
            Outcome = outcome,
            Layout = layout,
            PartialStride = 2 * row,
            PartialRow = row,
        };
        launcher.LaunchGroups(statistics, layout.Groups, layout.Threads);
        if (layout.Chunks == 1) return;
        var chunks = ChannelGroups.ForCombining<TBackend, TVector>(layout.Chunks, channels, threads);
        var combine = new GroupedBatchNormCombine<TBackend, TVector>
        {
            Input = input,
            Partials = partials,
            Outcome = outcome,
            Layout = chunks,
            Rows = rows,
            ChunkRows = layout.ChunkRows,
            PartialStride = 2 * row,
            PartialRow = row,
        };
        launcher.LaunchGroups(combine, chunks.Groups, chunks.Threads);
    }

    private static void LaunchGradientSums<TBackend, TVector, TActivation>(
        ILauncher<TBackend> launcher, GroupLimits limits, int rows, int channels, GroupedBatchNormGradientSums<TBackend, TVector, TActivation> sums)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        var threads = GroupThreads.Of(limits);
        var layout = BatchNormLayout.ForGroups<TBackend, TVector>(rows, channels, threads);
        var row = RowLength(channels);
        sums.Layout = layout;
        sums.PartialStride = 2 * row;
        sums.PartialRow = row;
        launcher.LaunchGroups(sums, layout.Groups, layout.Threads);
        if (layout.Chunks > 1) LaunchGradientCombine(launcher, limits, rows, channels, layout.Chunks, sums.Partials, sums.Outcome);
    }

    /// <summary>Adds up what gradient sums by groups have left of each chunk.</summary>
    /// <param name="launcher">where to launch</param>
    /// <param name="limits">its groups</param>
    /// <param name="rows">values of a channel</param>
    /// <param name="channels">channels</param>
    /// <param name="chunks">chunks, two or more</param>
    /// <param name="partials">[chunk, 2, channels], rows of <see cref="RowLength"/> words</param>
    /// <param name="outcome">where the sums go</param>
    internal static void LaunchGradientCombine<TBackend, TVector>(
        ILauncher<TBackend> launcher, GroupLimits limits, int rows, int channels, int chunks, TBackend partials, BatchNormGradientTotals<TBackend, TVector> outcome)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var layout = ChannelGroups.ForCombining<TBackend, TVector>(chunks, channels, GroupThreads.Of(limits));
        var row = RowLength(channels);
        var combine = new GroupedBatchNormGradientCombine<TBackend, TVector>
        {
            Partials = partials,
            Outcome = outcome,
            Layout = layout,
            Rows = rows,
            PartialStride = 2 * row,
            PartialRow = row,
        };
        launcher.LaunchGroups(combine, layout.Groups, layout.Threads);
    }
}
