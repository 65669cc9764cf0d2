using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Normalization;

/// <summary>Output = f((input - mean) * scale + beta), channel by channel; an item is a chunk of rows by a block of channel vectors.</summary>
public struct BatchNormForward<TMachine, TVector, TActivation> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Rows by channels (output may be the input), and [channels]. The mean is taken off first: folded into one shift, a small deviation would cancel.</summary>
    public TMachine Input, Output, Mean, Scale, Beta;

    /// <summary>Sizes.</summary>
    public BatchNormLayout Layout;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    public void Run(int item)
    {
        var chunk = item / Layout.Blocks;
        var block = item - chunk * Layout.Blocks;
        var channel = block * BatchNormLayout.BlockVectors * TMachine.Width;
        var first = chunk * Layout.ChunkRows;
        var rows = Math.Min(Layout.ChunkRows, Layout.Rows - first);
        var left = Layout.Channels - channel;
        var at = first * Layout.Channels + channel;
        if (left >= BatchNormLayout.BlockVectors * TMachine.Width)
        {
            Four(at, channel, rows);
            return;
        }

        for (var c = 0; c < left; c += TMachine.Width) One(at + c, channel + c, rows, Math.Min(left - c, TMachine.Width));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Four(int at, int channel, int rows)
    {
        var w = TMachine.Width;
        var step = Layout.Channels;
        var slope = Slope;
        TVector m0 = TMachine.Load(Mean, channel), m1 = TMachine.Load(Mean, channel + w);
        TVector m2 = TMachine.Load(Mean, channel + 2 * w), m3 = TMachine.Load(Mean, channel + 3 * w);
        TVector a0 = TMachine.Load(Scale, channel), a1 = TMachine.Load(Scale, channel + w);
        TVector a2 = TMachine.Load(Scale, channel + 2 * w), a3 = TMachine.Load(Scale, channel + 3 * w);
        TVector b0 = TMachine.Load(Beta, channel), b1 = TMachine.Load(Beta, channel + w);
        TVector b2 = TMachine.Load(Beta, channel + 2 * w), b3 = TMachine.Load(Beta, channel + 3 * w);
        var x = TMachine.Slice(Input, at);
        var y = TMachine.Slice(Output, at);
        for (var row = 0; row < rows; row++)
        {
            TMachine.Store(y, 0, TActivation.Forward<TMachine, TVector>(TMachine.MultiplyAdd(TMachine.Subtract(TMachine.Load(x, 0), m0), a0, b0), slope));
            TMachine.Store(y, w, TActivation.Forward<TMachine, TVector>(TMachine.MultiplyAdd(TMachine.Subtract(TMachine.Load(x, w), m1), a1, b1), slope));
            TMachine.Store(y, 2 * w, TActivation.Forward<TMachine, TVector>(TMachine.MultiplyAdd(TMachine.Subtract(TMachine.Load(x, 2 * w), m2), a2, b2), slope));
            TMachine.Store(y, 3 * w, TActivation.Forward<TMachine, TVector>(TMachine.MultiplyAdd(TMachine.Subtract(TMachine.Load(x, 3 * w), m3), a3, b3), slope));
            x = TMachine.Slice(x, step);
            y = TMachine.Slice(y, step);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void One(int at, int channel, int rows, int left)
    {
        var step = Layout.Channels;
        var slope = Slope;
        var m = TMachine.LoadPartial(Mean, channel, left);
        var a = TMachine.LoadPartial(Scale, channel, left);
        var b = TMachine.LoadPartial(Beta, channel, left);
        var x = TMachine.Slice(Input, at);
        var y = TMachine.Slice(Output, at);
        var full = left == TMachine.Width;
        for (var row = 0; row < rows; row++)
        {
            var z = TMachine.MultiplyAdd(TMachine.Subtract(full ? TMachine.Load(x, 0) : TMachine.LoadPartial(x, 0, left), m), a, b);
            z = TActivation.Forward<TMachine, TVector>(z, slope);
            if (full) TMachine.Store(y, 0, z);
            else TMachine.StorePartial(y, 0, z, left);
            x = TMachine.Slice(x, step);
            y = TMachine.Slice(y, step);
        }
    }
}
