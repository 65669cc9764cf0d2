using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// <see cref="BatchNormGradientSums{TBackend,TVector,TActivation}"/> for thread groups; see <see cref="ChannelGroups"/>. It also recomputes the scale of the
/// forward pass, gamma / deviation, and stores it for the input gradient.
/// </summary>
internal struct GroupedBatchNormGradientSums<TBackend, TVector, TActivation> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>All [row, channel].</summary>
    public TBackend Input, OutputGradient;

    /// <summary>All [channels]. The scale is written.</summary>
    public TBackend Mean, Gamma, Beta, Scale;

    /// <summary>Partial sums [chunk, 2, channel]; not used with one chunk.</summary>
    public TBackend Partials;

    /// <summary>Saved inverse deviation; with one chunk, also the tensors that the totals are stored to.</summary>
    public BatchNormGradientTotals<TBackend, TVector> Totals;

    /// <summary>Sizes.</summary>
    public ChannelGroups Layout;

    /// <summary>Words from the partial sums of one chunk to those of the next, and from the first of their two rows to the second.</summary>
    public int PartialStride, PartialRow;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var sums = SharedMemory.Allocate<TVector>(GroupThreads.Max);
        var products = SharedMemory.Allocate<TVector>(GroupThreads.Max);
        var position = Layout.GetPosition(TBackend.Width);
        var scale = TBackend.Multiply(TBackend.Load(Gamma, position.ReadChannel), TBackend.Load(Totals.InverseDeviation, position.ReadChannel));
        SumRows(position, scale, out var sum, out var product);
        GroupReduce<TBackend, TVector>.SumTwo(sums, products, ref sum, ref product, Layout.Lanes);
        if (position.ThreadRow != 0 || position.Channel >= Layout.Channels) return;
        if (position.Chunk == 0) TBackend.Store(Scale, position.Channel, scale);
        if (Layout.Chunks == 1)
        {
            Totals.Store(position.Channel, TBackend.Width, sum, product, Layout.Rows);
            return;
        }

        var partials = position.Chunk * PartialStride + position.Channel;
        TBackend.Store(Partials, partials, sum);
        TBackend.Store(Partials, partials + PartialRow, product);
    }

    // Sums over the rows of a thread.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumRows(ChannelPosition position, TVector scale, out TVector sum, out TVector product)
    {
        var mean = TBackend.Load(Mean, position.ReadChannel);
        var beta = TBackend.Load(Beta, position.ReadChannel);
        TVector sum0 = TBackend.Zero, sum1 = sum0, product0 = sum0, product1 = sum0;
        var row = position.FirstRow + position.ThreadRow;
        var at = row * Layout.Channels + position.ReadChannel;
        var step = position.RowStep * Layout.Channels;
        for (; row + 3 * position.RowStep < position.EndRow; row += 4 * position.RowStep)
        {
            // The loads come first, so that they execute concurrently.
            var (x0, x1) = (TBackend.Load(Input, at), TBackend.Load(Input, at + step));
            var (x2, x3) = (TBackend.Load(Input, at + 2 * step), TBackend.Load(Input, at + 3 * step));
            var (g0, g1) = (TBackend.Load(OutputGradient, at), TBackend.Load(OutputGradient, at + step));
            var (g2, g3) = (TBackend.Load(OutputGradient, at + 2 * step), TBackend.Load(OutputGradient, at + 3 * step));
            Add(x0, g0, mean, scale, beta, ref sum0, ref product0);
            Add(x1, g1, mean, scale, beta, ref sum1, ref product1);
            Add(x2, g2, mean, scale, beta, ref sum0, ref product0);
            Add(x3, g3, mean, scale, beta, ref sum1, ref product1);
            at += 4 * step;
        }

        for (; row < position.EndRow; row += position.RowStep)
        {
            Add(TBackend.Load(Input, at), TBackend.Load(OutputGradient, at), mean, scale, beta, ref sum0, ref product0);
            at += step;
        }

        sum = TBackend.Add(sum0, sum1);
        product = TBackend.Add(product0, product1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Add(TVector x, TVector gradient, TVector mean, TVector scale, TVector beta, ref TVector sum, ref TVector product)
    {
        var centered = TBackend.Subtract(x, mean);
        var g = BatchNormGradient<TBackend, TVector, TActivation>.BeforeActivation(centered, gradient, scale, beta, Slope);
        sum = TBackend.Add(sum, g);
        product = TBackend.MultiplyAdd(g, centered, product);
    }
}
