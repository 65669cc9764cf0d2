using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// Output = maximum of f((input - mean) * scale + beta) over each 2x2 window, for each channel; NaN if the window contains NaN. The values before pooling are
/// never stored. An item is a strip of an output row.
/// </summary>
internal struct BatchNormMaxPoolForward<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Input and output [n, h, w, c]; mean, scale and beta [c].</summary>
    public TBackend Input, Output, Mean, Scale, Beta;

    /// <summary>Sizes.</summary>
    public BatchNormMaxPoolLayout Layout;

    /// <summary>The division of the output into items.</summary>
    public RowTiles Tiles;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        Tiles.GetTile(item, out var row, out var column, out var columnEnd, out var channel, out var channelEnd);
        var from = Layout.InputRow(row) + 2 * column * Layout.Channels;
        var end = from + 2 * (columnEnd - column) * Layout.Channels;
        var to = (row * Layout.OutputWidth + column) * Layout.Channels;
        // On a GPU, an item is one whole vector (IOperation.Granularity), so the kernel does not contain the second variant.
        if (TBackend.IsGpu)
        {
            Sweep<WholeVector>(from, end, to, channel, TBackend.Width);
            return;
        }

        var c = channel;
        for (; c + TBackend.Width <= channelEnd; c += TBackend.Width) Sweep<WholeVector>(from, end, to, c, TBackend.Width);
        if (c < channelEnd) Sweep<PartialVector>(from, end, to, c, channelEnd - c);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Sweep<TAccess>(int from, int end, int to, int channel, int count)
        where TAccess : struct, IVectorAccess
    {
        // Local copies, which the JIT keeps in registers.
        var (input, output, slope) = (Input, Output, Slope);
        var channels = Layout.Channels;
        var below = Layout.RowStride;
        var mean = TAccess.Load<TBackend, TVector>(Mean, channel, count);
        var scale = TAccess.Load<TBackend, TVector>(Scale, channel, count);
        var beta = TAccess.Load<TBackend, TVector>(Beta, channel, count);
        end += channel;
        to += channel;
        for (var at = from + channel; at < end; at += 2 * channels)
        {
            var a = Value<TAccess>(input, at, count, mean, scale, beta, slope);
            var b = Value<TAccess>(input, at + channels, count, mean, scale, beta, slope);
            var c = Value<TAccess>(input, at + below, count, mean, scale, beta, slope);
            var d = Value<TAccess>(input, at + below + channels, count, mean, scale, beta, slope);
            TAccess.Store(output, to, TBackend.MaxOrNaN(TBackend.MaxOrNaN(d, c), TBackend.MaxOrNaN(b, a)), count);
            to += channels;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Value<TAccess>(TBackend input, int at, int count, TVector mean, TVector scale, TVector beta, float slope)
        where TAccess : struct, IVectorAccess
    {
        var centered = TBackend.Subtract(TAccess.Load<TBackend, TVector>(input, at, count), mean);
        return TActivation.Forward<TBackend, TVector>(TBackend.MultiplyAdd(centered, scale, beta), slope);
    }
}
