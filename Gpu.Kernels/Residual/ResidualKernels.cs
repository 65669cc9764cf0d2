using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Residual;

/// <summary>Output = f(a + b), element by element; an item is <see cref="VectorsPerItem"/> vectors. Output may be a or b.</summary>
internal struct ResidualForward<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Vectors an item handles: one on a GPU, where neighbouring threads take neighbouring vectors.</summary>
    public static int VectorsPerItem => TBackend.IsGpu ? 1 : 4;

    /// <summary>Elements.</summary>
    public TBackend A, B, Output;

    /// <summary>How many elements.</summary>
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
/// Gradient of f(a + b) with respect to a and, where <see cref="Both"/>, to b: outputGradient * f', f' from the output. An item is <see cref="VectorsPerItem"/>
/// vectors. The gradients may be the output's gradient.
/// </summary>
internal struct ResidualBackward<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Vectors an item handles: one on a GPU, where neighbouring threads take neighbouring vectors.</summary>
    public static int VectorsPerItem => TBackend.IsGpu ? 1 : 4;

    /// <summary>Elements.</summary>
    public TBackend Output, OutputGradient;

    /// <summary>What is written.</summary>
    public GradientWriter<TBackend, TVector, Identity> First, Second;

    /// <summary>1: write <see cref="Second"/> too.</summary>
    public int Both;

    /// <summary>How many elements.</summary>
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
/// Output = f(a + shortcut(b)): the shortcut takes every <see cref="Stride"/>-th row and column of b and has zeros for the channels that b lacks. An item is
/// a strip of an output row. Output may be a.
/// </summary>
internal struct ShortcutForward<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Images: a and output [batch, output height, output width, channels], b [batch, height, width, fewer channels].</summary>
    public TBackend A, B, Output;

    /// <summary>Rows and columns of b, and its channels.</summary>
    public int Height, Width, ChannelsOfB;

    /// <summary>Rows of the output; its columns and channels are those of <see cref="Tiles"/>.</summary>
    public int OutputHeight;

    /// <summary>Pixels of b from output pixel to output pixel.</summary>
    public int Stride;

    /// <summary>Channels of the output before those of b.</summary>
    public int ChannelsBefore;

    /// <summary>The cut of the output into items.</summary>
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
/// Gradient of f(a + shortcut(b)) with respect to b: that of the output pixel which a pixel of b went to, and zero where it went to none. An item is a
/// strip of a row of b.
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

    /// <summary>Rows of b; its columns and channels are those of <see cref="Tiles"/>.</summary>
    public int Height;

    /// <summary>Rows, columns and channels of the output.</summary>
    public int OutputHeight, OutputWidth, OutputChannels;

    /// <summary>See <see cref="ShortcutForward{TBackend,TVector,TActivation}.Stride"/>.</summary>
    public int Stride;

    /// <summary>See <see cref="ShortcutForward{TBackend,TVector,TActivation}.ChannelsBefore"/>.</summary>
    public int ChannelsBefore;

    /// <summary>The cut of b into items.</summary>
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

        // Counted on, for a division a column would take longer than all else.
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
