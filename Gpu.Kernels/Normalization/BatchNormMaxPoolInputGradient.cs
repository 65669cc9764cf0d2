using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// The gradient of the input, scale * (g - mean gradient - (input - mean) * projection) a channel, g the gradient in front of the activation: the window's
/// for its first maximum, 0 for its other pixels and for those that no window holds. Then through the gate, if the input was the output of an activation.
/// An item is a strip of an output row with the two input rows over it, and with the column and the row that are left over behind the last windows.
/// </summary>
internal struct BatchNormMaxPoolInputGradient<TBackend, TVector, TActivation, TGate> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
    where TGate : struct, IActivation
{
    /// <summary>Images.</summary>
    public TBackend Input, OutputGradient, InputGradient;

    /// <summary>All [channels].</summary>
    public TBackend Mean, Scale, Beta, MeanGradient, Projection;

    /// <summary>Sizes.</summary>
    public BatchNormMaxPoolLayout Layout;

    /// <summary>The cut of the output into items.</summary>
    public RowTiles Tiles;

    /// <summary>See <see cref="Activation.Slope"/>, of the fused activation and of the gate.</summary>
    public float Slope, GateSlope;

    /// <summary>The result is added to what the gradient holds.</summary>
    public Flag Accumulate;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        Tiles.GetTile(item, out var row, out var column, out var columnEnd, out var channel, out var channelEnd);
        // GPUs get one vector, which fits (IOperation.Granularity), and no second copy of the code.
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
        // Copies, so that the compiler keeps them in registers.
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
            Write<TAccess>(at, count, a, BatchNormMaxPoolPixel<TBackend, TVector, TActivation>.Before(valueA, a, g, scale, beta, slope), scale, average, projection);
            g = TBackend.SelectGreater(largest, valueB, TBackend.Zero, left);
            left = TBackend.SelectGreater(largest, valueB, left, TBackend.Zero);
            Write<TAccess>(
                at + channels, count, b, BatchNormMaxPoolPixel<TBackend, TVector, TActivation>.Before(valueB, b, g, scale, beta, slope), scale, average, projection);
            g = TBackend.SelectGreater(largest, valueC, TBackend.Zero, left);
            left = TBackend.SelectGreater(largest, valueC, left, TBackend.Zero);
            Write<TAccess>(
                at + below, count, c, BatchNormMaxPoolPixel<TBackend, TVector, TActivation>.Before(valueC, c, g, scale, beta, slope), scale, average, projection);
            g = BatchNormMaxPoolPixel<TBackend, TVector, TActivation>.Before(valueD, d, left, scale, beta, slope);
            Write<TAccess>(at + below + channels, count, d, g, scale, average, projection);
        }

        // Behind the last column of windows, and below the last row of them.
        var right = first + (columnEnd == Layout.OutputWidth ? below : 2 * columnEnd * channels);
        for (; at < right; at += channels)
        {
            Outside<TAccess>(at, count, mean, scale, average, projection);
            Outside<TAccess>(at + below, count, mean, scale, average, projection);
        }

        if ((Layout.InputHeight & 1) == 0 || (row + 1) % Layout.OutputHeight != 0) return;
        right += 2 * below;
        for (at = first + 2 * column * channels + 2 * below; at < right; at += channels) Outside<TAccess>(at, count, mean, scale, average, projection);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Outside<TAccess>(int at, int count, TVector mean, TVector scale, TVector average, TVector projection)
        where TAccess : struct, IVectorAccess
    {
        var centred = TBackend.Subtract(TAccess.Load<TBackend, TVector>(Input, at, count), mean);
        Write<TAccess>(at, count, centred, TBackend.Zero, scale, average, projection);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write<TAccess>(int at, int count, TVector centred, TVector gradient, TVector scale, TVector average, TVector projection)
        where TAccess : struct, IVectorAccess
    {
        var rest = TBackend.Subtract(TBackend.Subtract(gradient, average), TBackend.Multiply(centred, projection));
        // The gate asks for the input itself; an identity, which is the rule, asks for nothing, and the compiler drops the load.
        var result = TGate.Backward<TBackend, TVector>(TAccess.Load<TBackend, TVector>(Input, at, count), TBackend.Multiply(rest, scale), GateSlope);
        if (Accumulate) result = TBackend.Add(result, TAccess.Load<TBackend, TVector>(InputGradient, at, count));
        TAccess.Store(InputGradient, at, result, count);
    }
}
