using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Optimizers;

/// <summary>Limits each gradient, after its scaling by the optimizer. An item is some vectors. A NaN gradient stays NaN.</summary>
internal struct ClipValueKernel<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The gradients, and <see cref="StepStateLayout"/>.</summary>
    public TBackend Gradients, State;

    /// <summary>The number of gradients, and of those of an item.</summary>
    public int Count, PerItem;

    /// <summary>Whether the gradient scale is in the state; else it is 1.</summary>
    public Flag HasState;

    /// <summary>The largest absolute value.</summary>
    public float Limit;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var limit = Limit;
        if (HasState) limit /= TBackend.LoadScalar(State, StepStateLayout.GradientScale);
        var (high, low) = (TBackend.Splat(limit), TBackend.Splat(-limit));
        var first = item * PerItem;
        var last = Math.Min(first + PerItem, Count);
        for (var i = first; i < last; i += TBackend.Width)
        {
            var left = last - i;
            if (left >= TBackend.Width) TBackend.Store(Gradients, i, Clip(TBackend.Load(Gradients, i), low, high));
            else TBackend.StorePartial(Gradients, i, Clip(TBackend.LoadPartial(Gradients, i, left), low, high), left);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Clip(TVector gradient, TVector low, TVector high) =>
        TBackend.SelectGreater(gradient, high, high, TBackend.SelectGreater(low, gradient, low, gradient));
}
