using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// What comes of a vector of channels' gradient sums: they are added to the gradients of gamma and beta, and the two coefficients of the input's gradient
/// scale * (g - MeanGradient - (input - mean) * Projection) are left.
/// </summary>
/// <remarks>
/// dx = gamma / deviation * (g - mean(g) - xhat * mean(g * xhat)), xhat = (x - mean) / deviation (Ioffe and Szegedy, "Batch normalization", 2015).
/// </remarks>
internal struct BatchNormGradientTotals<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>All [channels].</summary>
    public TBackend InverseDeviation, GammaGradient, BetaGradient, MeanGradient, Projection;

    /// <summary>Stores everything.</summary>
    /// <param name="channel">the first channel</param>
    /// <param name="left">channels from there to the last</param>
    /// <param name="sum">the sum of the gradients g</param>
    /// <param name="product">the sum of g * (input - mean)</param>
    /// <param name="count">values of a channel</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(int channel, int left, TVector sum, TVector product, int count)
    {
        var inverse = TBackend.LoadPartial(InverseDeviation, channel, left);
        product = TBackend.Multiply(product, inverse);
        TBackend.StorePartial(BetaGradient, channel, TBackend.Add(TBackend.LoadPartial(BetaGradient, channel, left), sum), left);
        TBackend.StorePartial(GammaGradient, channel, TBackend.Add(TBackend.LoadPartial(GammaGradient, channel, left), product), left);

        var rows = TBackend.Splat(count);
        TBackend.StorePartial(MeanGradient, channel, TBackend.Divide(sum, rows), left);
        TBackend.StorePartial(Projection, channel, TBackend.Multiply(TBackend.Divide(product, rows), inverse), left);
    }
}
