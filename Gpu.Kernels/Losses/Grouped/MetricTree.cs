using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Kernels.Losses;

/// <summary>The counts of a thread: a compensated sum of losses, and correct samples.</summary>
internal struct MetricCount
{
    /// <summary>The sum of the losses, and its rounding error.</summary>
    public float Sum, Compensation;

    /// <summary>Samples whose label has the largest logit, and samples whose label is among the k largest.</summary>
    public int Correct, CorrectInTopK;

    /// <summary>Adds another count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float sum, float compensation, int correct, int correctInTopK)
    {
        NeumaierSum.Add(ref Sum, ref Compensation, sum);
        Compensation += compensation;
        Correct += correct;
        CorrectInTopK += correctInTopK;
    }
}

/// <summary>Tree reduction of the counts of a group's threads. Its order depends only on the number of counts.</summary>
internal static class MetricTree
{
    /// <summary>The most threads of a group that counts.</summary>
    public const int MaxThreads = 512;

    /// <summary>Threads per group on a device: a power of two.</summary>
    public static int Threads(GroupLimits limits) => Math.Min(MaxThreads, 1 << System.Numerics.BitOperations.Log2((uint)limits.MaxThreads));

    /// <summary>Sums the counts. Only thread 0 gets the result. Every thread of the group must call it.</summary>
    /// <param name="sums">shared memory, one element per count</param>
    /// <param name="compensations">shared memory, one element per count</param>
    /// <param name="words">shared memory, two elements per count</param>
    /// <param name="count">the count of this thread; receives the result</param>
    /// <param name="slot">the index of this thread's count</param>
    /// <param name="isCounted">whether this thread has a count</param>
    /// <param name="slots">the number of counts, a power of two</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Reduce(
        ArrayView<float> sums, ArrayView<float> compensations, ArrayView<int> words, ref MetricCount count, int slot, bool isCounted, int slots)
    {
        if (isCounted) Store(sums, compensations, words, count, slot, slots);
        GroupBarrier.Wait();
        var thread = Group.IdxX;
        for (var half = slots >> 1; half > 0; half >>= 1)
        {
            if (thread < half)
            {
                var own = Load(sums, compensations, words, thread, slots);
                var other = Load(sums, compensations, words, thread + half, slots);
                own.Add(other.Sum, other.Compensation, other.Correct, other.CorrectInTopK);
                Store(sums, compensations, words, own, thread, slots);
            }

            GroupBarrier.Wait();
        }

        count = Load(sums, compensations, words, 0, slots);
    }

    /// <summary>Adds a count to the counters.</summary>
    /// <param name="metrics">see <see cref="MetricLayout"/></param>
    /// <param name="count">the count</param>
    /// <param name="samples">the number of samples counted</param>
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
    private static void Store(ArrayView<float> sums, ArrayView<float> compensations, ArrayView<int> words, MetricCount count, int slot, int slots)
    {
        sums[slot] = count.Sum;
        compensations[slot] = count.Compensation;
        words[slot] = count.Correct;
        words[slot + slots] = count.CorrectInTopK;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static MetricCount Load(ArrayView<float> sums, ArrayView<float> compensations, ArrayView<int> words, int slot, int slots)
    {
        MetricCount count = default;
        count.Sum = sums[slot];
        count.Compensation = compensations[slot];
        count.Correct = words[slot];
        count.CorrectInTopK = words[slot + slots];
        return count;
    }
}
