using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>What the pixels of a window were before it was pooled, computed again from the normalisation's input.</summary>
internal static class BatchNormMaxPoolPixel<TBackend, TVector, TActivation>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>f((input - mean) * scale + beta), the same bits as in the forward pass.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value(TVector centred, TVector scale, TVector beta, float slope) =>
        TActivation.Forward<TBackend, TVector>(TBackend.MultiplyAdd(centred, scale, beta), slope);

    /// <summary>gradient * f' at a pixel, of its value or from what went into f, as the activation asks for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector GradientBeforeActivation(TVector value, TVector centred, TVector gradient, TVector scale, TVector beta, float slope)
    {
        var saved = TActivation.DerivativeFromOutput ? value : TBackend.MultiplyAdd(centred, scale, beta);
        return TActivation.Backward<TBackend, TVector>(saved, gradient, slope);
    }

    /// <summary>The gradient of a window in front of the activation, at the first maximum of its centred pixels, which are in row-major order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector WindowGradient(
        TVector a, TVector b, TVector c, TVector d, TVector gradient, TVector scale, TVector beta, float slope, out TVector chosen)
    {
        var valueA = Value(a, scale, beta, slope);
        var valueB = Value(b, scale, beta, slope);
        var valueC = Value(c, scale, beta, slope);
        var valueD = Value(d, scale, beta, slope);
        var largest = TBackend.Max(TBackend.Max(valueA, valueB), TBackend.Max(valueC, valueD));
        // From the last to the first, so that the first maximum stays.
        chosen = TBackend.SelectGreater(largest, valueC, d, c);
        chosen = TBackend.SelectGreater(largest, valueB, chosen, b);
        chosen = TBackend.SelectGreater(largest, valueA, chosen, a);
        return GradientBeforeActivation(largest, chosen, gradient, scale, beta, slope);
    }
}

/// <summary>
/// For a chunk of output rows, each channel's sum of the gradient g in front of the activation, and of g * (input - mean). Of a window the first maximum
/// alone has a gradient, the window's. For items see <see cref="BatchNormMaxPoolLayout"/>.
/// </summary>
internal struct BatchNormMaxPoolGradientSums<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Images: the normalisation's input, and the gradient of what was pooled.</summary>
    public TBackend Input, OutputGradient;

    /// <summary>All [channels].</summary>
    public TBackend Mean, Scale, Beta;

    /// <summary>[chunk, 2, channels].</summary>
    public TBackend Partials;

    /// <summary>Sizes.</summary>
    public BatchNormMaxPoolLayout Layout;

    /// <summary>Words from one chunk's partial results to the next one's, and from its first row to its second.</summary>
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
        // GPUs get vectors that fit (IOperation.Granularity), and no second copy of the code.
        if (TBackend.IsGpu || count >= TBackend.Width) Sweep<WholeVector>(chunk, channel, TBackend.Width);
        else Sweep<PartialVector>(chunk, channel, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Sweep<TAccess>(int chunk, int channel, int count)
        where TAccess : struct, IVectorAccess
    {
        // Copies, so that the compiler keeps them in registers.
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
