using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// Adds the chunks' gradient sums up. A group has a block of channels, and its threads share the chunks; the rows of <see cref="Layout"/> are the chunks.
/// </summary>
public struct BatchNormGradientCombineGroups<TMachine, TVector> : IGroupedKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="BatchNormGradientSumsGroups{TMachine,TVector,TActivation}"/>.</summary>
    public TMachine Partials;

    /// <summary>Where the sums go.</summary>
    public BatchNormGradientOutcome<TMachine, TVector> Outcome;

    /// <summary>How the group shares the chunks; there is one chunk of chunks.</summary>
    public ChannelGroups Layout;

    /// <summary>Rows of all chunks, words from one chunk's partial results to the next one's, and from its first sums to its second ones.</summary>
    public int Rows, PartialStride, PartialRow;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var sums = SharedMemory.Allocate<TVector>(GroupThreads.Most);
        var products = SharedMemory.Allocate<TVector>(GroupThreads.Most);
        var place = Layout.Place(TMachine.Width);
        TVector sum0 = TMachine.Zero, sum1 = sum0, product0 = sum0, product1 = sum0;
        var chunk = place.Down;
        var at = chunk * PartialStride + place.Source;
        var step = place.Deep * PartialStride;
        for (; chunk + place.Deep < place.End; chunk += 2 * place.Deep)
        {
            var (a0, a1) = (TMachine.Load(Partials, at), TMachine.Load(Partials, at + step));
            var (b0, b1) = (TMachine.Load(Partials, at + PartialRow), TMachine.Load(Partials, at + step + PartialRow));
            sum0 = TMachine.Add(sum0, a0);
            sum1 = TMachine.Add(sum1, a1);
            product0 = TMachine.Add(product0, b0);
            product1 = TMachine.Add(product1, b1);
            at += 2 * step;
        }

        if (chunk < place.End)
        {
            sum0 = TMachine.Add(sum0, TMachine.Load(Partials, at));
            product0 = TMachine.Add(product0, TMachine.Load(Partials, at + PartialRow));
        }

        sum0 = TMachine.Add(sum0, sum1);
        product0 = TMachine.Add(product0, product1);
        GroupTree<TMachine, TVector>.SumTwo(sums, products, ref sum0, ref product0, Layout.Lanes);
        if (place.Down == 0 && place.Channel < Layout.Channels) Outcome.Store(place.Channel, TMachine.Width, sum0, product0, Rows);
    }
}
