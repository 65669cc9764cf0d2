using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;

namespace Gpu.Kernels.Constraints;

/// <summary>
/// average += rate (parameter - average), as in <see cref="OptimizerUpdate{TBackend, TVector, TRule, TDecay}"/>. An item is a block or a part of it.
/// </summary>
internal struct WeightAverageKernel<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Both arenas, the factors of the segments, and <see cref="StepStateLayout"/>.</summary>
    public TBackend Parameters, Average, Segments, StepState;

    /// <summary>The items.</summary>
    public SegmentBlocks<TBackend, TVector> Blocks;

    /// <summary>The rate after the warm-up; in the first steps it is larger, 9 / (10 + step).</summary>
    public float Rate;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        Blocks.Get(item, out var from, out var length, out var segment);
        var skips = TBackend.LoadInt(StepState, StepStateLayout.SkipsUpdate);
        var factor = TBackend.LoadScalar(Segments, segment * SegmentTable.SegmentWords);
        var rate = Math.Max(Rate, 9f / (10f + TBackend.LoadInt(StepState, StepStateLayout.Step)));
        if (length <= 0 || skips != 0 || factor == 0f) return;
        var to = from + length;
        for (var i = from; i < to; i += TBackend.Width)
        {
            var average = TBackend.LoadPartial(Average, i, to - i);
            var change = TBackend.Subtract(TBackend.LoadPartial(Parameters, i, to - i), average);
            TBackend.StorePartial(Average, i, TBackend.MultiplyAdd(change, TBackend.Splat(rate), average), to - i);
        }
    }
}
