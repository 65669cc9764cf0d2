using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;

namespace Gpu.Kernels.Constraints;

/// <summary>
/// p = sign(p) max(|p| - lr threshold, 0) with the threshold of each segment; see <see cref="SoftThreshold"/>. An item is a block or a part of it.
/// </summary>
internal struct SoftThresholdKernel<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The arena, the factors of the segments, and <see cref="StepStateLayout"/>.</summary>
    public TBackend Parameters, Segments, StepState;

    /// <summary>The items.</summary>
    public SegmentBlocks<TBackend, TVector> Blocks;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        Blocks.Get(item, out var from, out var length, out var segment);
        segment *= SegmentTable.SegmentWords;
        var skips = TBackend.LoadInt(StepState, StepStateLayout.SkipsUpdate);
        var learningRate = TBackend.LoadScalar(StepState, StepStateLayout.LearningRate) * TBackend.LoadScalar(Segments, segment);
        var threshold = learningRate * TBackend.LoadScalar(Segments, segment + 5);
        if (length <= 0 || skips != 0 || threshold == 0f) return;
        var to = from + length;
        var i = from;
        for (; i + TBackend.Width <= to; i += TBackend.Width) TBackend.Store(Parameters, i, Shrink(TBackend.Load(Parameters, i), threshold));
        var left = to - i;
        if (left > 0) TBackend.StorePartial(Parameters, i, Shrink(TBackend.LoadPartial(Parameters, i, left), threshold), left);
    }

    // x - clip(x, -threshold, threshold): exactly 0 inside, and NaN for NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Shrink(TVector x, float threshold)
    {
        var (least, most) = (TBackend.Splat(-threshold), TBackend.Splat(threshold));
        var clipped = TBackend.SelectGreater(x, most, most, TBackend.SelectGreater(least, x, least, x));
        return TBackend.Subtract(x, clipped);
    }
}
