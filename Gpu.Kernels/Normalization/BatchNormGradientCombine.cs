using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Normalization;

/// <summary>The forward pass's gamma / deviation from the saved statistics, for the backward pass; an item is a vector of channels.</summary>
public struct BatchNormFromSaved<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>All [channels].</summary>
    public TMachine Gamma, InverseDeviation, Scale;

    /// <summary>Channels.</summary>
    public int Channels;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var channel = item * TMachine.Width;
        var left = Channels - channel;
        var scale = TMachine.Multiply(TMachine.LoadPartial(Gamma, channel, left), TMachine.LoadPartial(InverseDeviation, channel, left));
        TMachine.StorePartial(Scale, channel, scale, left);
    }
}

/// <summary>
/// Adds the chunks' sums up, adds them to the gradients of gamma and beta, and leaves the two coefficients of the input's gradient
/// scale * (g - MeanGradient - (input - mean) * Projection). An item is a vector of channels.
/// </summary>
/// <remarks>
/// dx = gamma / deviation * (g - mean(g) - xhat * mean(g * xhat)), xhat = (x - mean) / deviation (Ioffe and Szegedy, "Batch normalization", 2015).
/// </remarks>
public struct BatchNormGradientCombine<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="BatchNormGradientSums{TMachine,TVector,TActivation}"/>.</summary>
    public TMachine Partials;

    /// <summary>All [channels].</summary>
    public TMachine InverseDeviation, GammaGradient, BetaGradient, MeanGradient, Projection;

    /// <summary>Sizes.</summary>
    public BatchNormLayout Layout;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var channel = item * TMachine.Width;
        var left = Layout.Channels - channel;
        TVector sum = TMachine.Zero, product = sum;
        for (var chunk = 0; chunk < Layout.Chunks; chunk++)
        {
            var at = chunk * Layout.PartialStride + channel;
            sum = TMachine.Add(sum, TMachine.LoadPartial(Partials, at, left));
            product = TMachine.Add(product, TMachine.LoadPartial(Partials, at + Layout.PartialRow, left));
        }

        var inverse = TMachine.LoadPartial(InverseDeviation, channel, left);
        product = TMachine.Multiply(product, inverse);
        TMachine.StorePartial(BetaGradient, channel, TMachine.Add(TMachine.LoadPartial(BetaGradient, channel, left), sum), left);
        TMachine.StorePartial(GammaGradient, channel, TMachine.Add(TMachine.LoadPartial(GammaGradient, channel, left), product), left);

        var rows = TMachine.Splat(Layout.Rows);
        TMachine.StorePartial(MeanGradient, channel, TMachine.Divide(sum, rows), left);
        TMachine.StorePartial(Projection, channel, TMachine.Multiply(TMachine.Divide(product, rows), inverse), left);
    }
}
