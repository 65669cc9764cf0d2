using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// Stores the gradient sums of a vector of channels: adds them to the gradients of gamma and beta, and computes the coefficients of the input gradient,
/// scale * (g - MeanGradient - (input - mean) * Projection).
/// </summary>
/// <remarks>
/// dx = gamma / deviation * (g - mean(g) - xhat * mean(g * xhat)) with xhat = (x - mean) / deviation (S. Ioffe, C. Szegedy, "Batch normalization", 2015). So
/// MeanGradient = mean(g) and Projection = mean(g * xhat) / deviation.
/// </remarks>
internal struct BatchNormGradientTotals<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>All [channels].</summary>
    public TBackend InverseDeviation, GammaGradient, BetaGradient, MeanGradient, Projection;

    /// <summary>Stores the totals.</summary>
    /// <param name="channel">first channel of the vector</param>
    /// <param name="left">channels from the first one to the last of the tensor</param>
    /// <param name="sum">sum of g over all values of the channel</param>
    /// <param name="product">sum of g * (input - mean)</param>
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
