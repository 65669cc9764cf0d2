using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// What comes of a vector of channels' gradient sums: they are added to the gradients of gamma and beta, and the two coefficients of the input's gradient
/// scale * (g - MeanGradient - (input - mean) * Projection) are left.
/// </summary>
/// <remarks>
/// dx = gamma / deviation * (g - mean(g) - xhat * mean(g * xhat)), xhat = (x - mean) / deviation (Ioffe and Szegedy, "Batch normalization", 2015).
/// </remarks>
public struct BatchNormGradientOutcome<TMachine, TVector>
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>All [channels].</summary>
    public TMachine InverseDeviation, GammaGradient, BetaGradient, MeanGradient, Projection;

    /// <summary>Stores everything.</summary>
    /// <param name="channel">the first channel</param>
    /// <param name="left">channels from there to the last</param>
    /// <param name="sum">the sum of the gradients g</param>
    /// <param name="product">the sum of g * (input - mean)</param>
    /// <param name="count">values of a channel</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(int channel, int left, TVector sum, TVector product, int count)
    {
        var inverse = TMachine.LoadPartial(InverseDeviation, channel, left);
        product = TMachine.Multiply(product, inverse);
        TMachine.StorePartial(BetaGradient, channel, TMachine.Add(TMachine.LoadPartial(BetaGradient, channel, left), sum), left);
        TMachine.StorePartial(GammaGradient, channel, TMachine.Add(TMachine.LoadPartial(GammaGradient, channel, left), product), left);

        var rows = TMachine.Splat(count);
        TMachine.StorePartial(MeanGradient, channel, TMachine.Divide(sum, rows), left);
        TMachine.StorePartial(Projection, channel, TMachine.Multiply(TMachine.Divide(product, rows), inverse), left);
    }
}
