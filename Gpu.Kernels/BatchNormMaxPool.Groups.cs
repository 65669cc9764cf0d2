using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Normalization;
using Gpu.Kernels.Reductions;

namespace Gpu.Kernels;

/// <content>The launches of grouped kernels: one where a group a block of channels does, else two. Those of the statistics are <see cref="BatchNorm"/>'.</content>
public static partial class BatchNormMaxPool
{
    private static void LaunchGradientSums<TBackend, TVector, TActivation>(
        ILauncher<TBackend> launcher, GroupLimits limits, Pool2dShape shape, GroupedBatchNormMaxPoolGradientSums<TBackend, TVector, TActivation> sums)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        // A window is as much as four rows of a normalisation alone, whose chunks so many fit the workspace.
        var layout = BatchNormLayout.ForGroups<TBackend, TVector>(shape.Batch * shape.OutputHeight * shape.OutputWidth, shape.Channels, GroupThreads.Of(limits));
        var row = BatchNorm.RowLength(shape.Channels);
        sums.Layout = layout;
        sums.Steps = WindowIterator.For(shape, 1 << layout.RowShift);
        sums.Below = shape.InputWidth * shape.Channels;
        sums.Values = Rows(shape);
        sums.PartialStride = 2 * row;
        sums.PartialRow = row;
        launcher.LaunchGroups(sums, layout.Groups, layout.Threads);
        if (layout.Chunks > 1) BatchNorm.LaunchGradientCombine(launcher, limits, sums.Values, shape.Channels, layout.Chunks, sums.Partials, sums.Outcome);
    }
}
