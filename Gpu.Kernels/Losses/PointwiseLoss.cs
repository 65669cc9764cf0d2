using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Losses;

/// <summary>
/// An elementwise loss of Prediction and Target [batch, outputs], and its gradient before the activation that produced the prediction. An item is a sample.
/// Gradient may be Prediction.
/// </summary>
internal struct PointwiseLoss<TBackend, TVector, TLoss, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TLoss : struct, IPointwiseLoss
    where TActivation : struct, IActivation
{
    /// <summary>Vectors that are summed before their sum is added to the total: two-level summation, for accuracy with many outputs.</summary>
    public const int BlockVectors = 64;

    /// <summary>[batch, outputs] each; losses [batch].</summary>
    public TBackend Prediction, Target, Gradient, SampleLosses;

    /// <summary>Outputs per sample.</summary>
    public int Outputs;

    /// <summary>False in evaluation: Gradient is not written.</summary>
    public Flag HasGradient;

    /// <summary>Factor of the summed loss of a sample: 1 / outputs.</summary>
    public float LossScale;

    /// <summary>Factor of the derivative: 1 / (batch * outputs) for the gradient of the mean loss.</summary>
    public float GradientScale;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var row = item * Outputs;
        var whole = Outputs & ~(TBackend.Width - 1);
        var total = TBackend.Zero;
        for (var from = 0; from < whole; from += BlockVectors * TBackend.Width)
        {
            var to = from + BlockVectors * TBackend.Width;
            if (to > whole) to = whole;
            var sum = TBackend.Zero;
            for (var i = from; i < to; i += TBackend.Width)
            {
                var x = TBackend.Load(Prediction, row + i);
                sum = TBackend.Add(sum, TLoss.Evaluate<TBackend, TVector>(x, TBackend.Load(Target, row + i), out var derivative));
                if (HasGradient) TBackend.Store(Gradient, row + i, ApplyGate(x, derivative));
            }

            total = TBackend.Add(total, sum);
        }

        var left = Outputs - whole;
        if (left > 0)
        {
            var x = TBackend.LoadPartial(Prediction, row + whole, left);
            var loss = TLoss.Evaluate<TBackend, TVector>(x, TBackend.LoadPartial(Target, row + whole, left), out var derivative);
            if (HasGradient) TBackend.StorePartial(Gradient, row + whole, ApplyGate(x, derivative), left);
            total = TBackend.Add(total, TBackend.SelectGreater(TBackend.Splat(left), TBackend.LaneNumbers, loss, TBackend.Zero));
        }

        TBackend.StoreScalar(SampleLosses, item, TBackend.Sum(total) * LossScale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector ApplyGate(TVector prediction, TVector derivative) =>
        TBackend.FlushSubnormals(TActivation.Backward<TBackend, TVector>(prediction, TBackend.Multiply(derivative, TBackend.Splat(GradientScale)), Slope));
}
