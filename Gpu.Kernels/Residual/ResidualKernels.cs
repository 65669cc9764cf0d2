using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Residual;

/// <summary>Output = f(A + B), elementwise. An item is <see cref="VectorsPerItem"/> vectors. Output may be A or B.</summary>
internal struct ResidualForward<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Vectors per item; one on a GPU, so that consecutive threads access consecutive vectors.</summary>
    public static int VectorsPerItem => TBackend.IsGpu ? 1 : 4;

    /// <summary>The summands, and the result.</summary>
    public TBackend A, B, Output;

    /// <summary>The number of elements.</summary>
    public int Count;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var from = item * VectorsPerItem * TBackend.Width;
        for (var u = 0; u < VectorsPerItem; u++)
        {
            var i = from + u * TBackend.Width;
            var left = Count - i;
            if (left >= TBackend.Width) Add<WholeVector>(i, TBackend.Width);
            else if (left > 0) Add<PartialVector>(i, left);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Add<TAccess>(int index, int count)
        where TAccess : struct, IVectorAccess
    {
        var sum = TBackend.Add(TAccess.Load<TBackend, TVector>(A, index, count), TAccess.Load<TBackend, TVector>(B, index, count));
        TAccess.Store(Output, index, TActivation.Forward<TBackend, TVector>(sum, Slope), count);
    }
}

/// <summary>
/// The gradient of f(a + b) with respect to a and, if <see cref="Both"/>, to b: OutputGradient * f', computed from Output. An item is
/// <see cref="VectorsPerItem"/> vectors. The gradients may be OutputGradient.
/// </summary>
internal struct ResidualBackward<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Vectors per item; one on a GPU, so that consecutive threads access consecutive vectors.</summary>
    public static int VectorsPerItem => TBackend.IsGpu ? 1 : 4;

    /// <summary>The output of the forward pass, and its gradient.</summary>
    public TBackend Output, OutputGradient;

    /// <summary>The gradients of a and b.</summary>
    public GradientWriter<TBackend, TVector, Identity> First, Second;

    /// <summary>1 to write <see cref="Second"/> too, otherwise 0.</summary>
    public int Both;

    /// <summary>The number of elements.</summary>
    public int Count;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var from = item * VectorsPerItem * TBackend.Width;
        for (var u = 0; u < VectorsPerItem; u++)
        {
            var i = from + u * TBackend.Width;
            var left = Count - i;
            if (left >= TBackend.Width) WriteGradients<WholeVector>(i, TBackend.Width);
            else if (left > 0) WriteGradients<PartialVector>(i, left);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteGradients<TAccess>(int index, int count)
        where TAccess : struct, IVectorAccess
    {
        var value = TAccess.Load<TBackend, TVector>(Output, index, count);
        var gradient = TActivation.Backward<TBackend, TVector>(value, TAccess.Load<TBackend, TVector>(OutputGradient, index, count), Slope);
        First.Write<TAccess>(index, count, gradient);
        if (Both != 0) Second.Write<TAccess>(index, count, gradient);
    }
}

