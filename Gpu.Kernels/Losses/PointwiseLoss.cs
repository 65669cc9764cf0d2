using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Losses;

/// <summary>
/// A loss over the elements of Prediction and Target [batch, outputs], and its gradient through the activation that made the prediction.
/// An item is a sample. Gradient may be Prediction.
/// </summary>
public struct PointwiseLoss<TMachine, TVector, TLoss, TActivation> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TLoss : struct, IPointwiseLoss
    where TActivation : struct, IActivation
{
    /// <summary>Vectors that are summed one after the other before their sum joins the total: sums over many outputs are two-level.</summary>
    public const int BlockVectors = 64;

    /// <summary>[batch, outputs] each; losses [batch].</summary>
    public TMachine Prediction, Target, Gradient, SampleLosses;

    /// <summary>Outputs of a sample.</summary>
    public int Outputs;

    /// <summary>False in evaluation, when Gradient is not written.</summary>
    public Flag HasGradient;

    /// <summary>What a sample's summed loss is multiplied by: 1 / outputs.</summary>
    public float LossScale;

    /// <summary>What the derivative is multiplied by: 1 / (batch * outputs) for the gradient of the mean loss.</summary>
    public float GradientScale;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var row = item * Outputs;
        var whole = Outputs & ~(TMachine.Width - 1);
        var total = TMachine.Zero;
        for (var from = 0; from < whole; from += BlockVectors * TMachine.Width)
        {
            var to = from + BlockVectors * TMachine.Width;
            if (to > whole) to = whole;
            var sum = TMachine.Zero;
            for (var i = from; i < to; i += TMachine.Width)
            {
                var x = TMachine.Load(Prediction, row + i);
                sum = TMachine.Add(sum, TLoss.Evaluate<TMachine, TVector>(x, TMachine.Load(Target, row + i), out var derivative));
                if (HasGradient) TMachine.Store(Gradient, row + i, ThroughActivation(x, derivative));
            }

            total = TMachine.Add(total, sum);
        }

        var left = Outputs - whole;
        if (left > 0)
        {
            var x = TMachine.LoadPartial(Prediction, row + whole, left);
            var loss = TLoss.Evaluate<TMachine, TVector>(x, TMachine.LoadPartial(Target, row + whole, left), out var derivative);
            if (HasGradient) TMachine.StorePartial(Gradient, row + whole, ThroughActivation(x, derivative), left);
            total = TMachine.Add(total, TMachine.SelectGreater(TMachine.Splat(left), TMachine.LaneNumbers, loss, TMachine.Zero));
        }

        TMachine.StoreScalar(SampleLosses, item, TMachine.Sum(total) * LossScale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector ThroughActivation(TVector prediction, TVector derivative) =>
        TActivation.Backward<TMachine, TVector>(prediction, TMachine.Multiply(derivative, TMachine.Splat(GradientScale)), Slope);
}
