using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Generation;

/// <summary>Writes the one-hot channels of a pixel; see <see cref="OneHot"/>. An item is a pixel.</summary>
internal struct OneHotKernel<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The class of each sample, integers; and the output.</summary>
    public TBackend Labels, Output;

    /// <summary>Pixels of a sample, and channels of a pixel.</summary>
    public int Pixels, Classes, OutputChannels, FirstChannel;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var label = TBackend.Splat(TBackend.LoadInt(Labels, item / Pixels));
        var one = TBackend.Splat(1f);
        var at = item * OutputChannels + FirstChannel;
        for (var channel = 0; channel < Classes; channel += TBackend.Width)
        {
            var number = TBackend.Add(TBackend.LaneNumbers, TBackend.Splat(channel));
            var value = TBackend.SelectEqual(number, label, one, TBackend.Zero);
            var left = Classes - channel;
            if (left >= TBackend.Width) TBackend.Store(Output, at + channel, value);
            else TBackend.StorePartial(Output, at + channel, value, left);
        }
    }
}
