using System.Numerics;
using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Losses;

/// <summary>
/// <see cref="PointwiseLoss{TMachine,TVector,TLoss,TActivation}"/> of samples with many outputs (images, say), each by a group of threads. Gradient may be Prediction.
/// </summary>
public struct PointwiseLossGroups<TMachine, TVector, TLoss, TActivation> : IGroupedKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TLoss : struct, IPointwiseLoss
    where TActivation : struct, IActivation
{
    // Vectors of a sample from which on a thread of its own would wait for memory too often; and about how many of them a thread of a group has.
    private const int FewestVectors = 8, VectorsOfThread = 2;

    /// <summary>[batch, outputs] each; losses [batch].</summary>
    public TMachine Prediction, Target, Gradient, SampleLosses;

    /// <summary>Outputs of a sample.</summary>
    public int Outputs;

    /// <summary>False in evaluation, when Gradient is not written.</summary>
    public Flag HasGradient;

    /// <summary>What a sample's summed loss, and the derivative, is multiplied by.</summary>
    public float LossScale, GradientScale;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>Threads of a sample, a power of two; 0 where a thread of its own does.</summary>
    public static int Threads(GroupLimits? limits, int outputs)
    {
        var vectors = Items.Covering(outputs, TMachine.Width);
        if (limits is not { } known || vectors < FewestVectors) return 0;
        return Math.Min(GroupThreads.Of(known), (int)BitOperations.RoundUpToPowerOf2((uint)Items.Covering(vectors, VectorsOfThread)));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(GroupThreads.Most);
        var at = Grid.IdxX * Outputs + Group.IdxX * TMachine.Width;
        var end = (Grid.IdxX + 1) * Outputs;
        var total = TMachine.Zero;
        for (; at < end; at += Group.DimX * TMachine.Width)
        {
            var x = TMachine.Load(Prediction, at);
            total = TMachine.Add(total, TLoss.Evaluate<TMachine, TVector>(x, TMachine.Load(Target, at), out var derivative));
            derivative = TMachine.Multiply(derivative, TMachine.Splat(GradientScale));
            if (HasGradient) TMachine.Store(Gradient, at, TActivation.Backward<TMachine, TVector>(x, derivative, Slope));
        }

        var sum = GroupTree<Gpu1, float>.Sum(shared, TMachine.Sum(total), 1);
        if (Group.IdxX == 0) TMachine.StoreScalar(SampleLosses, Grid.IdxX, sum * LossScale);
    }
}
