using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>Scale = gamma * saved inverse deviation, the scale of the forward pass, for the backward pass. An item is one vector of channels.</summary>
internal struct BatchNormScaleFromSaved<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>All [channels].</summary>
    public TBackend Gamma, InverseDeviation, Scale;

    /// <summary>Number of channels.</summary>
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

/// <summary>Adds the gradient sums of all chunks, in order, and stores the results in <see cref="Totals"/>. An item is one vector of channels.</summary>
internal struct BatchNormGradientCombine<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="BatchNormGradientSums{TBackend,TVector,TActivation}"/>.</summary>
    public TBackend Partials;

    /// <summary>Gradients of gamma and beta, which are added to, and coefficients of the input gradient, which are written.</summary>
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
