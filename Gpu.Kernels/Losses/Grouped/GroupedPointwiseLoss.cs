using System.Numerics;
using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Losses;

/// <summary>
/// <see cref="PointwiseLoss{TBackend,TVector,TLoss,TActivation}"/> for samples with many outputs, such as images: a group of threads per sample. Gradient may
/// be Prediction.
/// </summary>
internal struct GroupedPointwiseLoss<TBackend, TVector, TLoss, TActivation> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TLoss : struct, IPointwiseLoss
    where TActivation : struct, IActivation
{
    // With fewer vectors per sample, one thread per sample is fast enough. About this many vectors per thread of a group.
    private const int MinVectors = 8, VectorsPerThread = 2;

    /// <summary>[batch, outputs] each; losses [batch].</summary>
    public TBackend Prediction, Target, Gradient, SampleLosses;

    /// <summary>Outputs per sample.</summary>
    public int Outputs;

    /// <summary>False in evaluation: Gradient is not written.</summary>
    public Flag HasGradient;

    /// <summary>Factors of the summed loss of a sample, and of the derivative.</summary>
    public float LossScale, GradientScale;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>Threads per sample, a power of two; 0 if the kernel with one thread per sample is better.</summary>
    public static int Threads(GroupLimits? limits, int outputs)
    {
        var vectors = IntMath.DivRoundUp(outputs, TBackend.Width);
        if (limits is not { } known || vectors < MinVectors) return 0;
        return Math.Min(GroupThreads.For(known), (int)BitOperations.RoundUpToPowerOf2((uint)IntMath.DivRoundUp(vectors, VectorsPerThread)));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(GroupThreads.Max);
        var at = Grid.IdxX * Outputs + Group.IdxX * TBackend.Width;
        var end = (Grid.IdxX + 1) * Outputs;
        var total = TBackend.Zero;
        for (; at < end; at += Group.DimX * TBackend.Width)
        {
            var x = TBackend.Load(Prediction, at);
            total = TBackend.Add(total, TLoss.Evaluate<TBackend, TVector>(x, TBackend.Load(Target, at), out var derivative));
            derivative = TBackend.Multiply(derivative, TBackend.Splat(GradientScale));
            if (HasGradient) TBackend.Store(Gradient, at, TActivation.Backward<TBackend, TVector>(x, derivative, Slope));
        }

        var sum = GroupReduce<GpuScalarBackend, float>.Sum(shared, TBackend.Sum(total), 1);
        if (Group.IdxX == 0) TBackend.StoreScalar(SampleLosses, Grid.IdxX, sum * LossScale);
    }
}
