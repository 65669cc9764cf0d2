using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Normalization;

/// <summary>The gradient in front of a fused activation: gradient * f'(z) with z = (input - mean) * scale + beta computed again.</summary>
internal static class BatchNormGradient<TMachine, TVector, TActivation>
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector BeforeActivation(TVector centred, TVector gradient, TVector scale, TVector beta, float slope)
    {
        var z = TMachine.MultiplyAdd(centred, scale, beta);
        // Activations that compute their derivative from the value get the value; the others take z itself.
        if (TActivation.DerivativeFromOutput) z = TActivation.Forward<TMachine, TVector>(z, slope);
        return TActivation.Backward<TMachine, TVector>(z, gradient, slope);
    }
}

/// <summary>
/// For a chunk of rows, each channel's sum of the gradient g in front of the activation, and of g * (input - mean). An item is a chunk by one channel
/// vector, the vectors of a block following each other.
/// </summary>
public struct BatchNormGradientSums<TMachine, TVector, TActivation> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Rows by channels.</summary>
    public TMachine Input, OutputGradient;

    /// <summary>All [channels].</summary>
    public TMachine Mean, Scale, Beta;

    /// <summary>[chunk, 2, channels].</summary>
    public TMachine Partials;

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
        var last = Math.Min(Layout.Channels, channel + BatchNormLayout.BlockVectors * TMachine.Width);
        for (; channel < last; channel += 2 * TMachine.Width)
        {
            if (last - channel >= 2 * TMachine.Width) Two(chunk, first, rows, channel);
            else
            {
                One(chunk, first, rows, channel, Math.Min(TMachine.Width, last - channel));
                if (last - channel > TMachine.Width) One(chunk, first, rows, channel + TMachine.Width, last - channel - TMachine.Width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Two(int chunk, int first, int rows, int channel)
    {
        var w = TMachine.Width;
        var step = Layout.Channels;
        var slope = Slope;
        TVector mean0 = TMachine.Load(Mean, channel), mean1 = TMachine.Load(Mean, channel + w);
        TVector scale0 = TMachine.Load(Scale, channel), scale1 = TMachine.Load(Scale, channel + w);
        TVector beta0 = TMachine.Load(Beta, channel), beta1 = TMachine.Load(Beta, channel + w);
        var x = TMachine.Slice(Input, first * step + channel);
        var d = TMachine.Slice(OutputGradient, first * step + channel);
        TVector s0 = TMachine.Zero, s1 = s0, q0 = s0, q1 = s0, t0 = s0, t1 = s0, r0 = s0, r1 = s0;
        var row = 0;
        for (; row + 1 < rows; row += 2)
        {
            Sum(x, d, 0, mean0, scale0, beta0, slope, ref s0, ref q0);
            Sum(x, d, w, mean1, scale1, beta1, slope, ref s1, ref q1);
            Sum(x, d, step, mean0, scale0, beta0, slope, ref t0, ref r0);
            Sum(x, d, step + w, mean1, scale1, beta1, slope, ref t1, ref r1);
            x = TMachine.Slice(x, 2 * step);
            d = TMachine.Slice(d, 2 * step);
        }

        if (row < rows)
        {
            Sum(x, d, 0, mean0, scale0, beta0, slope, ref s0, ref q0);
            Sum(x, d, w, mean1, scale1, beta1, slope, ref s1, ref q1);
        }

        var partials = TMachine.Slice(Partials, chunk * Layout.PartialStride + channel);
        TMachine.Store(partials, 0, TMachine.Add(s0, t0));
        TMachine.Store(partials, w, TMachine.Add(s1, t1));
        TMachine.Store(partials, Layout.PartialRow, TMachine.Add(q0, r0));
        TMachine.Store(partials, Layout.PartialRow + w, TMachine.Add(q1, r1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum(TMachine x, TMachine d, int index, TVector mean, TVector scale, TVector beta, float slope, ref TVector sum, ref TVector product)
    {
        var centred = TMachine.Subtract(TMachine.Load(x, index), mean);
        var g = BatchNormGradient<TMachine, TVector, TActivation>.BeforeActivation(centred, TMachine.Load(d, index), scale, beta, slope);
        sum = TMachine.Add(sum, g);
        product = TMachine.MultiplyAdd(g, centred, product);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void One(int chunk, int first, int rows, int channel, int left)
    {
        var step = Layout.Channels;
        var slope = Slope;
        var mean = TMachine.LoadPartial(Mean, channel, left);
        var scale = TMachine.LoadPartial(Scale, channel, left);
        var beta = TMachine.LoadPartial(Beta, channel, left);
        var x = TMachine.Slice(Input, first * step + channel);
        var d = TMachine.Slice(OutputGradient, first * step + channel);
        TVector s = TMachine.Zero, q = s;
        for (var row = 0; row < rows; row++)
        {
            var centred = TMachine.Subtract(TMachine.LoadPartial(x, 0, left), mean);
            var g = BatchNormGradient<TMachine, TVector, TActivation>.BeforeActivation(centred, TMachine.LoadPartial(d, 0, left), scale, beta, slope);
            s = TMachine.Add(s, g);
            q = TMachine.MultiplyAdd(g, centred, q);
            x = TMachine.Slice(x, step);
            d = TMachine.Slice(d, step);
        }

        var partials = TMachine.Slice(Partials, chunk * Layout.PartialStride + channel);
        TMachine.StorePartial(partials, 0, s, left);
        TMachine.StorePartial(partials, Layout.PartialRow, q, left);
    }
}
