using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Reductions;

/// <summary>
/// Computes the norm and the clip factor from the last partial sums of squares. One item. NaN and infinity propagate: a NaN norm gives a NaN factor.
/// </summary>
internal struct GradientNormFinish<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Partial sums; <see cref="StepStateLayout"/>; <see cref="GradientNormLayout"/>.</summary>
    public TBackend Sums, StepState, Norm;

    /// <summary>The number of partial sums.</summary>
    public int Count;

    /// <summary>True to multiply the norm by the gradient scale of the step.</summary>
    public Flag IsScaled;

    /// <summary>The norm to clip to; infinity for no clipping.</summary>
    public float MaxNorm;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var sum = 0f;
        for (var i = 0; i < Count; i++) sum += TBackend.LoadScalar(Sums, i);
        Store(sum);
    }

    /// <summary>Stores the norm and the clip factor for a sum of squares.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly void Store(float sum)
    {
        var norm = MathF.Sqrt(sum);
        if (IsScaled) norm *= MathF.Abs(TBackend.LoadScalar(StepState, StepStateLayout.GradientScale));
        // As PyTorch's clip_grad_norm_. NaN propagates; the test for it is explicit, because ILGPU's comparisons on OpenCL do not distinguish it.
        var factor = MaxNorm / (norm + 1e-6f);
        if (!float.IsNaN(factor) && factor >= 1f) factor = 1f;
        TBackend.StoreScalar(Norm, GradientNormLayout.Norm, norm);
        TBackend.StoreScalar(Norm, GradientNormLayout.ClipFactor, factor);
    }
}