/// <summary>
/// Output = f(A + shortcut(B)). The shortcut takes every <see cref="Stride"/>-th row and column of B, and zeros for the channels that B lacks. An item is a
/// tile of an output row. Output may be A.
/// </summary>
internal struct ShortcutForward<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Images: A and Output [batch, output height, output width, channels], B [batch, height, width, fewer channels].</summary>
    public TBackend A, B, Output;

    /// <summary>Height, width and channels of B.</summary>
    public int Height, Width, ChannelsOfB;

    /// <summary>Height of the output; its width and channels are those of <see cref="Tiles"/>.</summary>
    public int OutputHeight;

    /// <summary>Rows and columns of B per output row and column.</summary>
    public int Stride;

    /// <summary>Zero channels before those of B.</summary>
    public int ChannelsBefore;

    /// <summary>The division of the output into items.</summary>
    public RowTiles Tiles;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        Tiles.GetTile(item, out var row, out var column, out var columnEnd, out var channel, out var channelEnd);
        var sample = row / OutputHeight;
        var sourceRow = sample * Height + (row - sample * OutputHeight) * Stride;
        var first = Math.Min(Math.Max(channel, ChannelsBefore), channelEnd);
        var last = Math.Max(first, Math.Min(ChannelsBefore + ChannelsOfB, channelEnd));
        for (; column < columnEnd; column++)
        {
            var to = (row * Tiles.Columns + column) * Tiles.Channels;
            var from = (sourceRow * Width + column * Stride) * ChannelsOfB - ChannelsBefore;
            AddRange(to, from, channel, first, false);
            AddRange(to, from, first, last, true);
            AddRange(to, from, last, channelEnd, false);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void AddRange(int to, int from, int channel, int channelEnd, bool withB)
    {
        for (; channel + TBackend.Width <= channelEnd; channel += TBackend.Width)
            Add<WholeVector>(to + channel, from + channel, TBackend.Width, withB);
        if (channel < channelEnd) Add<PartialVector>(to + channel, from + channel, channelEnd - channel, withB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Add<TAccess>(int to, int from, int count, bool withB)
        where TAccess : struct, IVectorAccess
    {
        var sum = TAccess.Load<TBackend, TVector>(A, to, count);
        if (withB) sum = TBackend.Add(sum, TAccess.Load<TBackend, TVector>(B, from, count));
        TAccess.Store(Output, to, TActivation.Forward<TBackend, TVector>(sum, Slope), count);
    }
}

/// <summary>
/// The gradient of f(a + shortcut(b)) with respect to b: that of the output pixel to which a pixel of b contributes, and zero if there is none. An item is a
/// tile of a row of b.
/// </summary>
internal struct ShortcutBackward<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Images [batch, output height, output width, output channels].</summary>
    public TBackend Output, OutputGradient;

    /// <summary>The gradient with respect to b.</summary>
    public GradientWriter<TBackend, TVector, Identity> Gradient;

    /// <summary>Height of b; its width and channels are those of <see cref="Tiles"/>.</summary>
    public int Height;

    /// <summary>Height, width and channels of the output.</summary>
    public int OutputHeight, OutputWidth, OutputChannels;

    /// <summary>See <see cref="ShortcutForward{TBackend,TVector,TActivation}.Stride"/>.</summary>
    public int Stride;

    /// <summary>See <see cref="ShortcutForward{TBackend,TVector,TActivation}.ChannelsBefore"/>.</summary>
    public int ChannelsBefore;

    /// <summary>The division of b into items.</summary>
    public RowTiles Tiles;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        Tiles.GetTile(item, out var row, out var column, out var columnEnd, out var channel, out var channelEnd);
        var sample = row / Height;
        var y = row - sample * Height;
        var outputRow = y / Stride;
        if (outputRow * Stride != y)
        {
            for (; column < columnEnd; column++) Gradient.WriteZeros((row * Tiles.Columns + column) * Tiles.Channels + channel, channelEnd - channel);
            return;
        }

        // Incremented below, because one division per column would take longer than everything else.
        var outputColumn = (column + Stride - 1) / Stride;
        var taken = outputColumn * Stride;
        for (; column < columnEnd; column++)
        {
            var to = (row * Tiles.Columns + column) * Tiles.Channels;
            if (column != taken)
            {
                Gradient.WriteZeros(to + channel, channelEnd - channel);
                continue;
            }

            var from = ((sample * OutputHeight + outputRow) * OutputWidth + outputColumn) * OutputChannels + ChannelsBefore;
            var c = channel;
            for (; c + TBackend.Width <= channelEnd; c += TBackend.Width) WriteGradient<WholeVector>(from + c, to + c, TBackend.Width);
            if (c < channelEnd) WriteGradient<PartialVector>(from + c, to + c, channelEnd - c);
            taken += Stride;
            outputColumn++;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteGradient<TAccess>(int from, int to, int count)
        where TAccess : struct, IVectorAccess
    {
        var value = TAccess.Load<TBackend, TVector>(Output, from, count);
        var gradient = TAccess.Load<TBackend, TVector>(OutputGradient, from, count);
        Gradient.Write<TAccess>(to, count, TActivation.Backward<TBackend, TVector>(value, gradient, Slope));
    }
}
