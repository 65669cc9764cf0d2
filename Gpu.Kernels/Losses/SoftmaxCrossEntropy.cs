using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Losses;

/// <summary>
/// Cross-entropy of the softmax of logits [batch, classes] with integer labels, and its gradient. An item is a sample.
/// LogitsGradient may be Logits.
/// </summary>
/// <remarks>
/// With d = logit - largest logit, S = sum of e^d, C classes and the smoothing s, the loss is log S - (1 - s) d[label] - s/C * sum of d, and the
/// gradient is (e^d / S - (1 - s) [class = label] - s/C) * GradientScale. Source: Szegedy et al., "Rethinking the Inception Architecture for Computer
/// Vision", 2016, as in PyTorch's CrossEntropyLoss(label_smoothing=s).
/// </remarks>
public struct SoftmaxCrossEntropy<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>Vectors that are summed one after the other before their sum joins the total: sums over many classes are two-level.</summary>
    public const int BlockVectors = 32;

    /// <summary>[batch, classes]; integers [batch]; [batch, classes]; [batch].</summary>
    public TMachine Logits, Labels, LogitsGradient, SampleLosses;

    /// <summary>Classes of a sample.</summary>
    public int Classes;

    /// <summary>False in evaluation, when LogitsGradient is not written.</summary>
    public Flag HasGradient;

    /// <summary>s, from 0 to 1.</summary>
    public float LabelSmoothing;

    /// <summary>What the gradient is multiplied by: 1 / batch for that of the mean loss.</summary>
    public float GradientScale;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var row = item * Classes;
        var label = TMachine.LoadInt(Labels, item);
        var isKnown = label >= 0 && label < Classes;
        var largest = LargestLogit(row);
        // Read before the first write, because the gradient may take the place of the logits.
        var labelLogit = float.NaN;
        if (isKnown) labelLogit = TMachine.LoadScalar(Logits, row + label) - largest;

        var whole = Classes & ~(TMachine.Width - 1);
        var exponentials = TMachine.Zero;
        var shifted = TMachine.Zero;
        for (var from = 0; from < whole; from += BlockVectors * TMachine.Width)
        {
            var to = from + BlockVectors * TMachine.Width;
            if (to > whole) to = whole;
            var exponentialsHere = TMachine.Zero;
            var shiftedHere = TMachine.Zero;
            for (var c = from; c < to; c += TMachine.Width)
            {
                var d = TMachine.Subtract(TMachine.Load(Logits, row + c), TMachine.Splat(largest));
                var e = Exponential(d);
                if (HasGradient) TMachine.Store(LogitsGradient, row + c, e);
                exponentialsHere = TMachine.Add(exponentialsHere, e);
                shiftedHere = TMachine.Add(shiftedHere, d);
            }

            exponentials = TMachine.Add(exponentials, exponentialsHere);
            shifted = TMachine.Add(shifted, shiftedHere);
        }

        var left = Classes - whole;
        if (left > 0)
        {
            var d = TMachine.Subtract(TMachine.LoadPartial(Logits, row + whole, left), TMachine.Splat(largest));
            var e = Exponential(d);
            if (HasGradient) TMachine.StorePartial(LogitsGradient, row + whole, e, left);
            exponentials = TMachine.Add(exponentials, FirstLanes(left, e, TMachine.Zero));
            shifted = TMachine.Add(shifted, FirstLanes(left, d, TMachine.Zero));
        }

        var sum = TMachine.Sum(exponentials);
        var loss = TMachine.Largest(Elementary<TMachine, TVector>.Log(TMachine.Splat(sum))) - (1f - LabelSmoothing) * labelLogit;
        // Not for s = 0: a class with the logit -infinity would make 0 * infinity of it.
        if (LabelSmoothing > 0f) loss -= LabelSmoothing / Classes * TMachine.Sum(shifted);
        // The logarithm takes numbers apart by their bits and would hide a NaN.
        if (!(sum >= 1f)) loss = float.NaN;
        TMachine.StoreScalar(SampleLosses, item, loss);
        if (HasGradient) FinishGradient(row, sum, label, isKnown, whole, left);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float LargestLogit(int row)
    {
        var largest = TMachine.Splat(float.NegativeInfinity);
        var c = 0;
        for (; c + TMachine.Width <= Classes; c += TMachine.Width) largest = TMachine.Max(largest, TMachine.Load(Logits, row + c));
        var left = Classes - c;
        if (left > 0) largest = TMachine.Max(largest, FirstLanes(left, TMachine.LoadPartial(Logits, row + c, left), TMachine.Splat(float.NegativeInfinity)));
        return TMachine.Largest(largest);
    }

    // From the exponentials, which stand where the gradient shall be. A sample whose label is unknown has none.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FinishGradient(int row, float sum, int label, bool isKnown, int whole, int left)
    {
        var scale = 0f;
        var smoothed = 0f;
        if (isKnown)
        {
            scale = GradientScale / sum;
            smoothed = -GradientScale * LabelSmoothing / Classes;
        }

        for (var c = 0; c < whole; c += TMachine.Width)
            TMachine.Store(LogitsGradient, row + c, TMachine.MultiplyAdd(TMachine.Load(LogitsGradient, row + c), TMachine.Splat(scale), TMachine.Splat(smoothed)));
        if (left > 0)
        {
            var value = TMachine.MultiplyAdd(TMachine.LoadPartial(LogitsGradient, row + whole, left), TMachine.Splat(scale), TMachine.Splat(smoothed));
            TMachine.StorePartial(LogitsGradient, row + whole, value, left);
        }

        if (isKnown)
            TMachine.StoreScalar(LogitsGradient, row + label, TMachine.LoadScalar(LogitsGradient, row + label) - GradientScale * (1f - LabelSmoothing));
    }

    // NaN goes through on every machine; GPUs' min and max, inside Exp, would drop it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Exponential(TVector d) => TMachine.SelectEqual(d, d, Elementary<TMachine, TVector>.Exp(d), d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector FirstLanes(int count, TVector value, TVector others) =>
        TMachine.SelectGreater(TMachine.Splat(count), TMachine.LaneNumbers, value, others);
}
