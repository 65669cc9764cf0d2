using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// For a chunk of rows, each channel's sum of the gradient g in front of the activation, and of g * (input - mean), by groups of threads; see
/// <see cref="ChannelGroups"/>. It computes the forward pass's gamma / deviation itself, and leaves it.
/// </summary>
public struct BatchNormGradientSumsGroups<TMachine, TVector, TActivation> : IGroupedKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Rows by channels.</summary>
    public TMachine Input, OutputGradient;

    /// <summary>All [channels]; the scale is written.</summary>
    public TMachine Mean, Gamma, Beta, Scale;

    /// <summary>[chunk, 2, channels]; not used where there is one chunk.</summary>
    public TMachine Partials;

    /// <summary>Where the sums go when there is one chunk.</summary>
    public BatchNormGradientOutcome<TMachine, TVector> Outcome;

    /// <summary>Sizes.</summary>
    public ChannelGroups Layout;

    /// <summary>Words from one chunk's partial results to the next one's, and from its first sums to its second ones.</summary>
    public int PartialStride, PartialRow;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var sums = SharedMemory.Allocate<TVector>(GroupThreads.Most);
        var products = SharedMemory.Allocate<TVector>(GroupThreads.Most);
        var place = Layout.Place(TMachine.Width);
        var scale = TMachine.Multiply(TMachine.Load(Gamma, place.Source), TMachine.Load(Outcome.InverseDeviation, place.Source));
        SumUp(place, scale, out var sum, out var product);
        GroupTree<TMachine, TVector>.SumTwo(sums, products, ref sum, ref product, Layout.Lanes);
        if (place.Down != 0 || place.Channel >= Layout.Channels) return;
        if (place.Chunk == 0) TMachine.Store(Scale, place.Channel, scale);
        if (Layout.Chunks == 1)
        {
            Outcome.Store(place.Channel, TMachine.Width, sum, product, Layout.Rows);
            return;
        }

        var partials = place.Chunk * PartialStride + place.Channel;
        TMachine.Store(Partials, partials, sum);
        TMachine.Store(Partials, partials + PartialRow, product);
    }

    // A thread's own rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumUp(ChannelPlace place, TVector scale, out TVector sum, out TVector product)
    {
        var mean = TMachine.Load(Mean, place.Source);
        var beta = TMachine.Load(Beta, place.Source);
        TVector sum0 = TMachine.Zero, sum1 = sum0, product0 = sum0, product1 = sum0;
        var row = place.First + place.Down;
        var at = row * Layout.Channels + place.Source;
        var step = place.Deep * Layout.Channels;
        for (; row + 3 * place.Deep < place.End; row += 4 * place.Deep)
        {
            // All loads first: they are then under way together.
            var (x0, x1) = (TMachine.Load(Input, at), TMachine.Load(Input, at + step));
            var (x2, x3) = (TMachine.Load(Input, at + 2 * step), TMachine.Load(Input, at + 3 * step));
            var (g0, g1) = (TMachine.Load(OutputGradient, at), TMachine.Load(OutputGradient, at + step));
            var (g2, g3) = (TMachine.Load(OutputGradient, at + 2 * step), TMachine.Load(OutputGradient, at + 3 * step));
            Add(x0, g0, mean, scale, beta, ref sum0, ref product0);
            Add(x1, g1, mean, scale, beta, ref sum1, ref product1);
            Add(x2, g2, mean, scale, beta, ref sum0, ref product0);
            Add(x3, g3, mean, scale, beta, ref sum1, ref product1);
            at += 4 * step;
        }

        for (; row < place.End; row += place.Deep)
        {
            Add(TMachine.Load(Input, at), TMachine.Load(OutputGradient, at), mean, scale, beta, ref sum0, ref product0);
            at += step;
        }

        sum = TMachine.Add(sum0, sum1);
        product = TMachine.Add(product0, product1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Add(TVector x, TVector gradient, TVector mean, TVector scale, TVector beta, ref TVector sum, ref TVector product)
    {
        var centred = TMachine.Subtract(x, mean);
        var g = BatchNormGradient<TMachine, TVector, TActivation>.BeforeActivation(centred, gradient, scale, beta, Slope);
        sum = TMachine.Add(sum, g);
        product = TMachine.MultiplyAdd(g, centred, product);
    }
}
