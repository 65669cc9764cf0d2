using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// The second stage of a <see cref="GroupedGather{TMachine,TVector,TActivation,TTile}"/> that was split: adds the partial sums in the order of the splits, and
/// finishes them: bias, activation or gate, accumulation. An item is a vector of one pixel's channels.
/// </summary>
public struct GatherFinish<TMachine, TVector, TActivation> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>[split, pixel, c]; bias [c]; the output [n, h, w, c].</summary>
    public TMachine Partials, Bias, Output;

    /// <summary>The activated values that the gradient belongs to; read when <see cref="Gated"/>.</summary>
    public TMachine Saved;

    /// <summary>The mapping from pixels of the grid to those of the output.</summary>
    public GatherGeometry Geometry;

    /// <summary>Splits; vectors of a pixel, and the division by them.</summary>
    public int Splits, Vectors;

    /// <inheritdoc cref="Vectors"/>
    public Divisor ByVectors;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>As of <see cref="GatherConvolution{TMachine,TVector,TActivation}"/>.</summary>
    public Flag HasBias, Gated, Accumulate;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var pixel = ByVectors.Divide(item);
        var channel = (item - pixel * Vectors) * TMachine.Width;
        // GPUs, which alone run this, get vectors that fit (IOperation.Granularity).
        var from = pixel * Geometry.OutputChannels + channel;
        var value = SplitSum<TMachine, TVector>.Of<WholeVector>(Partials, from, Geometry.Pixels * Geometry.OutputChannels, Splits, TMachine.Width);
        if (HasBias) value = TMachine.Add(value, TMachine.Load(Bias, channel));
        var index = Geometry.Target(pixel) + channel;
        if (Gated) value = TActivation.Backward<TMachine, TVector>(TMachine.Load(Saved, index), value, Slope);
        else value = TActivation.Forward<TMachine, TVector>(value, Slope);
        if (Accumulate) value = TMachine.Add(TMachine.Load(Output, index), value);
        TMachine.Store(Output, index, value);
    }
}
