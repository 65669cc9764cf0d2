using Gpu.Kernels.Activations;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using Gpu.Kernels.Reductions;

namespace Gpu.Kernels.Normalization;

/// <content>The launches of grouped kernels: one where a group a block of channels does, else two.</content>
public static partial class BatchNorms
{
    private static void LaunchStatistics<TMachine, TVector>(
        ILauncher<TMachine> launcher, GroupLimits limits, int rows, int channels, TMachine input, TMachine partials, BatchNormOutcome<TMachine, TVector> outcome)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var threads = GroupThreads.Of(limits);
        var layout = BatchNormLayout.ForGroups<TMachine, TVector>(rows, channels, threads);
        var row = RowLength(channels);
        var statistics = new BatchNormStatisticsGroups<TMachine, TVector>
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
        var chunks = ChannelGroups.ForCombining<TMachine, TVector>(layout.Chunks, channels, threads);
        var combine = new BatchNormCombineGroups<TMachine, TVector>
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

    private static void LaunchGradientSums<TMachine, TVector, TActivation>(
        ILauncher<TMachine> launcher, GroupLimits limits, int rows, int channels, BatchNormGradientSumsGroups<TMachine, TVector, TActivation> sums)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        var threads = GroupThreads.Of(limits);
        var layout = BatchNormLayout.ForGroups<TMachine, TVector>(rows, channels, threads);
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
    internal static void LaunchGradientCombine<TMachine, TVector>(
        ILauncher<TMachine> launcher, GroupLimits limits, int rows, int channels, int chunks, TMachine partials, BatchNormGradientOutcome<TMachine, TVector> outcome)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var layout = ChannelGroups.ForCombining<TMachine, TVector>(chunks, channels, GroupThreads.Of(limits));
        var row = RowLength(channels);
        var combine = new BatchNormGradientCombineGroups<TMachine, TVector>
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
