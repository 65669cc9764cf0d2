using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// <see cref="BatchNormGradientCombine{TBackend,TVector}"/> for thread groups. A group processes a block of channels, and its threads share the chunks. The
/// rows of <see cref="Layout"/> are the chunks.
/// </summary>
internal struct GroupedBatchNormGradientCombine<TBackend, TVector> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="GroupedBatchNormGradientSums{TBackend,TVector,TActivation}"/>.</summary>
    public TBackend Partials;

    /// <summary>Gradients of gamma and beta, which are added to, and coefficients of the input gradient, which are written.</summary>
    public BatchNormGradientTotals<TBackend, TVector> Totals;

    /// <summary>How the threads of a group share the chunks. The layout itself has one chunk.</summary>
    public ChannelGroups Layout;

    /// <summary>
    /// Values of a channel, words from the partial sums of one chunk to those of the next, words from the first of their two rows to the second.
    /// </summary>
    public int Rows, PartialStride, PartialRow;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var sums = SharedMemory.Allocate<TVector>(GroupThreads.Max);
        var products = SharedMemory.Allocate<TVector>(GroupThreads.Max);
        var position = Layout.GetPosition(TBackend.Width);
        TVector sum0 = TBackend.Zero, sum1 = sum0, product0 = sum0, product1 = sum0;
        var chunk = position.ThreadRow;
        var at = chunk * PartialStride + position.ReadChannel;
        var step = position.RowStep * PartialStride;
        for (; chunk + position.RowStep < position.EndRow; chunk += 2 * position.RowStep)
        {
            var (a0, a1) = (TBackend.Load(Partials, at), TBackend.Load(Partials, at + step));
            var (b0, b1) = (TBackend.Load(Partials, at + PartialRow), TBackend.Load(Partials, at + step + PartialRow));
            sum0 = TBackend.Add(sum0, a0);
            sum1 = TBackend.Add(sum1, a1);
            product0 = TBackend.Add(product0, b0);
            product1 = TBackend.Add(product1, b1);
            at += 2 * step;
        }

        if (chunk < position.EndRow)
        {
            sum0 = TBackend.Add(sum0, TBackend.Load(Partials, at));
            product0 = TBackend.Add(product0, TBackend.Load(Partials, at + PartialRow));
        }

        sum0 = TBackend.Add(sum0, sum1);
        product0 = TBackend.Add(product0, product1);
        GroupReduce<TBackend, TVector>.SumTwo(sums, products, ref sum0, ref product0, Layout.Lanes);
        if (position.ThreadRow == 0 && position.Channel < Layout.Channels) Totals.Store(position.Channel, TBackend.Width, sum0, product0, Rows);
    }
}
