using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>Output = f((input - mean) * scale + beta) for each channel. An item is a block of <see cref="BatchNormLayout"/>.</summary>
internal struct BatchNormForward<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>
    /// Input and output [row, channel], which may be the same tensor; mean, scale and beta [channel]. The mean is subtracted first: folded into a single shift,
    /// it would cause cancellation if the deviation is small.
    /// </summary>
    public TBackend Input, Output, Mean, Scale, Beta;

    /// <summary>Sizes.</summary>
    public BatchNormLayout Layout;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

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

    // On a GPU, an item is one vector of one or four rows. The channels are a multiple of the vector width there (IOperation.Granularity).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void OneVector(int item)
    {
        Layout.GetVector(item, TBackend.Width, out var channel, out var at, out var rows);
        var mean = TBackend.Load(Mean, channel);
        var scale = TBackend.Load(Scale, channel);
        var beta = TBackend.Load(Beta, channel);
        var channels = Layout.Channels;
        if (rows == 4)
        {
            // The loads come first, so that they execute concurrently.
            TVector x0 = TBackend.Load(Input, at), x1 = TBackend.Load(Input, at + channels);
            TVector x2 = TBackend.Load(Input, at + 2 * channels), x3 = TBackend.Load(Input, at + 3 * channels);
            TBackend.Store(Output, at, Value(x0, mean, scale, beta, Slope));
            TBackend.Store(Output, at + channels, Value(x1, mean, scale, beta, Slope));
            TBackend.Store(Output, at + 2 * channels, Value(x2, mean, scale, beta, Slope));
            TBackend.Store(Output, at + 3 * channels, Value(x3, mean, scale, beta, Slope));
            return;
        }

        for (; rows > 0; rows--)
        {
            TBackend.Store(Output, at, Value(TBackend.Load(Input, at), mean, scale, beta, Slope));
            at += channels;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Sweep<TAccess>(BatchNormBlock block)
        where TAccess : struct, IVectorAccess
    {
        // Local copies, which the JIT keeps in registers.
        var (lanes, vectors, iterations, step) = (block.Lanes, block.Vectors, block.Iterations, block.Step);
        var (remainingRows, channels) = (block.RemainingRows, Layout.Channels);
        var (input, output) = (Input, Output);
        var (o1, o2, o3) = (block.Offset1, block.Offset2, block.Offset3);
        var slope = Slope;
        TVector m0 = TBackend.LoadPartial(Mean, block.Channel, lanes), m1 = TBackend.LoadPartial(Mean, block.Channel1, lanes);
        TVector m2 = TBackend.LoadPartial(Mean, block.Channel2, lanes), m3 = TBackend.LoadPartial(Mean, block.Channel3, lanes);
        TVector a0 = TBackend.LoadPartial(Scale, block.Channel, lanes), a1 = TBackend.LoadPartial(Scale, block.Channel1, lanes);
        TVector a2 = TBackend.LoadPartial(Scale, block.Channel2, lanes), a3 = TBackend.LoadPartial(Scale, block.Channel3, lanes);
        TVector b0 = TBackend.LoadPartial(Beta, block.Channel, lanes), b1 = TBackend.LoadPartial(Beta, block.Channel1, lanes);
        TVector b2 = TBackend.LoadPartial(Beta, block.Channel2, lanes), b3 = TBackend.LoadPartial(Beta, block.Channel3, lanes);
        var at = block.Start;
        for (var i = 0; i < iterations; i++)
        {
            TAccess.Store(output, at, Value(TAccess.Load<TBackend, TVector>(input, at, lanes), m0, a0, b0, slope), lanes);
            TAccess.Store(output, at + o1, Value(TAccess.Load<TBackend, TVector>(input, at + o1, lanes), m1, a1, b1, slope), lanes);
            TAccess.Store(output, at + o2, Value(TAccess.Load<TBackend, TVector>(input, at + o2, lanes), m2, a2, b2, slope), lanes);
            TAccess.Store(output, at + o3, Value(TAccess.Load<TBackend, TVector>(input, at + o3, lanes), m3, a3, b3, slope), lanes);
            at += step;
        }

        for (var row = 0; row < remainingRows; row++)
        {
            TAccess.Store(output, at, Value(TAccess.Load<TBackend, TVector>(input, at, lanes), m0, a0, b0, slope), lanes);
            if (vectors == 2) TBackend.Store(output, at + TBackend.Width, Value(TBackend.Load(input, at + TBackend.Width), m1, a1, b1, slope));
            at += channels;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Value(TVector x, TVector mean, TVector scale, TVector beta, float slope) =>
        TActivation.Forward<TBackend, TVector>(TBackend.MultiplyAdd(TBackend.Subtract(x, mean), scale, beta), slope);
}
