using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// The gradient of the input, scale * (g - mean gradient - (input - mean) * projection) a channel, g the gradient in front of the activation; then through the gate, if the
/// input was the output of an activation. An item is a chunk of rows by a block of channel vectors.
/// </summary>
public struct BatchNormInputGradient<TMachine, TVector, TActivation, TGate> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
    where TGate : struct, IActivation
{
    /// <summary>Rows by channels; the input's gradient may be the output's.</summary>
    public TMachine Input, OutputGradient, InputGradient;

    /// <summary>All [channels].</summary>
    public TMachine Mean, Scale, Beta, MeanGradient, Projection;

    /// <summary>Sizes.</summary>
    public BatchNormLayout Layout;

    /// <summary>See <see cref="Activation.Slope"/>, of the fused activation and of the gate.</summary>
    public float Slope, GateSlope;

    /// <summary>The result is added to what the gradient holds.</summary>
    public Flag Accumulate;

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
            if (last - channel >= 2 * TMachine.Width && !Accumulate) Two(first, rows, channel);
            else
            {
                One(first, rows, channel, Math.Min(TMachine.Width, last - channel));
                if (last - channel > TMachine.Width) One(first, rows, channel + TMachine.Width, Math.Min(TMachine.Width, last - channel - TMachine.Width));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Two(int first, int rows, int channel)
    {
        var w = TMachine.Width;
        var step = Layout.Channels;
        TVector mean0 = TMachine.Load(Mean, channel), mean1 = TMachine.Load(Mean, channel + w);
        TVector scale0 = TMachine.Load(Scale, channel), scale1 = TMachine.Load(Scale, channel + w);
        TVector beta0 = TMachine.Load(Beta, channel), beta1 = TMachine.Load(Beta, channel + w);
        TVector average0 = TMachine.Load(MeanGradient, channel), average1 = TMachine.Load(MeanGradient, channel + w);
        TVector projection0 = TMachine.Load(Projection, channel), projection1 = TMachine.Load(Projection, channel + w);
        var x = TMachine.Slice(Input, first * step + channel);
        var d = TMachine.Slice(OutputGradient, first * step + channel);
        var o = TMachine.Slice(InputGradient, first * step + channel);
        for (var row = 0; row < rows; row++)
        {
            TMachine.Store(o, 0, Gradient(TMachine.Load(x, 0), TMachine.Load(d, 0), mean0, scale0, beta0, average0, projection0));
            TMachine.Store(o, w, Gradient(TMachine.Load(x, w), TMachine.Load(d, w), mean1, scale1, beta1, average1, projection1));
            x = TMachine.Slice(x, step);
            d = TMachine.Slice(d, step);
            o = TMachine.Slice(o, step);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void One(int first, int rows, int channel, int left)
    {
        var step = Layout.Channels;
        var mean = TMachine.LoadPartial(Mean, channel, left);
        var scale = TMachine.LoadPartial(Scale, channel, left);
        var beta = TMachine.LoadPartial(Beta, channel, left);
        var average = TMachine.LoadPartial(MeanGradient, channel, left);
        var projection = TMachine.LoadPartial(Projection, channel, left);
        var x = TMachine.Slice(Input, first * step + channel);
        var d = TMachine.Slice(OutputGradient, first * step + channel);
        var o = TMachine.Slice(InputGradient, first * step + channel);
        for (var row = 0; row < rows; row++)
        {
            var gradient = Gradient(TMachine.LoadPartial(x, 0, left), TMachine.LoadPartial(d, 0, left), mean, scale, beta, average, projection);
            if (Accumulate) gradient = TMachine.Add(gradient, TMachine.LoadPartial(o, 0, left));
            TMachine.StorePartial(o, 0, gradient, left);
            x = TMachine.Slice(x, step);
            d = TMachine.Slice(d, step);
            o = TMachine.Slice(o, step);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector Gradient(TVector x, TVector d, TVector mean, TVector scale, TVector beta, TVector average, TVector projection)
    {
        var centred = TMachine.Subtract(x, mean);
        var g = BatchNormGradient<TMachine, TVector, TActivation>.BeforeActivation(centred, d, scale, beta, Slope);
        var rest = TMachine.Subtract(TMachine.Subtract(g, average), TMachine.Multiply(centred, projection));
        return TGate.Backward<TMachine, TVector>(x, TMachine.Multiply(rest, scale), GateSlope);
    }
}
