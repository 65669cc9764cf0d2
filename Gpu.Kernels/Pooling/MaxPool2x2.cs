using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Pooling;

/// <summary>
/// Max pooling with 2x2 windows, stride 2 and no padding, the most common case. Without clipping and counters, it is three times as fast as
/// <see cref="PoolForward{TBackend,TVector,TActivation,TReduction}"/>. The result is NaN if the window contains NaN. An item is a strip of an output row.
/// </summary>
internal struct MaxPoolForward2x2<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Input and output [n, h, w, c].</summary>
    public TBackend Input, Output;

    /// <summary>Sizes.</summary>
    public PoolGeometry Geometry;

    /// <summary>The division of the output into items.</summary>
    public RowTiles Tiles;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        Tiles.GetTile(item, out var row, out var column, out var columnEnd, out var channel, out var channelEnd);
        var channels = Geometry.Channels;
        var below = Geometry.InputWidth * channels;
        var from = Geometry.RowPairIndex(row) + 2 * column * channels;
        var to = (row * Geometry.OutputWidth + column) * channels;
        // On a GPU, an item is one whole vector (IOperation.Granularity), so the kernel does not contain the second variant.
        if (TBackend.IsGpu)
        {
            Reduce<WholeVector>(from + channel, to + channel, channels, below, TBackend.Width);
            return;
        }

        for (; column < columnEnd; column++)
        {
            var c = channel;
            for (; c + TBackend.Width <= channelEnd; c += TBackend.Width) Reduce<WholeVector>(from + c, to + c, channels, below, TBackend.Width);
            if (c < channelEnd) Reduce<PartialVector>(from + c, to + c, channels, below, channelEnd - c);
            from += 2 * channels;
            to += channels;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Reduce<TAccess>(int from, int to, int right, int below, int count)
        where TAccess : struct, IVectorAccess
    {
        var a = TAccess.Load<TBackend, TVector>(Input, from, count);
        var b = TAccess.Load<TBackend, TVector>(Input, from + right, count);
        var c = TAccess.Load<TBackend, TVector>(Input, from + below, count);
        var d = TAccess.Load<TBackend, TVector>(Input, from + below + right, count);
        TAccess.Store(Output, to, TBackend.MaxOrNaN(TBackend.MaxOrNaN(d, c), TBackend.MaxOrNaN(b, a)), count);
    }
}

/// <summary>
/// Input gradient of <see cref="MaxPoolForward2x2{TBackend,TVector}"/>: the first maximum of a window gets its gradient. If the window contains NaN, the first
/// NaN gets it. The maximum is recomputed, which is faster than loading it.
/// </summary>
/// <remarks>
/// An item is a strip of an output row with its two input rows. The last item of a row also writes the input column after the last windows. The items of the
/// last row of an image also write the input row below them.
/// </remarks>
internal struct MaxPoolBackward2x2<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Input of the forward pass, and gradient with respect to its output.</summary>
    public TBackend Input, OutputGradient;

    /// <summary>Gradient with respect to the input.</summary>
    public GradientWriter<TBackend, TVector, TActivation> InputGradient;

    /// <summary>Sizes.</summary>
    public PoolGeometry Geometry;

    /// <summary>The division of the output into items.</summary>
    public RowTiles Tiles;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        Tiles.GetTile(item, out var row, out var column, out var columnEnd, out var channel, out var channelEnd);
        var channels = Geometry.Channels;
        var below = Geometry.InputWidth * channels;
        var first = Geometry.RowPairIndex(row);
        var at = first + 2 * column * channels;
        var from = (row * Geometry.OutputWidth + column) * channels;
        // An odd last column belongs to the last item of each row; an odd last row belongs to the items of the last output row of the image.
        var end = first + (columnEnd == Geometry.OutputWidth ? below : 2 * columnEnd * channels);
        if ((Geometry.InputHeight & 1) != 0 && (row + 1) % Geometry.OutputHeight == 0)
            for (var under = at + 2 * below; under < end + 2 * below; under += channels) InputGradient.WriteZeros(under + channel, channelEnd - channel);
        if (TBackend.IsGpu)
        {
            Distribute<WholeVector>(at + channel, from + channel, channels, below, TBackend.Width);
            at += 2 * channels;
        }
        else
        {
            for (; column < columnEnd; column++)
            {
                var c = channel;
                for (; c + TBackend.Width <= channelEnd; c += TBackend.Width) Distribute<WholeVector>(at + c, from + c, channels, below, TBackend.Width);
                if (c < channelEnd) Distribute<PartialVector>(at + c, from + c, channels, below, channelEnd - c);
                at += 2 * channels;
                from += channels;
            }
        }

        for (; at < end; at += channels)
        {
            InputGradient.WriteZeros(at + channel, channelEnd - channel);
            InputGradient.WriteZeros(at + below + channel, channelEnd - channel);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Distribute<TAccess>(int at, int from, int right, int below, int count)
        where TAccess : struct, IVectorAccess
    {
        var a = TAccess.Load<TBackend, TVector>(Input, at, count);
        var b = TAccess.Load<TBackend, TVector>(Input, at + right, count);
        var c = TAccess.Load<TBackend, TVector>(Input, at + below, count);
        var d = TAccess.Load<TBackend, TVector>(Input, at + below + right, count);
        var largest = TBackend.MaxOrNaN(TBackend.MaxOrNaN(d, c), TBackend.MaxOrNaN(b, a));
        var threshold = MaxPoolArgmax.Threshold<TBackend, TVector>(largest);
        var left = TAccess.Load<TBackend, TVector>(OutputGradient, from, count);
        InputGradient.Write<TAccess>(at, count, MaxPoolArgmax.Take<TBackend, TVector>(a, threshold, ref left));
        InputGradient.Write<TAccess>(at + right, count, MaxPoolArgmax.Take<TBackend, TVector>(b, threshold, ref left));
        InputGradient.Write<TAccess>(at + below, count, MaxPoolArgmax.Take<TBackend, TVector>(c, threshold, ref left));
        InputGradient.Write<TAccess>(at + below + right, count, MaxPoolArgmax.Take<TBackend, TVector>(d, threshold, ref left));
    }
}
