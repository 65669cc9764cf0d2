using Gpu.Kernels.Activations;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using Gpu.Kernels.Pooling;
using Gpu.Kernels.Reductions;

namespace Gpu.Kernels.Normalization;

/// <content>The launches of grouped kernels: one where a group a block of channels does, else two. Those of the statistics are <see cref="BatchNorms"/>'.</content>
public static partial class BatchNormPools
{
    private static void LaunchGradientSums<TMachine, TVector, TActivation>(
        ILauncher<TMachine> launcher, GroupLimits limits, PoolingShape shape, BatchNormPoolGradientSumsGroups<TMachine, TVector, TActivation> sums)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        // A window is as much as four rows of a normalisation alone, whose chunks so many fit the workspace.
        var layout = BatchNormLayout.ForGroups<TMachine, TVector>(shape.Batch * shape.OutputHeight * shape.OutputWidth, shape.Channels, GroupThreads.Of(limits));
        var row = BatchNorms.RowLength(shape.Channels);
        sums.Layout = layout;
        sums.Steps = WindowSteps.For(shape, 1 << layout.RowShift);
        sums.Below = shape.InputWidth * shape.Channels;
        sums.Values = Rows(shape);
        sums.PartialStride = 2 * row;
        sums.PartialRow = row;
        launcher.LaunchGroups(sums, layout.Groups, layout.Threads);
        if (layout.Chunks > 1) BatchNorms.LaunchGradientCombine(launcher, limits, sums.Values, shape.Channels, layout.Chunks, sums.Partials, sums.Outcome);
    }
}
