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

/// <summary>Adds the chunks' sums up. An item is a vector of channels.</summary>
public struct BatchNormGradientCombine<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="BatchNormGradientSums{TMachine,TVector,TActivation}"/>.</summary>
    public TMachine Partials;

    /// <summary>Where the sums go.</summary>
    public BatchNormGradientOutcome<TMachine, TVector> Outcome;

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

        Outcome.Store(channel, left, sum, product, Layout.Rows);
    }
}
