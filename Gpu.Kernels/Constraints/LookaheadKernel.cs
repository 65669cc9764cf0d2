using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;

namespace Gpu.Kernels.Constraints;

/// <summary>
/// In every period-th step slow += rate (parameter - slow), and the parameter becomes slow. The rate is Rate + Excess (1 - progress^3).
/// An item is a block or a part of it.
/// </summary>
internal struct LookaheadKernel<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Both arenas, the factors of the segments, and <see cref="StepStateLayout"/>.</summary>
    public TBackend Parameters, Slow, Segments, StepState;

    /// <summary>The items.</summary>
    public SegmentBlocks<TBackend, TVector> Blocks;

    /// <summary>Steps from one synchronization to the next.</summary>
    public int Period;

    /// <summary>How far the slow parameters move at the end of the fall, and how much further they move before it; 0 for a constant rate.</summary>
    public float Rate, Excess;

    /// <summary>1 / steps of the fall; 0 for a constant rate.</summary>
    public float ProgressPerStep;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        Blocks.Get(item, out var from, out var length, out var segment);
        var skips = TBackend.LoadInt(StepState, StepStateLayout.SkipsUpdate);
        var factor = TBackend.LoadScalar(Segments, segment * SegmentTable.SegmentWords);
        var step = TBackend.LoadInt(StepState, StepStateLayout.Step);
        if (length <= 0 || skips != 0 || factor == 0f || step % Period != 0) return;
        var progress = Math.Min(step * ProgressPerStep, 1f);
        var rate = Rate + Excess * (1f - progress * progress * progress);
        var to = from + length;
        for (var i = from; i < to; i += TBackend.Width)
        {
            var slow = TBackend.LoadPartial(Slow, i, to - i);
            var change = TBackend.Subtract(TBackend.LoadPartial(Parameters, i, to - i), slow);
            slow = TBackend.MultiplyAdd(change, TBackend.Splat(rate), slow);
            TBackend.StorePartial(Slow, i, slow, to - i);
            TBackend.StorePartial(Parameters, i, slow, to - i);
        }
    }
}
