using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>The gradient in front of a fused activation: gradient * f'(z) with z = (input - mean) * scale + beta computed again.</summary>
internal static class BatchNormGradient<TBackend, TVector, TActivation>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector BeforeActivation(TVector centred, TVector gradient, TVector scale, TVector beta, float slope)
    {
        var z = TBackend.MultiplyAdd(centred, scale, beta);
        // Activations that compute their derivative from the value get the value; the others take z itself.
        if (TActivation.DerivativeFromOutput) z = TActivation.Forward<TBackend, TVector>(z, slope);
        return TActivation.Backward<TBackend, TVector>(z, gradient, slope);
    }
}

/// <summary>
/// For a chunk of rows, each channel's sum of the gradient g in front of the activation, and of g * (input - mean). For items see
/// <see cref="BatchNormLayout"/>.
/// </summary>
internal struct BatchNormGradientSums<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Rows by channels.</summary>
    public TBackend Input, OutputGradient;

    /// <summary>All [channels].</summary>
    public TBackend Mean, Scale, Beta;

    /// <summary>[chunk, 2, channels].</summary>
    public TBackend Partials;

    /// <summary>Sizes.</summary>
    public BatchNormLayout Layout;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var walk = Layout.GetBlock<TBackend, TVector>(item);
        // GPUs get vectors that fit (IOperation.Granularity), and no second copy of the code.
        if (TBackend.IsGpu || walk.Lanes == TBackend.Width) Sweep<WholeVector>(walk);
        else Sweep<PartialVector>(walk);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Sweep<TAccess>(BatchNormBlock walk)
        where TAccess : struct, IVectorAccess
    {
        // Copies, so that the compiler keeps them in registers.
        var (lanes, vectors, turns, step) = (walk.Lanes, walk.Vectors, walk.Iterations, walk.Step);
        var (rest, channels) = (walk.RemainingRows, Layout.Channels);
        var (input, outputGradient) = (Input, OutputGradient);
        var (o1, o2, o3) = (walk.Offset1, walk.Offset2, walk.Offset3);
        var slope = Slope;
        TVector m0 = TBackend.LoadPartial(Mean, walk.Channel, lanes), m1 = TBackend.LoadPartial(Mean, walk.Channel1, lanes);
        TVector m2 = TBackend.LoadPartial(Mean, walk.Channel2, lanes), m3 = TBackend.LoadPartial(Mean, walk.Channel3, lanes);
        TVector a0 = TBackend.LoadPartial(Scale, walk.Channel, lanes), a1 = TBackend.LoadPartial(Scale, walk.Channel1, lanes);
        TVector a2 = TBackend.LoadPartial(Scale, walk.Channel2, lanes), a3 = TBackend.LoadPartial(Scale, walk.Channel3, lanes);
        TVector b0 = TBackend.LoadPartial(Beta, walk.Channel, lanes), b1 = TBackend.LoadPartial(Beta, walk.Channel1, lanes);
        TVector b2 = TBackend.LoadPartial(Beta, walk.Channel2, lanes), b3 = TBackend.LoadPartial(Beta, walk.Channel3, lanes);
        TVector s0 = TBackend.Zero, s1 = s0, s2 = s0, s3 = s0, q0 = s0, q1 = s0, q2 = s0, q3 = s0;
        var at = walk.Start;
        for (var turn = 0; turn < turns; turn++)
        {
            Sum<TAccess>(input, outputGradient, at, lanes, m0, a0, b0, slope, ref s0, ref q0);
            Sum<TAccess>(input, outputGradient, at + o1, lanes, m1, a1, b1, slope, ref s1, ref q1);
            Sum<TAccess>(input, outputGradient, at + o2, lanes, m2, a2, b2, slope, ref s2, ref q2);
            Sum<TAccess>(input, outputGradient, at + o3, lanes, m3, a3, b3, slope, ref s3, ref q3);
            at += step;
        }

        for (var row = 0; row < rest; row++)
        {
            Sum<TAccess>(input, outputGradient, at, lanes, m0, a0, b0, slope, ref s0, ref q0);
            if (vectors == 2) Sum<WholeVector>(input, outputGradient, at + TBackend.Width, lanes, m1, a1, b1, slope, ref s1, ref q1);
            at += channels;
        }

        BatchNormVectors<TBackend, TVector>.Fold(vectors, ref s0, ref s1, s2, s3);
        BatchNormVectors<TBackend, TVector>.Fold(vectors, ref q0, ref q1, q2, q3);
        var partials = walk.Chunk * Layout.PartialStride + walk.Channel;
        BatchNormVectors<TBackend, TVector>.Store(Partials, partials, walk, s0, s1, s2, s3);
        BatchNormVectors<TBackend, TVector>.Store(Partials, partials + Layout.PartialRow, walk, q0, q1, q2, q3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum<TAccess>(
        TBackend input, TBackend outputGradient, int at, int lanes, TVector mean, TVector scale, TVector beta, float slope, ref TVector sum, ref TVector product)
        where TAccess : struct, IVectorAccess
    {
        var centred = TBackend.Subtract(TAccess.Load<TBackend, TVector>(input, at, lanes), mean);
        var gradient = TAccess.Load<TBackend, TVector>(outputGradient, at, lanes);
        var g = BatchNormGradient<TBackend, TVector, TActivation>.BeforeActivation(centred, gradient, scale, beta, slope);
        sum = TBackend.Add(sum, g);
        product = TBackend.MultiplyAdd(g, centred, product);
    }
}
