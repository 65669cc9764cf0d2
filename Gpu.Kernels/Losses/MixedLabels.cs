using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Losses;

/// <summary>
/// Turns the loss and gradient of <see cref="SoftmaxCrossEntropyKernel{TBackend,TVector}"/> with one label a per sample into those with two labels:
/// w v[a] loss(a) + (1 - w) v[b] loss(b) with class weights v. Both losses have the same softmax, so with label smoothing s and the scale g of the gradient
/// loss(b) = loss(a) + (1 - s) (logit[a] - logit[b]), and the gradient is moved by g (1 - s) (1 - w) v[b] from class a to b. An item is a sample.
/// </summary>
internal struct MixedLabels<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>[batch, classes]; integers [batch] (two); [batch]; [batch, classes]; [batch]; [classes].</summary>
    public TBackend Logits, Labels, SecondLabels, LabelWeights, LogitsGradient, SampleLosses, ClassWeights;

    /// <summary>The number of classes.</summary>
    public int Classes;

    /// <summary>False in evaluation; whether there are class weights.</summary>
    public Flag HasGradient, HasWeights;

    /// <summary>1 - s, and g.</summary>
    public float KeptTarget, GradientScale;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var row = item * Classes;
        var first = TBackend.LoadInt(Labels, item);
        var second = TBackend.LoadInt(SecondLabels, item);
        var isKnown = first >= 0 && first < Classes && second >= 0 && second < Classes;
        var weight = TBackend.LoadScalar(LabelWeights, item);
        var (own, other) = (weight, 1 - weight);
        if (HasWeights)
        {
            own *= TBackend.LoadScalar(ClassWeights, isKnown ? first : 0);
            other *= TBackend.LoadScalar(ClassWeights, isKnown ? second : 0);
        }

        var loss = float.NaN;
        if (isKnown)
        {
            var firstLoss = TBackend.LoadScalar(SampleLosses, item);
            var difference = TBackend.LoadScalar(Logits, row + first) - TBackend.LoadScalar(Logits, row + second);
            loss = own * firstLoss + other * (firstLoss + KeptTarget * difference);
        }

        TBackend.StoreScalar(SampleLosses, item, loss);
        if (!HasGradient) return;
        // A sample without valid labels has the gradient 0.
        var scale = isKnown ? own + other : 0f;
        if (HasWeights || !isKnown)
            for (var c = row; c < row + Classes; c++) TBackend.StoreScalar(LogitsGradient, c, scale * TBackend.LoadScalar(LogitsGradient, c));
        if (!isKnown) return;
        var moved = other * KeptTarget * GradientScale;
        TBackend.StoreScalar(LogitsGradient, row + first, TBackend.LoadScalar(LogitsGradient, row + first) + moved);
        TBackend.StoreScalar(LogitsGradient, row + second, TBackend.LoadScalar(LogitsGradient, row + second) - moved);
    }
}
