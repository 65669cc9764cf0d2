using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>Output = f((input - mean) * scale + beta), channel by channel. For items see <see cref="BatchNormLayout"/>.</summary>
internal struct BatchNormForward<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>
    /// Rows by channels (output may be the input), and [channels]. The mean is taken off first: folded into one shift, a small deviation would cancel.
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

        var walk = Layout.GetBlock<TBackend, TVector>(item);
        if (walk.Lanes == TBackend.Width) Sweep<WholeVector>(walk);
        else Sweep<PartialVector>(walk);
    }

    // A GPU's thread: one vector of one row or of four. Vectors fit there (IOperation.Granularity).
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
            // All loads first: they are then under way together.
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
    private readonly void Sweep<TAccess>(BatchNormBlock walk)
        where TAccess : struct, IVectorAccess
    {
        // Copies, so that the compiler keeps them in registers.
        var (lanes, vectors, turns, step) = (walk.Lanes, walk.Vectors, walk.Iterations, walk.Step);
        var (rest, channels) = (walk.RemainingRows, Layout.Channels);
        var (input, output) = (Input, Output);
        var (o1, o2, o3) = (walk.Offset1, walk.Offset2, walk.Offset3);
        var slope = Slope;
        TVector m0 = TBackend.LoadPartial(Mean, walk.Channel, lanes), m1 = TBackend.LoadPartial(Mean, walk.Channel1, lanes);
        TVector m2 = TBackend.LoadPartial(Mean, walk.Channel2, lanes), m3 = TBackend.LoadPartial(Mean, walk.Channel3, lanes);
        TVector a0 = TBackend.LoadPartial(Scale, walk.Channel, lanes), a1 = TBackend.LoadPartial(Scale, walk.Channel1, lanes);
        TVector a2 = TBackend.LoadPartial(Scale, walk.Channel2, lanes), a3 = TBackend.LoadPartial(Scale, walk.Channel3, lanes);
        TVector b0 = TBackend.LoadPartial(Beta, walk.Channel, lanes), b1 = TBackend.LoadPartial(Beta, walk.Channel1, lanes);
        TVector b2 = TBackend.LoadPartial(Beta, walk.Channel2, lanes), b3 = TBackend.LoadPartial(Beta, walk.Channel3, lanes);
        var at = walk.Start;
        for (var turn = 0; turn < turns; turn++)
        {
            TAccess.Store(output, at, Value(TAccess.Load<TBackend, TVector>(input, at, lanes), m0, a0, b0, slope), lanes);
            TAccess.Store(output, at + o1, Value(TAccess.Load<TBackend, TVector>(input, at + o1, lanes), m1, a1, b1, slope), lanes);
            TAccess.Store(output, at + o2, Value(TAccess.Load<TBackend, TVector>(input, at + o2, lanes), m2, a2, b2, slope), lanes);
            TAccess.Store(output, at + o3, Value(TAccess.Load<TBackend, TVector>(input, at + o3, lanes), m3, a3, b3, slope), lanes);
            at += step;
        }

        for (var row = 0; row < rest; row++)
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
