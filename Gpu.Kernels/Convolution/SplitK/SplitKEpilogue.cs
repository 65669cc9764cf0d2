using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// The second stage of a <see cref="ImplicitGemmConv2d{TBackend,TVector,TActivation,TTile}"/> that was split: adds the partial sums in the order of the splits, and
/// finishes them: bias, activation or gate, accumulation. An item is a vector of one pixel's channels.
/// </summary>
internal struct SplitKEpilogue<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>[split, pixel, c]; bias [c]; the output [n, h, w, c].</summary>
    public TBackend Partials, Bias, Output;

    /// <summary>The activated values that the gradient belongs to; read when <see cref="Gated"/>.</summary>
    public TBackend Saved;

    /// <summary>The mapping from pixels of the grid to those of the output.</summary>
    public ConvGeometry Geometry;

    /// <summary>Splits; vectors of a pixel, and the division by them.</summary>
    public int Splits, Vectors;

    /// <inheritdoc cref="Vectors"/>
    public FastDivMod ByVectors;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>As of <see cref="DirectConv2d{TBackend,TVector,TActivation}"/>.</summary>
    public Flag HasBias, Gated, Accumulate;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var pixel = ByVectors.Divide(item);
        var channel = (item - pixel * Vectors) * TBackend.Width;
        // GPUs, which alone run this, get vectors that fit (IOperation.Granularity).
        var from = pixel * Geometry.OutputChannels + channel;
        var value = SplitKSum<TBackend, TVector>.Of<WholeVector>(Partials, from, Geometry.Pixels * Geometry.OutputChannels, Splits, TBackend.Width);
        if (HasBias) value = TBackend.Add(value, TBackend.Load(Bias, channel));
        var index = Geometry.OutputIndex(pixel) + channel;
        if (Gated) value = TActivation.Backward<TBackend, TVector>(TBackend.Load(Saved, index), value, Slope);
        else value = TActivation.Forward<TBackend, TVector>(value, Slope);
        if (Accumulate) value = TBackend.Add(TBackend.Load(Output, index), value);
        TBackend.Store(Output, index, value);
    }
}
