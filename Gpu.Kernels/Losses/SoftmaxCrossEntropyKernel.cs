using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Losses;

/// <summary>
/// Softmax cross-entropy of logits [batch, classes] with integer labels, and its gradient. An item is a sample. LogitsGradient may be Logits.
/// </summary>
/// <remarks>
/// With d = logit - largest logit, S = sum of e^d, C classes and label smoothing s, the loss is log S - (1 - s) d[label] - s/C * sum of d, and the gradient is
/// (e^d / S - (1 - s) [class = label] - s/C) * GradientScale. Source: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2016, as
/// in PyTorch's CrossEntropyLoss(label_smoothing=s).
/// </remarks>
internal struct SoftmaxCrossEntropyKernel<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Vectors that are summed before their sum is added to the total: two-level summation, for accuracy with many classes.</summary>
    public const int BlockVectors = 32;

    /// <summary>[batch, classes]; integers [batch]; [batch, classes]; [batch]; [classes].</summary>
    public TBackend Logits, Labels, LogitsGradient, SampleLosses, ClassWeights;

    /// <summary>The number of classes.</summary>
    public int Classes;

    /// <summary>False in evaluation: LogitsGradient is not written.</summary>
    public Flag HasGradient;

    /// <summary>Whether the loss and the gradient of a sample are multiplied by the weight of its class.</summary>
    public Flag HasWeights;

    /// <summary>s, from 0 to 1.</summary>
    public float LabelSmoothing;

    /// <summary>Factor of the gradient: 1 / batch for that of the mean loss.</summary>
    public float GradientScale;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var row = item * Classes;
        var label = TBackend.LoadInt(Labels, item);
        var isKnown = label >= 0 && label < Classes;
        var largest = LargestLogit(row);
        // Read before the first write, because the gradient may overwrite the logits.
        var labelLogit = float.NaN;
        if (isKnown) labelLogit = TBackend.LoadScalar(Logits, row + label) - largest;

        var whole = Classes & ~(TBackend.Width - 1);
        var exponentials = TBackend.Zero;
        var shifted = TBackend.Zero;
        for (var from = 0; from < whole; from += BlockVectors * TBackend.Width)
        {
            var to = from + BlockVectors * TBackend.Width;
            if (to > whole) to = whole;
            var blockExponentials = TBackend.Zero;
            var blockShifted = TBackend.Zero;
            for (var c = from; c < to; c += TBackend.Width)
            {
                var d = TBackend.Subtract(TBackend.Load(Logits, row + c), TBackend.Splat(largest));
                var e = Exponential(d);
                if (HasGradient) TBackend.Store(LogitsGradient, row + c, e);
                blockExponentials = TBackend.Add(blockExponentials, e);
                blockShifted = TBackend.Add(blockShifted, d);
            }

            exponentials = TBackend.Add(exponentials, blockExponentials);
            shifted = TBackend.Add(shifted, blockShifted);
        }

        var left = Classes - whole;
        if (left > 0)
        {
            var d = TBackend.Subtract(TBackend.LoadPartial(Logits, row + whole, left), TBackend.Splat(largest));
            var e = Exponential(d);
            if (HasGradient) TBackend.StorePartial(LogitsGradient, row + whole, e, left);
            exponentials = TBackend.Add(exponentials, FirstLanes(left, e, TBackend.Zero));
            shifted = TBackend.Add(shifted, FirstLanes(left, d, TBackend.Zero));
        }

        var sum = TBackend.Sum(exponentials);
        var loss = TBackend.Largest(VectorMath<TBackend, TVector>.Log(TBackend.Splat(sum))) - (1f - LabelSmoothing) * labelLogit;
        // Not for s = 0, where a logit of -infinity would give 0 * infinity = NaN.
        if (LabelSmoothing > 0f) loss -= LabelSmoothing / Classes * TBackend.Sum(shifted);
        // Log works on the bits of its argument and does not propagate NaN.
        if (!(sum >= 1f)) loss = float.NaN;
        var scale = GradientScale;
        if (HasWeights)
        {
            var weight = TBackend.LoadScalar(ClassWeights, isKnown ? label : 0);
            loss *= weight;
            scale *= weight;
        }

        TBackend.StoreScalar(SampleLosses, item, loss);
        if (HasGradient) FinishGradient(row, scale, sum, label, isKnown, whole, left);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float LargestLogit(int row)
    {
        var largest = TBackend.Splat(float.NegativeInfinity);
        var c = 0;
        for (; c + TBackend.Width <= Classes; c += TBackend.Width) largest = TBackend.Max(largest, TBackend.Load(Logits, row + c));
        var left = Classes - c;
        if (left > 0) largest = TBackend.Max(largest, FirstLanes(left, TBackend.LoadPartial(Logits, row + c, left), TBackend.Splat(float.NegativeInfinity)));
        return TBackend.Largest(largest);
    }

    // LogitsGradient holds the exponentials at this point. A sample with an invalid label has the gradient 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FinishGradient(int row, float gradientScale, float sum, int label, bool isKnown, int whole, int left)
    {
        var scale = 0f;
        var smoothed = 0f;
        if (isKnown)
        {
            scale = gradientScale / sum;
            smoothed = -gradientScale * LabelSmoothing / Classes;
        }

        for (var c = 0; c < whole; c += TBackend.Width)
        {
            var value = TBackend.MultiplyAdd(TBackend.Load(LogitsGradient, row + c), TBackend.Splat(scale), TBackend.Splat(smoothed));
            TBackend.Store(LogitsGradient, row + c, TBackend.FlushSubnormals(value));
        }

        if (left > 0)
        {
            var value = TBackend.MultiplyAdd(TBackend.LoadPartial(LogitsGradient, row + whole, left), TBackend.Splat(scale), TBackend.Splat(smoothed));
            TBackend.StorePartial(LogitsGradient, row + whole, TBackend.FlushSubnormals(value), left);
        }

        if (isKnown)
            TBackend.StoreScalar(LogitsGradient, row + label, TBackend.LoadScalar(LogitsGradient, row + label) - gradientScale * (1f - LabelSmoothing));
    }

    // Propagates NaN explicitly, without relying on the minimum and maximum in Exp.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Exponential(TVector d) => TBackend.SelectEqual(d, d, VectorMath<TBackend, TVector>.Exp(d), d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector FirstLanes(int count, TVector value, TVector others) =>
        TBackend.SelectGreater(TBackend.Splat(count), TBackend.LaneNumbers, value, others);
}
