using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>Recomputes the values of a window before pooling from the input of the normalization, and the gradient of the window.</summary>
internal static class BatchNormMaxPoolPixel<TBackend, TVector, TActivation>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>f((input - mean) * scale + beta), with the same bits as in the forward pass.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value(TVector centered, TVector scale, TVector beta, float slope) =>
        TActivation.Forward<TBackend, TVector>(TBackend.MultiplyAdd(centered, scale, beta), slope);

    /// <summary>gradient * f'(z) at a pixel. The activation computes f'(z) from the value f(z) or from z.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector GradientBeforeActivation(TVector value, TVector centered, TVector gradient, TVector scale, TVector beta, float slope)
    {
        var saved = TActivation.DerivativeFromOutput ? value : TBackend.MultiplyAdd(centered, scale, beta);
        return TActivation.Backward<TBackend, TVector>(saved, gradient, slope);
    }

    /// <summary>
    /// The gradient before the activation at the first maximum of a window; it is 0 at the other pixels. The centered pixels a to d are in row-major order.
    /// <paramref name="chosen"/> is that of the maximum.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector WindowGradient(
        TVector a, TVector b, TVector c, TVector d, TVector gradient, TVector scale, TVector beta, float slope, out TVector chosen)
    {
        var valueA = Value(a, scale, beta, slope);
        var valueB = Value(b, scale, beta, slope);
        var valueC = Value(c, scale, beta, slope);
        var valueD = Value(d, scale, beta, slope);
        var largest = TBackend.Max(TBackend.Max(valueA, valueB), TBackend.Max(valueC, valueD));
        // From the last pixel to the first, so that the first maximum wins.
        chosen = TBackend.SelectGreater(largest, valueC, d, c);
        chosen = TBackend.SelectGreater(largest, valueB, chosen, b);
        chosen = TBackend.SelectGreater(largest, valueA, chosen, a);
        return GradientBeforeActivation(largest, chosen, gradient, scale, beta, slope);
    }
}

/// <summary>
/// First stage of the gradients of gamma and beta: for each channel, the sums over a chunk of output rows of g and g * (input - mean), where g is the gradient
/// before the activation. In a window, only the first maximum has a gradient. An item is one vector of channels of one chunk; see
/// <see cref="BatchNormMaxPoolLayout"/>.
/// </summary>
internal struct BatchNormMaxPoolGradientSums<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Input of the normalization [n, h, w, c], and gradient with respect to the pooled output [n, oh, ow, c].</summary>
    public TBackend Input, OutputGradient;

    /// <summary>All [channels].</summary>
    public TBackend Mean, Scale, Beta;

    /// <summary>Partial sums [chunk, 2, channel].</summary>
    public TBackend Partials;

    /// <summary>Sizes.</summary>
    public BatchNormMaxPoolLayout Layout;

    /// <summary>Words from the partial sums of one chunk to those of the next, and from the first of their two rows to the second.</summary>
    public int PartialStride, PartialRow;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var chunk = item / Layout.Vectors;
        var channel = (item - chunk * Layout.Vectors) * TBackend.Width;
        var count = Layout.Channels - channel;
        // On GPUs, the channels are a multiple of the vector width (IOperation.Granularity), so the kernel does not contain the second variant.
        if (TBackend.IsGpu || count >= TBackend.Width) Sweep<WholeVector>(chunk, channel, TBackend.Width);
        else Sweep<PartialVector>(chunk, channel, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Sweep<TAccess>(int chunk, int channel, int count)
        where TAccess : struct, IVectorAccess
    {
        // Local copies, which the JIT keeps in registers.
        var (input, outputGradient, slope) = (Input, OutputGradient, Slope);
        var channels = Layout.Channels;
        var below = Layout.RowStride;
        var mean = TAccess.Load<TBackend, TVector>(Mean, channel, count);
        var scale = TAccess.Load<TBackend, TVector>(Scale, channel, count);
        var beta = TAccess.Load<TBackend, TVector>(Beta, channel, count);
        TVector sum = TBackend.Zero, product = sum;
        var lastRow = Math.Min(Layout.OutputRows, (chunk + 1) * Layout.ChunkRows);
        for (var row = chunk * Layout.ChunkRows; row < lastRow; row++)
        {
            var from = row * Layout.OutputWidth * channels + channel;
            var at = Layout.InputRow(row) + channel;
            for (var end = from + Layout.OutputWidth * channels; from < end; from += channels)
            {
                var a = TBackend.Subtract(TAccess.Load<TBackend, TVector>(input, at, count), mean);
                var b = TBackend.Subtract(TAccess.Load<TBackend, TVector>(input, at + channels, count), mean);
                var c = TBackend.Subtract(TAccess.Load<TBackend, TVector>(input, at + below, count), mean);
                var d = TBackend.Subtract(TAccess.Load<TBackend, TVector>(input, at + below + channels, count), mean);
                at += 2 * channels;
                var gradient = TAccess.Load<TBackend, TVector>(outputGradient, from, count);
                var g = BatchNormMaxPoolPixel<TBackend, TVector, TActivation>.WindowGradient(a, b, c, d, gradient, scale, beta, slope, out var chosen);
                sum = TBackend.Add(sum, g);
                product = TBackend.MultiplyAdd(g, chosen, product);
            }
        }

        var partials = chunk * PartialStride + channel;
        TAccess.Store(Partials, partials, sum, count);
        TAccess.Store(Partials, partials + PartialRow, product, count);
    }
}
