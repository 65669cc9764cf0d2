using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Losses;

/// <summary>The sum of the losses and the number of correct samples for each part of a batch. An item is a part.</summary>
internal struct MetricPartials<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>[batch, classes]; integers [batch]; [batch]; <see cref="MetricLayout"/>.</summary>
    public TBackend Logits, Labels, SampleLosses, Metrics;

    /// <summary>Samples; classes, 0 to sum only the losses; samples per part.</summary>
    public int Batch, Classes, SamplesPerPart;

    /// <summary>k of the top-k count, from 1 to the number of classes.</summary>
    public int TopK;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var from = item * SamplesPerPart;
        var to = from + SamplesPerPart;
        if (to > Batch) to = Batch;
        var sum = 0f;
        var compensation = 0f;
        var correct = 0;
        var correctInTopK = 0;
        for (var sample = from; sample < to; sample++)
        {
            NeumaierSum.Add(ref sum, ref compensation, TBackend.LoadScalar(SampleLosses, sample));
            if (Classes == 0) continue;
            var rank = Rank(sample * Classes, TBackend.LoadInt(Labels, sample));
            if (rank < 1f) correct++;
            if (rank < TopK) correctInTopK++;
        }

        var word = MetricLayout.Parts + item * MetricLayout.PartWords;
        TBackend.StoreScalar(Metrics, word, sum);
        TBackend.StoreScalar(Metrics, word + 1, compensation);
        TBackend.StoreInt(Metrics, word + 2, correct);
        TBackend.StoreInt(Metrics, word + 3, correctInTopK);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float Rank(int row, int label)
    {
        if (label < 0 || label >= Classes) return Classes;
        var own = TBackend.Splat(TBackend.LoadScalar(Logits, row + label));
        var before = TBackend.Zero;
        var c = 0;
        for (; c + TBackend.Width <= Classes; c += TBackend.Width)
            before = TBackend.Add(before, LabelRank<TBackend, TVector>.ComesBefore(TBackend.Load(Logits, row + c), own, label - c));
        var left = Classes - c;
        if (left > 0)
        {
            var last = LabelRank<TBackend, TVector>.ComesBefore(TBackend.LoadPartial(Logits, row + c, left), own, label - c);
            before = TBackend.Add(before, TBackend.SelectGreater(TBackend.Splat(left), TBackend.LaneNumbers, last, TBackend.Zero));
        }

        return TBackend.Sum(before);
    }
}

/// <summary>The sum of the losses and the number of samples that are correct in a binary decision, for each part of a batch. An item is a part.</summary>
internal struct BinaryMetricPartials<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>[batch, outputs]; [batch, outputs]; [batch]; <see cref="MetricLayout"/>.</summary>
    public TBackend Values, Targets, SampleLosses, Metrics;

    /// <summary>Samples; outputs per sample; samples per part.</summary>
    public int Batch, Outputs, SamplesPerPart;

    /// <summary>An output above it stands for yes.</summary>
    public float Threshold;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var from = item * SamplesPerPart;
        var to = from + SamplesPerPart;
        if (to > Batch) to = Batch;
        var sum = 0f;
        var compensation = 0f;
        var correct = 0;
        for (var sample = from; sample < to; sample++)
        {
            NeumaierSum.Add(ref sum, ref compensation, TBackend.LoadScalar(SampleLosses, sample));
            var wrong = 0;
            for (var i = sample * Outputs; i < (sample + 1) * Outputs; i++)
            {
                var value = TBackend.LoadScalar(Values, i);
                // Computed, not chosen in branches; see "Kernels" in CONTRIBUTING.md.
                var isYes = value > Threshold ? 1 : 0;
                var shouldBeYes = TBackend.LoadScalar(Targets, i) > 0.5f ? 1 : 0;
                wrong += (isYes ^ shouldBeYes) | (float.IsNaN(value) ? 1 : 0);
            }

            correct += wrong == 0 ? 1 : 0;
        }

        var word = MetricLayout.Parts + item * MetricLayout.PartWords;
        TBackend.StoreScalar(Metrics, word, sum);
        TBackend.StoreScalar(Metrics, word + 1, compensation);
        TBackend.StoreInt(Metrics, word + 2, correct);
        TBackend.StoreInt(Metrics, word + 3, correct);
    }
}

/// <summary>Adds the parts of a batch to the counters. One item.</summary>
internal struct MetricSum<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary><see cref="MetricLayout"/>.</summary>
    public TBackend Metrics;

    /// <summary>The number of parts, and the samples in all of them.</summary>
    public int Parts, Batch;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var sum = TBackend.LoadScalar(Metrics, MetricLayout.LossSum);
        var compensation = TBackend.LoadScalar(Metrics, MetricLayout.LossCompensation);
        var correct = TBackend.LoadInt(Metrics, MetricLayout.Correct);
        var correctInTopK = TBackend.LoadInt(Metrics, MetricLayout.CorrectInTopK);
        for (var part = 0; part < Parts; part++)
        {
            var word = MetricLayout.Parts + part * MetricLayout.PartWords;
            NeumaierSum.Add(ref sum, ref compensation, TBackend.LoadScalar(Metrics, word));
            compensation += TBackend.LoadScalar(Metrics, word + 1);
            correct += TBackend.LoadInt(Metrics, word + 2);
            correctInTopK += TBackend.LoadInt(Metrics, word + 3);
        }

        TBackend.StoreScalar(Metrics, MetricLayout.LossSum, sum);
        TBackend.StoreScalar(Metrics, MetricLayout.LossCompensation, compensation);
        TBackend.StoreInt(Metrics, MetricLayout.Samples, TBackend.LoadInt(Metrics, MetricLayout.Samples) + Batch);
        TBackend.StoreInt(Metrics, MetricLayout.Correct, correct);
        TBackend.StoreInt(Metrics, MetricLayout.CorrectInTopK, correctInTopK);
    }
}

/// <summary>Sets the counters to zero. An item is a counter.</summary>
internal struct MetricReset<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary><see cref="MetricLayout"/>.</summary>
    public TBackend Metrics;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item) => TBackend.StoreInt(Metrics, item, 0);
}

/// <summary>Compensated summation: collects the rounding errors of a sum of floats. Source: A. Neumaier, ZAMM 54, 1974.</summary>
internal static class NeumaierSum
{
    /// <summary>Adds a value to a sum, and the rounding error to its compensation.</summary>
    public static void Add(ref float sum, ref float compensation, float value)
    {
        var total = sum + value;
        var error = MathF.Abs(sum) >= MathF.Abs(value) ? (sum - total) + value : (value - total) + sum;
        // Only if the total is finite: the error of an infinite one is NaN.
        if (total - total == 0f) compensation += error;
        sum = total;
    }
}
