using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>The gradient with respect to the input z of a fused activation f: gradient * f'(z). z = (input - mean) * scale + beta is recomputed.</summary>
internal static class BatchNormGradient<TBackend, TVector, TActivation>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector BeforeActivation(TVector centered, TVector gradient, TVector scale, TVector beta, float slope)
    {
        var z = TBackend.MultiplyAdd(centered, scale, beta);
        // Some activations compute the derivative from their output f(z), the others from z.
        if (TActivation.DerivativeFromOutput) z = TActivation.Forward<TBackend, TVector>(z, slope);
        return TActivation.Backward<TBackend, TVector>(z, gradient, slope);
    }
}

/// <summary>
/// First stage of the gradients of gamma and beta: for each channel, the sums over the rows of a chunk of g and g * (input - mean), where g is the gradient
/// before the activation. An item is a block of <see cref="BatchNormLayout"/>.
/// </summary>
internal struct BatchNormGradientSums<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>All [row, channel].</summary>
    public TBackend Input, OutputGradient;

    /// <summary>All [channels].</summary>
    public TBackend Mean, Scale, Beta;

    /// <summary>Partial sums [chunk, 2, channel].</summary>
    public TBackend Partials;

    /// <summary>Sizes.</summary>
    public BatchNormLayout Layout;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var block = Layout.GetBlock<TBackend, TVector>(item);
        // On GPUs, the channels are a multiple of the vector width (IOperation.Granularity), so the kernel does not contain the second variant.
        if (TBackend.IsGpu || block.Lanes == TBackend.Width) Sweep<WholeVector>(block);
        else Sweep<PartialVector>(block);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Sweep<TAccess>(BatchNormBlock block)
        where TAccess : struct, IVectorAccess
    {
        // Local copies, which the JIT keeps in registers.
        var (lanes, vectors, iterations, step) = (block.Lanes, block.Vectors, block.Iterations, block.Step);
        var (remainingRows, channels) = (block.RemainingRows, Layout.Channels);
        var (input, outputGradient) = (Input, OutputGradient);
        var (o1, o2, o3) = (block.Offset1, block.Offset2, block.Offset3);
        var slope = Slope;
        TVector m0 = TBackend.LoadPartial(Mean, block.Channel, lanes), m1 = TBackend.LoadPartial(Mean, block.Channel1, lanes);
        TVector m2 = TBackend.LoadPartial(Mean, block.Channel2, lanes), m3 = TBackend.LoadPartial(Mean, block.Channel3, lanes);
        TVector a0 = TBackend.LoadPartial(Scale, block.Channel, lanes), a1 = TBackend.LoadPartial(Scale, block.Channel1, lanes);
        TVector a2 = TBackend.LoadPartial(Scale, block.Channel2, lanes), a3 = TBackend.LoadPartial(Scale, block.Channel3, lanes);
        TVector b0 = TBackend.LoadPartial(Beta, block.Channel, lanes), b1 = TBackend.LoadPartial(Beta, block.Channel1, lanes);
        TVector b2 = TBackend.LoadPartial(Beta, block.Channel2, lanes), b3 = TBackend.LoadPartial(Beta, block.Channel3, lanes);
        TVector s0 = TBackend.Zero, s1 = s0, s2 = s0, s3 = s0, q0 = s0, q1 = s0, q2 = s0, q3 = s0;
        var at = block.Start;
        for (var i = 0; i < iterations; i++)
        {
            Sum<TAccess>(input, outputGradient, at, lanes, m0, a0, b0, slope, ref s0, ref q0);
            Sum<TAccess>(input, outputGradient, at + o1, lanes, m1, a1, b1, slope, ref s1, ref q1);
            Sum<TAccess>(input, outputGradient, at + o2, lanes, m2, a2, b2, slope, ref s2, ref q2);
            Sum<TAccess>(input, outputGradient, at + o3, lanes, m3, a3, b3, slope, ref s3, ref q3);
            at += step;
        }

        for (var row = 0; row < remainingRows; row++)
        {
            Sum<TAccess>(input, outputGradient, at, lanes, m0, a0, b0, slope, ref s0, ref q0);
            if (vectors == 2) Sum<WholeVector>(input, outputGradient, at + TBackend.Width, lanes, m1, a1, b1, slope, ref s1, ref q1);
            at += channels;
        }

        BatchNormVectors<TBackend, TVector>.Fold(vectors, ref s0, ref s1, s2, s3);
        BatchNormVectors<TBackend, TVector>.Fold(vectors, ref q0, ref q1, q2, q3);
        var partials = block.Chunk * Layout.PartialStride + block.Channel;
        BatchNormVectors<TBackend, TVector>.Store(Partials, partials, block, s0, s1, s2, s3);
        BatchNormVectors<TBackend, TVector>.Store(Partials, partials + Layout.PartialRow, block, q0, q1, q2, q3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum<TAccess>(
        TBackend input, TBackend outputGradient, int at, int lanes, TVector mean, TVector scale, TVector beta, float slope,
        ref TVector sum, ref TVector product)
        where TAccess : struct, IVectorAccess
    {
        var centered = TBackend.Subtract(TAccess.Load<TBackend, TVector>(input, at, lanes), mean);
        var gradient = TAccess.Load<TBackend, TVector>(outputGradient, at, lanes);
        var g = BatchNormGradient<TBackend, TVector, TActivation>.BeforeActivation(centered, gradient, scale, beta, slope);
        sum = TBackend.Add(sum, g);
        product = TBackend.MultiplyAdd(g, centered, product);
    }
}
