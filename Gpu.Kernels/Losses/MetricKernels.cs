using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Losses;

/// <summary>The sum of losses and the numbers of correct samples for a part of a batch; an item is a part.</summary>
public struct MetricParts<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>[batch, classes]; integers [batch]; [batch]; <see cref="MetricWords"/>.</summary>
    public TMachine Logits, Labels, SampleLosses, Metrics;

    /// <summary>Samples, classes of each (0: only losses are summed), and samples of a part.</summary>
    public int Batch, Classes, SamplesInPart;

    /// <summary>k of the top-k count, from 1 to classes.</summary>
    public int TopK;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var from = item * SamplesInPart;
        var to = from + SamplesInPart;
        if (to > Batch) to = Batch;
        var sum = 0f;
        var rest = 0f;
        var correct = 0;
        var correctInTopK = 0;
        for (var sample = from; sample < to; sample++)
        {
            LossSum.Add(ref sum, ref rest, TMachine.LoadScalar(SampleLosses, sample));
            if (Classes == 0) continue;
            var rank = Rank(sample * Classes, TMachine.LoadInt(Labels, sample));
            if (rank < 1f) correct++;
            if (rank < TopK) correctInTopK++;
        }

        var word = MetricWords.Parts + item * MetricWords.PartWords;
        TMachine.StoreScalar(Metrics, word, sum);
        TMachine.StoreScalar(Metrics, word + 1, rest);
        TMachine.StoreInt(Metrics, word + 2, correct);
        TMachine.StoreInt(Metrics, word + 3, correctInTopK);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float Rank(int row, int label)
    {
        if (label < 0 || label >= Classes) return Classes;
        var own = TMachine.Splat(TMachine.LoadScalar(Logits, row + label));
        var before = TMachine.Zero;
        var c = 0;
        for (; c + TMachine.Width <= Classes; c += TMachine.Width)
            before = TMachine.Add(before, LabelRank<TMachine, TVector>.ComesBefore(TMachine.Load(Logits, row + c), own, label - c));
        var left = Classes - c;
        if (left > 0)
        {
            var last = LabelRank<TMachine, TVector>.ComesBefore(TMachine.LoadPartial(Logits, row + c, left), own, label - c);
            before = TMachine.Add(before, TMachine.SelectGreater(TMachine.Splat(left), TMachine.LaneNumbers, last, TMachine.Zero));
        }

        return TMachine.Sum(before);
    }
}

/// <summary>Adds the parts of a batch to the counters; one item.</summary>
public struct MetricSum<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary><see cref="MetricWords"/>.</summary>
    public TMachine Metrics;

    /// <summary>Parts, and samples of all of them.</summary>
    public int Parts, Batch;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var sum = TMachine.LoadScalar(Metrics, MetricWords.LossSum);
        var rest = TMachine.LoadScalar(Metrics, MetricWords.LossRest);
        var correct = TMachine.LoadInt(Metrics, MetricWords.Correct);
        var correctInTopK = TMachine.LoadInt(Metrics, MetricWords.CorrectInTopK);
        for (var part = 0; part < Parts; part++)
        {
            var word = MetricWords.Parts + part * MetricWords.PartWords;
            LossSum.Add(ref sum, ref rest, TMachine.LoadScalar(Metrics, word));
            rest += TMachine.LoadScalar(Metrics, word + 1);
            correct += TMachine.LoadInt(Metrics, word + 2);
            correctInTopK += TMachine.LoadInt(Metrics, word + 3);
        }

        TMachine.StoreScalar(Metrics, MetricWords.LossSum, sum);
        TMachine.StoreScalar(Metrics, MetricWords.LossRest, rest);
        TMachine.StoreInt(Metrics, MetricWords.Samples, TMachine.LoadInt(Metrics, MetricWords.Samples) + Batch);
        TMachine.StoreInt(Metrics, MetricWords.Correct, correct);
        TMachine.StoreInt(Metrics, MetricWords.CorrectInTopK, correctInTopK);
    }
}

/// <summary>Sets the counters to zero; an item is a counter.</summary>
public struct MetricReset<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary><see cref="MetricWords"/>.</summary>
    public TMachine Metrics;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item) => TMachine.StoreInt(Metrics, item, 0);
}

/// <summary>A sum of floats that keeps what rounding takes from it. Source: A. Neumaier, ZAMM 54, 1974.</summary>
internal static class LossSum
{
    public static void Add(ref float sum, ref float rest, float value)
    {
        var total = sum + value;
        var lost = MathF.Abs(sum) >= MathF.Abs(value) ? (sum - total) + value : (value - total) + sum;
        // Nothing is lost where there is no number: infinity must not become NaN.
        if (total - total == 0f) rest += lost;
        sum = total;
    }
}
