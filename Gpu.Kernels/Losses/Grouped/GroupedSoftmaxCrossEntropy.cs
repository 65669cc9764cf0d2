using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Kernels.Losses;

/// <summary>
/// <see cref="SoftmaxCrossEntropyKernel{TBackend,TVector}"/> with several threads of a group per sample, fused with the counters of
/// <see cref="MetricPartials{TBackend,TVector}"/>. LogitsGradient may be Logits.
/// </summary>
internal struct GroupedSoftmaxCrossEntropy<TBackend, TVector> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>[batch, classes]; integers [batch]; [batch, classes]; [batch]; <see cref="MetricLayout"/>; [classes].</summary>
    public TBackend Logits, Labels, LogitsGradient, SampleLosses, Metrics, ClassWeights;

    /// <summary>The number of samples and of classes.</summary>
    public int Batch, Classes;

    /// <summary>Threads per sample, a power of two, and its logarithm.</summary>
    public int Lanes, LaneShift;

    /// <summary>Iterations of a group, each over as many samples as its threads can process.</summary>
    public int Iterations;

    /// <summary>k of the top-k count, from 1 to the number of classes.</summary>
    public int TopK;

    /// <summary>False in evaluation: LogitsGradient is not written.</summary>
    public Flag HasGradient;

    /// <summary>Whether the loss and the gradient of a sample are multiplied by the weight of its class.</summary>
    public Flag HasWeights;

    /// <summary>False if nothing is counted.</summary>
    public Flag HasMetrics;

    /// <summary>s, from 0 to 1.</summary>
    public float LabelSmoothing;

    /// <summary>Factor of the gradient: 1 / batch for that of the mean loss.</summary>
    public float GradientScale;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var sharedA = SharedMemory.Allocate<float>(MetricTree.MaxThreads);
        var sharedB = SharedMemory.Allocate<float>(MetricTree.MaxThreads);
        var sharedC = SharedMemory.Allocate<float>(MetricTree.MaxThreads);
        var words = SharedMemory.Allocate<int>(2 * MetricTree.MaxThreads);
        var lane = Group.IdxX & (Lanes - 1);
        var slot = Group.IdxX >> LaneShift;
        var slots = Group.DimX >> LaneShift;
        MetricCount count = default;
        for (var iteration = 0; iteration < Iterations; iteration++)
        {
            var index = (iteration * Grid.DimX + Grid.IdxX) * slots + slot;
            // Threads past the last sample repeat its work, because all threads must reach the barriers.
            var sample = Math.Min(index, Batch - 1);
            var row = sample * Classes;
            var label = TBackend.LoadInt(Labels, sample);
            var isKnown = label >= 0 && label < Classes;
            // Read before the first write, because the gradient may overwrite the logits.
            var own = TBackend.LoadScalar(Logits, row + (isKnown ? label : 0));
            var largest = LargestLogit(sharedA, row, lane);
            SumClasses(row, lane, label, own, largest, out var sum, out var shifted, out var before);
            ReduceOverLanes(sharedA, sharedB, sharedC, lane, ref sum, ref shifted, ref before);
            var weight = 1f;
            if (HasWeights) weight = TBackend.LoadScalar(ClassWeights, isKnown ? label : 0);
            if (HasGradient && index < Batch) WriteGradient(row, lane, GradientScale * weight, label, isKnown, largest, sum);
            if (lane == 0 && index < Batch)
            {
                var loss = Loss(isKnown ? own - largest : float.NaN, sum, shifted) * weight;
                TBackend.StoreScalar(SampleLosses, sample, loss);
                var rank = isKnown ? before : Classes;
                count.Add(loss, 0f, rank < 1f ? 1 : 0, rank < TopK ? 1 : 0);
            }
        }

        // Also if nothing is counted, because barriers must not be inside a branch.
        MetricTree.Reduce(sharedA, sharedB, words, ref count, slot, lane == 0, slots);
        if (!HasMetrics || Group.IdxX != 0) return;
        if (Grid.DimX == 1)
        {
            MetricTree.AddTo<TBackend, TVector>(Metrics, count, Batch);
            return;
        }

        var word = MetricLayout.Parts + Grid.IdxX * MetricLayout.PartWords;
        TBackend.StoreScalar(Metrics, word, count.Sum);
        TBackend.StoreScalar(Metrics, word + 1, count.Compensation);
        TBackend.StoreInt(Metrics, word + 2, count.Correct);
        TBackend.StoreInt(Metrics, word + 3, count.CorrectInTopK);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float LargestLogit(ArrayView<float> shared, int row, int lane)
    {
        var vector = TBackend.Splat(float.NegativeInfinity);
        for (var c = lane * TBackend.Width; c < Classes; c += Lanes * TBackend.Width) vector = TBackend.Max(vector, TBackend.Load(Logits, row + c));
        var thread = Group.IdxX;
        // Other threads may still read the memory in the previous iteration.
        GroupBarrier.Wait();
        shared[thread] = TBackend.Largest(vector);
        GroupBarrier.Wait();
        for (var half = Lanes >> 1; half > 0; half >>= 1)
        {
            if (lane < half) shared[thread] = MathF.Max(shared[thread], shared[thread + half]);
            GroupBarrier.Wait();
        }

        var largest = shared[thread - lane];
        GroupBarrier.Wait();
        return largest;
    }

    // Sums over the classes of this thread. They propagate a NaN that the largest logit has dropped.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumClasses(int row, int lane, int label, float own, float largest, out float sum, out float shifted, out float before)
    {
        TVector exponentials = TBackend.Zero, differences = exponentials, ranks = exponentials;
        for (var c = lane * TBackend.Width; c < Classes; c += Lanes * TBackend.Width)
        {
            var x = TBackend.Load(Logits, row + c);
            var d = TBackend.Subtract(x, TBackend.Splat(largest));
            exponentials = TBackend.Add(exponentials, Exponential(d));
            differences = TBackend.Add(differences, d);
            ranks = TBackend.Add(ranks, LabelRank<TBackend, TVector>.ComesBefore(x, TBackend.Splat(own), label - c));
        }

        sum = TBackend.Sum(exponentials);
        shifted = TBackend.Sum(differences);
        before = TBackend.Sum(ranks);
    }

    // Sums over the threads of a sample. All of them get the result.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void ReduceOverLanes(
        ArrayView<float> sharedA, ArrayView<float> sharedB, ArrayView<float> sharedC, int lane, ref float sum, ref float shifted, ref float before)
    {
        var thread = Group.IdxX;
        sharedA[thread] = sum;
        sharedB[thread] = shifted;
        sharedC[thread] = before;
        GroupBarrier.Wait();
        for (var half = Lanes >> 1; half > 0; half >>= 1)
        {
            if (lane < half)
            {
                sharedA[thread] += sharedA[thread + half];
                sharedB[thread] += sharedB[thread + half];
                sharedC[thread] += sharedC[thread + half];
            }

            GroupBarrier.Wait();
        }

        sum = sharedA[thread - lane];
        shifted = sharedB[thread - lane];
        before = sharedC[thread - lane];
        GroupBarrier.Wait();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float Loss(float labelLogit, float sum, float shifted)
    {
        var loss = TBackend.Largest(VectorMath<TBackend, TVector>.Log(TBackend.Splat(sum))) - (1f - LabelSmoothing) * labelLogit;
        // Not for s = 0, where a logit of -infinity would give 0 * infinity = NaN.
        if (LabelSmoothing > 0f) loss -= LabelSmoothing / Classes * shifted;
        // Log works on the bits of its argument and does not propagate NaN.
        return !float.IsNaN(sum) && sum >= 1f ? loss : float.NaN;
    }

    // A sample with an invalid label has the gradient 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteGradient(int row, int lane, float gradientScale, int label, bool isKnown, float largest, float sum)
    {
        var scale = TBackend.Splat(isKnown ? gradientScale / sum : 0f);
        var smoothed = TBackend.Splat(isKnown ? -gradientScale * LabelSmoothing / Classes : 0f);
        for (var c = lane * TBackend.Width; c < Classes; c += Lanes * TBackend.Width)
        {
            var e = Exponential(TBackend.Subtract(TBackend.Load(Logits, row + c), TBackend.Splat(largest)));
            TBackend.Store(LogitsGradient, row + c, TBackend.MultiplyAdd(e, scale, smoothed));
            var inVector = label - c;
            if (isKnown && inVector >= 0 && inVector < TBackend.Width)
                TBackend.StoreScalar(LogitsGradient, row + label, TBackend.LoadScalar(LogitsGradient, row + label) - gradientScale * (1f - LabelSmoothing));
        }
    }

    // Propagates NaN explicitly, without relying on the minimum and maximum in Exp.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Exponential(TVector d) => TBackend.SelectEqual(d, d, VectorMath<TBackend, TVector>.Exp(d), d);
}
