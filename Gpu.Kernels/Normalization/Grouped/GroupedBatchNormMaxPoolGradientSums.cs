using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// <see cref="BatchNormMaxPoolGradientSums{TBackend,TVector,TActivation}"/> for thread groups, which share the windows of all images. The rows of
/// <see cref="Layout"/> are windows. It also recomputes the scale of the forward pass, gamma / deviation, and stores it for the input gradient.
/// </summary>
internal struct GroupedBatchNormMaxPoolGradientSums<TBackend, TVector, TActivation> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Input of the normalization [n, h, w, c], and gradient with respect to the pooled output [n, oh, ow, c].</summary>
    public TBackend Input, OutputGradient;

    /// <summary>All [channels]. The scale is written.</summary>
    public TBackend Mean, Gamma, Beta, Scale;

    /// <summary>Partial sums [chunk, 2, channel]; not used with one chunk.</summary>
    public TBackend Partials;

    /// <summary>Saved inverse deviation; with one chunk, also the tensors that the totals are stored to.</summary>
    public BatchNormGradientTotals<TBackend, TVector> Totals;

    /// <summary>Sizes.</summary>
    public ChannelGroups Layout;

    /// <summary>Iterates over the windows of a thread.</summary>
    public WindowIterator Windows;

    /// <summary>Words from the upper to the lower pixels of a window.</summary>
    public int Below;

    /// <summary>Values of a channel, including those outside all windows.</summary>
    public int Values;

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
        SumWindows(position, scale, out var sum, out var product);
        GroupReduce<TBackend, TVector>.SumTwo(sums, products, ref sum, ref product, Layout.Lanes);
        if (position.ThreadRow != 0 || position.Channel >= Layout.Channels) return;
        if (position.Chunk == 0) TBackend.Store(Scale, position.Channel, scale);
        if (Layout.Chunks == 1)
        {
            Totals.Store(position.Channel, TBackend.Width, sum, product, Values);
            return;
        }

        var partials = position.Chunk * PartialStride + position.Channel;
        TBackend.Store(Partials, partials, sum);
        TBackend.Store(Partials, partials + PartialRow, product);
    }

    // Sums over the windows of a thread, two at a time.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumWindows(ChannelPosition position, TVector scale, out TVector sum, out TVector product)
    {
        var mean = TBackend.Load(Mean, position.ReadChannel);
        var beta = TBackend.Load(Beta, position.ReadChannel);
        TVector sum0 = TBackend.Zero, sum1 = sum0, product0 = sum0, product1 = sum0;
        var row = position.FirstRow + position.ThreadRow;
        var window = Windows.Start(row, position.ReadChannel);
        var from = row * Layout.Channels + position.ReadChannel;
        var step = position.RowStep * Layout.Channels;
        for (; row + position.RowStep < position.EndRow; row += 2 * position.RowStep)
        {
            var next = Windows.Next(window);
            // The loads come first, so that they execute concurrently.
            var (a0, b0) = (TBackend.Load(Input, window.Index), TBackend.Load(Input, window.Index + Layout.Channels));
            var (c0, d0) = (TBackend.Load(Input, window.Index + Below), TBackend.Load(Input, window.Index + Below + Layout.Channels));
            var (a1, b1) = (TBackend.Load(Input, next.Index), TBackend.Load(Input, next.Index + Layout.Channels));
            var (c1, d1) = (TBackend.Load(Input, next.Index + Below), TBackend.Load(Input, next.Index + Below + Layout.Channels));
            var (g0, g1) = (TBackend.Load(OutputGradient, from), TBackend.Load(OutputGradient, from + step));
            Add(a0, b0, c0, d0, g0, mean, scale, beta, ref sum0, ref product0);
            Add(a1, b1, c1, d1, g1, mean, scale, beta, ref sum1, ref product1);
            window = Windows.Next(next);
            from += 2 * step;
        }

        if (row < position.EndRow)
        {
            var (a, b) = (TBackend.Load(Input, window.Index), TBackend.Load(Input, window.Index + Layout.Channels));
            var (c, d) = (TBackend.Load(Input, window.Index + Below), TBackend.Load(Input, window.Index + Below + Layout.Channels));
            Add(a, b, c, d, TBackend.Load(OutputGradient, from), mean, scale, beta, ref sum0, ref product0);
        }

        sum = TBackend.Add(sum0, sum1);
        product = TBackend.Add(product0, product1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Add(
        TVector a, TVector b, TVector c, TVector d, TVector gradient, TVector mean, TVector scale, TVector beta, ref TVector sum, ref TVector product)
    {
        a = TBackend.Subtract(a, mean);
        b = TBackend.Subtract(b, mean);
        c = TBackend.Subtract(c, mean);
        d = TBackend.Subtract(d, mean);
        var g = BatchNormMaxPoolPixel<TBackend, TVector, TActivation>.WindowGradient(a, b, c, d, gradient, scale, beta, Slope, out var chosen);
        sum = TBackend.Add(sum, g);
        product = TBackend.MultiplyAdd(g, chosen, product);
    }
}
