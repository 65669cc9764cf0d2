using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Concatenation;

/// <summary>
/// Copies some channels of each pixel: Target[p, TargetChannel + c] = Source[p, SourceChannel + c]. The forward pass of concatenation copies an input into its
/// channels of the output; the backward pass copies these channels of the output's gradient to the gradient of the input. An item is a tile of pixels.
/// </summary>
internal struct ChannelCopy<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>[pixels, source channels].</summary>
    public TBackend Source;

    /// <summary>[pixels, target channels].</summary>
    public GradientWriter<TBackend, TVector, TActivation> Target;

    /// <summary>Channels of a pixel on each side.</summary>
    public int SourceChannels, TargetChannels;

    /// <summary>The first copied channel on each side.</summary>
    public int SourceChannel, TargetChannel;

    /// <summary>The division of [1, pixels, copied channels] into items.</summary>
    public RowTiles Tiles;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        Tiles.GetTile(item, out _, out var pixel, out var pixelEnd, out var channel, out var channelEnd);
        for (; pixel < pixelEnd; pixel++)
        {
            var from = pixel * SourceChannels + SourceChannel;
            var to = pixel * TargetChannels + TargetChannel;
            var c = channel;
            for (; c + TBackend.Width <= channelEnd; c += TBackend.Width) Copy<WholeVector>(from + c, to + c, TBackend.Width);
            if (c < channelEnd) Copy<PartialVector>(from + c, to + c, channelEnd - c);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Copy<TAccess>(int from, int to, int count)
        where TAccess : struct, IVectorAccess => Target.Write<TAccess>(to, count, TAccess.Load<TBackend, TVector>(Source, from, count));
}
