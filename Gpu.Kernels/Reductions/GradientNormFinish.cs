using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Reductions;

/// <summary>
/// The norm, and the factor that clips to it, from the last few partial sums of squares; one item. NaN and infinity go through:
/// a norm that is NaN gives the factor NaN.
/// </summary>
internal struct GradientNormFinish<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Partial sums; <see cref="StepStateLayout"/>; <see cref="GradientNormLayout"/>.</summary>
    public TBackend Sums, StepState, Norm;

    /// <summary>How many sums.</summary>
    public int Count;

    /// <summary>True when the norm is that of the gradients times the step's gradient scale.</summary>
    public Flag IsScaled;

    /// <summary>The largest norm allowed; infinity for no clipping.</summary>
    public float MaxNorm;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var sum = 0f;
        for (var i = 0; i < Count; i++) sum += TBackend.LoadScalar(Sums, i);
        Store(sum);
    }

    /// <summary>Stores what comes of the sum of all squares.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly void Store(float sum)
    {
        var norm = MathF.Sqrt(sum);
        if (IsScaled) norm *= MathF.Abs(TBackend.LoadScalar(StepState, StepStateLayout.GradientScale));
        // As PyTorch's clip_grad_norm_. NaN is passed on; it is asked for because ILGPU's comparisons do not keep it apart on OpenCL.
        var factor = MaxNorm / (norm + 1e-6f);
        if (!float.IsNaN(factor) && factor >= 1f) factor = 1f;
        TBackend.StoreScalar(Norm, GradientNormLayout.Norm, norm);
        TBackend.StoreScalar(Norm, GradientNormLayout.ClipFactor, factor);
    }
}
