using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Kernels.Losses;

/// <summary>What a thread has counted: a compensated sum of losses, and correct samples.</summary>
internal struct MetricCount
{
    /// <summary>The sum, and what rounding took from it.</summary>
    public float Sum, Compensation;

    /// <summary>Samples whose label has the largest logit, or is among the k largest.</summary>
    public int Correct, CorrectInTopK;

    /// <summary>Adds another count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float sum, float rest, int correct, int correctInTopK)
    {
        NeumaierSum.Add(ref Sum, ref Compensation, sum);
        Compensation += rest;
        Correct += correct;
        CorrectInTopK += correctInTopK;
    }
}

/// <summary>Puts the counts of a group's threads together, by halves, in an order that the number of counts alone decides.</summary>
internal static class MetricTree
{
    /// <summary>Threads of a group that counts, at most.</summary>
    public const int MaxThreads = 512;

    /// <summary>Threads of a group on a device: a power of two.</summary>
    public static int Threads(GroupLimits limits) => Math.Min(MaxThreads, 1 << System.Numerics.BitOperations.Log2((uint)limits.MaxThreads));

    /// <summary>
    /// The counts of all, in thread 0; the others get something else. Every thread of the group calls it.
    /// </summary>
    /// <param name="sums">shared memory with an element for each count</param>
    /// <param name="rests">shared memory with an element for each count</param>
    /// <param name="words">shared memory with two elements for each count</param>
    /// <param name="count">the thread's own</param>
    /// <param name="slot">its number among the counts</param>
    /// <param name="isCounted">whether the thread has a count</param>
    /// <param name="slots">counts, a power of two</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Reduce(ArrayView<float> sums, ArrayView<float> rests, ArrayView<int> words, ref MetricCount count, int slot, bool isCounted, int slots)
    {
        if (isCounted) Store(sums, rests, words, count, slot, slots);
        GroupBarrier.Wait();
        var thread = Group.IdxX;
        for (var half = slots >> 1; half > 0; half >>= 1)
        {
            if (thread < half)
            {
                var own = Load(sums, rests, words, thread, slots);
                var other = Load(sums, rests, words, thread + half, slots);
                own.Add(other.Sum, other.Compensation, other.Correct, other.CorrectInTopK);
                Store(sums, rests, words, own, thread, slots);
            }

            GroupBarrier.Wait();
        }

        count = Load(sums, rests, words, 0, slots);
    }

    /// <summary>Adds a count to the counters.</summary>
    /// <param name="metrics">see <see cref="MetricLayout"/></param>
    /// <param name="count">the count</param>
    /// <param name="samples">samples counted</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo<TBackend, TVector>(TBackend metrics, MetricCount count, int samples)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        MetricCount total = default;
        total.Sum = TBackend.LoadScalar(metrics, MetricLayout.LossSum);
        total.Compensation = TBackend.LoadScalar(metrics, MetricLayout.LossCompensation);
        total.Correct = TBackend.LoadInt(metrics, MetricLayout.Correct);
        total.CorrectInTopK = TBackend.LoadInt(metrics, MetricLayout.CorrectInTopK);
        total.Add(count.Sum, count.Compensation, count.Correct, count.CorrectInTopK);
        TBackend.StoreScalar(metrics, MetricLayout.LossSum, total.Sum);
        TBackend.StoreScalar(metrics, MetricLayout.LossCompensation, total.Compensation);
        TBackend.StoreInt(metrics, MetricLayout.Samples, TBackend.LoadInt(metrics, MetricLayout.Samples) + samples);
        TBackend.StoreInt(metrics, MetricLayout.Correct, total.Correct);
        TBackend.StoreInt(metrics, MetricLayout.CorrectInTopK, total.CorrectInTopK);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ArrayView<float> sums, ArrayView<float> rests, ArrayView<int> words, MetricCount count, int slot, int slots)
    {
        sums[slot] = count.Sum;
        rests[slot] = count.Compensation;
        words[slot] = count.Correct;
        words[slot + slots] = count.CorrectInTopK;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static MetricCount Load(ArrayView<float> sums, ArrayView<float> rests, ArrayView<int> words, int slot, int slots)
    {
        MetricCount count = default;
        count.Sum = sums[slot];
        count.Compensation = rests[slot];
        count.Correct = words[slot];
        count.CorrectInTopK = words[slot + slots];
        return count;
    }
}
