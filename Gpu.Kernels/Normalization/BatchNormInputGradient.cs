using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// InputGradient = scale * (g - mean gradient - (input - mean) * projection) for each channel, where g is the gradient before the fused activation; see
/// <see cref="BatchNormGradientTotals{TBackend,TVector}"/>. If the input is the output of another activation, the gate, the result is multiplied by its
/// derivative. An item is a block of <see cref="BatchNormLayout"/>.
/// </summary>
internal struct BatchNormInputGradient<TBackend, TVector, TActivation, TGate> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
    where TGate : struct, IActivation
{
    /// <summary>All [row, channel]. The input gradient may overwrite the output gradient.</summary>
    public TBackend Input, OutputGradient, InputGradient;

    /// <summary>All [channels].</summary>
    public TBackend Mean, Scale, Beta, MeanGradient, Projection;

    /// <summary>Sizes.</summary>
    public BatchNormLayout Layout;

    /// <summary><see cref="Activation.Slope"/> of the fused activation and of the gate.</summary>
    public float Slope, GateSlope;

    /// <summary>The result is added to the input gradient, instead of replacing it.</summary>
    public Flag Accumulate;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        if (TBackend.IsGpu)
        {
            OneVector(item);
            return;
        }

        var block = Layout.GetBlock<TBackend, TVector>(item);
        if (block.Lanes == TBackend.Width) Sweep<WholeVector>(block);
        else Sweep<PartialVector>(block);
    }

    // On a GPU, an item is one vector of one or four rows, which are processed in pairs. The channels are a multiple of the vector width there
    // (IOperation.Granularity).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void OneVector(int item)
    {
        Layout.GetVector(item, TBackend.Width, out var channel, out var at, out var rows);
        var mean = TBackend.Load(Mean, channel);
        var scale = TBackend.Load(Scale, channel);
        var beta = TBackend.Load(Beta, channel);
        var average = TBackend.Load(MeanGradient, channel);
        var projection = TBackend.Load(Projection, channel);
        var channels = Layout.Channels;
        for (; rows >= 2; rows -= 2)
        {
            // The loads come first, so that they execute concurrently.
            TVector x0 = TBackend.Load(Input, at), x1 = TBackend.Load(Input, at + channels);
            TVector g0 = TBackend.Load(OutputGradient, at), g1 = TBackend.Load(OutputGradient, at + channels);
            TVector before0 = TBackend.Zero, before1 = before0;
            if (Accumulate) (before0, before1) = (TBackend.Load(InputGradient, at), TBackend.Load(InputGradient, at + channels));
            TBackend.Store(InputGradient, at, TBackend.Add(before0, Gradient(x0, g0, mean, scale, beta, average, projection, Slope, GateSlope)));
            TBackend.Store(InputGradient, at + channels, TBackend.Add(before1, Gradient(x1, g1, mean, scale, beta, average, projection, Slope, GateSlope)));
            at += 2 * channels;
        }

        if (rows == 0) return;
        var before = TBackend.Zero;
        if (Accumulate) before = TBackend.Load(InputGradient, at);
        var gradient = Gradient(TBackend.Load(Input, at), TBackend.Load(OutputGradient, at), mean, scale, beta, average, projection, Slope, GateSlope);
        TBackend.Store(InputGradient, at, TBackend.Add(before, gradient));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Sweep<TAccess>(BatchNormBlock block)
        where TAccess : struct, IVectorAccess
    {
        // Local copies, which the JIT keeps in registers.
        var (lanes, vectors, iterations, step) = (block.Lanes, block.Vectors, block.Iterations, block.Step);
        var (remainingRows, channels) = (block.RemainingRows, Layout.Channels);
        var (input, outputGradient, inputGradient) = (Input, OutputGradient, InputGradient);
        var (o1, o2, o3) = (block.Offset1, block.Offset2, block.Offset3);
        TVector m0 = TBackend.LoadPartial(Mean, block.Channel, lanes), m1 = TBackend.LoadPartial(Mean, block.Channel1, lanes);
        TVector m2 = TBackend.LoadPartial(Mean, block.Channel2, lanes), m3 = TBackend.LoadPartial(Mean, block.Channel3, lanes);
        TVector a0 = TBackend.LoadPartial(Scale, block.Channel, lanes), a1 = TBackend.LoadPartial(Scale, block.Channel1, lanes);
        TVector a2 = TBackend.LoadPartial(Scale, block.Channel2, lanes), a3 = TBackend.LoadPartial(Scale, block.Channel3, lanes);
        TVector b0 = TBackend.LoadPartial(Beta, block.Channel, lanes), b1 = TBackend.LoadPartial(Beta, block.Channel1, lanes);
        TVector b2 = TBackend.LoadPartial(Beta, block.Channel2, lanes), b3 = TBackend.LoadPartial(Beta, block.Channel3, lanes);
        TVector c0 = TBackend.LoadPartial(MeanGradient, block.Channel, lanes), c1 = TBackend.LoadPartial(MeanGradient, block.Channel1, lanes);
        TVector c2 = TBackend.LoadPartial(MeanGradient, block.Channel2, lanes), c3 = TBackend.LoadPartial(MeanGradient, block.Channel3, lanes);
        TVector p0 = TBackend.LoadPartial(Projection, block.Channel, lanes), p1 = TBackend.LoadPartial(Projection, block.Channel1, lanes);
        TVector p2 = TBackend.LoadPartial(Projection, block.Channel2, lanes), p3 = TBackend.LoadPartial(Projection, block.Channel3, lanes);
        var (slope, gateSlope, accumulate) = (Slope, GateSlope, Accumulate);
        var at = block.Start;
        for (var i = 0; i < iterations; i++)
        {
            var g0 = Gradient<TAccess>(input, outputGradient, at, lanes, m0, a0, b0, c0, p0, slope, gateSlope);
            if (accumulate) g0 = TBackend.Add(g0, TAccess.Load<TBackend, TVector>(inputGradient, at, lanes));
            TAccess.Store(inputGradient, at, g0, lanes);
            var g1 = Gradient<TAccess>(input, outputGradient, at + o1, lanes, m1, a1, b1, c1, p1, slope, gateSlope);
            if (accumulate) g1 = TBackend.Add(g1, TAccess.Load<TBackend, TVector>(inputGradient, at + o1, lanes));
            TAccess.Store(inputGradient, at + o1, g1, lanes);
            var g2 = Gradient<TAccess>(input, outputGradient, at + o2, lanes, m2, a2, b2, c2, p2, slope, gateSlope);
            if (accumulate) g2 = TBackend.Add(g2, TAccess.Load<TBackend, TVector>(inputGradient, at + o2, lanes));
            TAccess.Store(inputGradient, at + o2, g2, lanes);
            var g3 = Gradient<TAccess>(input, outputGradient, at + o3, lanes, m3, a3, b3, c3, p3, slope, gateSlope);
            if (accumulate) g3 = TBackend.Add(g3, TAccess.Load<TBackend, TVector>(inputGradient, at + o3, lanes));
            TAccess.Store(inputGradient, at + o3, g3, lanes);
            at += step;
        }

        for (var row = 0; row < remainingRows; row++)
        {
            var g0 = Gradient<TAccess>(input, outputGradient, at, lanes, m0, a0, b0, c0, p0, slope, gateSlope);
            if (accumulate) g0 = TBackend.Add(g0, TAccess.Load<TBackend, TVector>(inputGradient, at, lanes));
            TAccess.Store(inputGradient, at, g0, lanes);
            if (vectors == 2)
            {
                var second = at + TBackend.Width;
                var g1 = Gradient<WholeVector>(input, outputGradient, second, lanes, m1, a1, b1, c1, p1, slope, gateSlope);
                if (accumulate) g1 = TBackend.Add(g1, TBackend.Load(inputGradient, second));
                TBackend.Store(inputGradient, second, g1);
            }

            at += channels;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Gradient<TAccess>(
        TBackend input, TBackend outputGradient, int at, int lanes, TVector mean, TVector scale, TVector beta, TVector average, TVector projection, float slope,
        float gateSlope)
        where TAccess : struct, IVectorAccess
    {
        var x = TAccess.Load<TBackend, TVector>(input, at, lanes);
        return Gradient(x, TAccess.Load<TBackend, TVector>(outputGradient, at, lanes), mean, scale, beta, average, projection, slope, gateSlope);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Gradient(
        TVector x, TVector g, TVector mean, TVector scale, TVector beta, TVector average, TVector projection, float slope, float gateSlope)
    {
        var centered = TBackend.Subtract(x, mean);
        g = BatchNormGradient<TBackend, TVector, TActivation>.BeforeActivation(centered, g, scale, beta, slope);
        var unscaled = TBackend.Subtract(TBackend.Subtract(g, average), TBackend.Multiply(centered, projection));
        return TGate.Backward<TBackend, TVector>(x, TBackend.Multiply(unscaled, scale), gateSlope);
    }
}
