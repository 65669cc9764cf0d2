using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>The forward pass's gamma / deviation from the saved statistics, for the backward pass; an item is a vector of channels.</summary>
internal struct BatchNormScaleFromSaved<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>All [channels].</summary>
    public TBackend Gamma, InverseDeviation, Scale;

    /// <summary>Channels.</summary>
    public int Channels;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var channel = item * TBackend.Width;
        var left = Channels - channel;
        var scale = TBackend.Multiply(TBackend.LoadPartial(Gamma, channel, left), TBackend.LoadPartial(InverseDeviation, channel, left));
        TBackend.StorePartial(Scale, channel, scale, left);
    }
}

/// <summary>Adds the chunks' sums up. An item is a vector of channels.</summary>
internal struct BatchNormGradientCombine<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="BatchNormGradientSums{TBackend,TVector,TActivation}"/>.</summary>
    public TBackend Partials;

    /// <summary>Where the sums go.</summary>
    public BatchNormGradientTotals<TBackend, TVector> Totals;

    /// <summary>Sizes.</summary>
    public BatchNormLayout Layout;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var channel = item * TBackend.Width;
        var left = Layout.Channels - channel;
        TVector sum = TBackend.Zero, product = sum;
        for (var chunk = 0; chunk < Layout.Chunks; chunk++)
        {
            var at = chunk * Layout.PartialStride + channel;
            sum = TBackend.Add(sum, TBackend.LoadPartial(Partials, at, left));
            product = TBackend.Add(product, TBackend.LoadPartial(Partials, at + Layout.PartialRow, left));
        }

        Totals.Store(channel, left, sum, product, Layout.Rows);
    }
}
