using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// InputGradient = scale * (g - mean gradient - (input - mean) * projection) for each channel. g, the gradient before the fused activation, is that of the
/// window at its first maximum, and 0 at its other pixels and outside all windows. If the input is the output of another activation, the gate, the result is
/// multiplied by its derivative.
/// </summary>
/// <remarks>
/// An item is a strip of an output row with its two input rows. The last item of a row also writes the input column after the last windows. The items of the
/// last row of an image also write the input row below them.
/// </remarks>
internal struct BatchNormMaxPoolInputGradient<TBackend, TVector, TActivation, TGate> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
    where TGate : struct, IActivation
{
    /// <summary>Input and its gradient [n, h, w, c], gradient with respect to the pooled output [n, oh, ow, c].</summary>
    public TBackend Input, OutputGradient, InputGradient;

    /// <summary>All [channels].</summary>
    public TBackend Mean, Scale, Beta, MeanGradient, Projection;

    /// <summary>Sizes.</summary>
    public BatchNormMaxPoolLayout Layout;

    /// <summary>The division of the output into items.</summary>
    public RowTiles Tiles;

    /// <summary><see cref="Activation.Slope"/> of the fused activation and of the gate.</summary>
    public float Slope, GateSlope;

    /// <summary>The result is added to the input gradient, instead of replacing it.</summary>
    public Flag Accumulate;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        Tiles.GetTile(item, out var row, out var column, out var columnEnd, out var channel, out var channelEnd);
        // On a GPU, an item is one whole vector (IOperation.Granularity), so the kernel does not contain the second variant.
        if (TBackend.IsGpu)
        {
            Sweep<WholeVector>(row, column, columnEnd, channel, TBackend.Width);
            return;
        }

        var c = channel;
        for (; c + TBackend.Width <= channelEnd; c += TBackend.Width) Sweep<WholeVector>(row, column, columnEnd, c, TBackend.Width);
        if (c < channelEnd) Sweep<PartialVector>(row, column, columnEnd, c, channelEnd - c);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Sweep<TAccess>(int row, int column, int columnEnd, int channel, int count)
        where TAccess : struct, IVectorAccess
    {
        // Local copies, which the JIT keeps in registers.
        var (input, outputGradient) = (Input, OutputGradient);
        var slope = Slope;
        var channels = Layout.Channels;
        var below = Layout.RowStride;
        var mean = TAccess.Load<TBackend, TVector>(Mean, channel, count);
        var scale = TAccess.Load<TBackend, TVector>(Scale, channel, count);
        var beta = TAccess.Load<TBackend, TVector>(Beta, channel, count);
        var average = TAccess.Load<TBackend, TVector>(MeanGradient, channel, count);
        var projection = TAccess.Load<TBackend, TVector>(Projection, channel, count);
        var first = Layout.InputRow(row) + channel;
        var at = first + 2 * column * channels;
        var end = first + 2 * columnEnd * channels;
        var from = (row * Layout.OutputWidth + column) * channels + channel;
        for (; at < end; at += 2 * channels)
        {
            var a = TBackend.Subtract(TAccess.Load<TBackend, TVector>(input, at, count), mean);
            var b = TBackend.Subtract(TAccess.Load<TBackend, TVector>(input, at + channels, count), mean);
            var c = TBackend.Subtract(TAccess.Load<TBackend, TVector>(input, at + below, count), mean);
            var d = TBackend.Subtract(TAccess.Load<TBackend, TVector>(input, at + below + channels, count), mean);
            var valueA = BatchNormMaxPoolPixel<TBackend, TVector, TActivation>.Value(a, scale, beta, slope);
            var valueB = BatchNormMaxPoolPixel<TBackend, TVector, TActivation>.Value(b, scale, beta, slope);
            var valueC = BatchNormMaxPoolPixel<TBackend, TVector, TActivation>.Value(c, scale, beta, slope);
            var valueD = BatchNormMaxPoolPixel<TBackend, TVector, TActivation>.Value(d, scale, beta, slope);
            var largest = TBackend.Max(TBackend.Max(valueA, valueB), TBackend.Max(valueC, valueD));
            var left = TAccess.Load<TBackend, TVector>(outputGradient, from, count);
            from += channels;
            var g = TBackend.SelectGreater(largest, valueA, TBackend.Zero, left);
            left = TBackend.SelectGreater(largest, valueA, left, TBackend.Zero);
            Write<TAccess>(
                at, count, a,
                BatchNormMaxPoolPixel<TBackend, TVector, TActivation>.GradientBeforeActivation(valueA, a, g, scale, beta, slope), scale, average, projection);
            g = TBackend.SelectGreater(largest, valueB, TBackend.Zero, left);
            left = TBackend.SelectGreater(largest, valueB, left, TBackend.Zero);
            Write<TAccess>(
                at + channels, count, b,
                BatchNormMaxPoolPixel<TBackend, TVector, TActivation>.GradientBeforeActivation(valueB, b, g, scale, beta, slope), scale, average, projection);
            g = TBackend.SelectGreater(largest, valueC, TBackend.Zero, left);
            left = TBackend.SelectGreater(largest, valueC, left, TBackend.Zero);
            Write<TAccess>(
                at + below, count, c,
                BatchNormMaxPoolPixel<TBackend, TVector, TActivation>.GradientBeforeActivation(valueC, c, g, scale, beta, slope), scale, average, projection);
            g = BatchNormMaxPoolPixel<TBackend, TVector, TActivation>.GradientBeforeActivation(valueD, d, left, scale, beta, slope);
            Write<TAccess>(at + below + channels, count, d, g, scale, average, projection);
        }

        // The column after the last windows, and the row below them.
        var right = first + (columnEnd == Layout.OutputWidth ? below : 2 * columnEnd * channels);
        for (; at < right; at += channels)
        {
            WriteOutsideWindows<TAccess>(at, count, mean, scale, average, projection);
            WriteOutsideWindows<TAccess>(at + below, count, mean, scale, average, projection);
        }

        if ((Layout.InputHeight & 1) == 0 || (row + 1) % Layout.OutputHeight != 0) return;
        right += 2 * below;
        for (at = first + 2 * column * channels + 2 * below; at < right; at += channels)
            WriteOutsideWindows<TAccess>(at, count, mean, scale, average, projection);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteOutsideWindows<TAccess>(int at, int count, TVector mean, TVector scale, TVector average, TVector projection)
        where TAccess : struct, IVectorAccess
    {
        var centered = TBackend.Subtract(TAccess.Load<TBackend, TVector>(Input, at, count), mean);
        Write<TAccess>(at, count, centered, TBackend.Zero, scale, average, projection);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write<TAccess>(int at, int count, TVector centered, TVector gradient, TVector scale, TVector average, TVector projection)
        where TAccess : struct, IVectorAccess
    {
        var unscaled = TBackend.Subtract(TBackend.Subtract(gradient, average), TBackend.Multiply(centered, projection));
        // The gate needs the input itself. The identity, the usual gate, does not, so the compiler removes the load.
        var result = TGate.Backward<TBackend, TVector>(TAccess.Load<TBackend, TVector>(Input, at, count), TBackend.Multiply(unscaled, scale), GateSlope);
        if (Accumulate) result = TBackend.Add(result, TAccess.Load<TBackend, TVector>(InputGradient, at, count));
        TAccess.Store(InputGradient, at, result, count);
    }
}
