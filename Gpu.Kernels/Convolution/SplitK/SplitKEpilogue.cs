using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Epilogue of <see cref="ImplicitGemmConv2d{TBackend,TVector,TActivation,TTile}"/> with split-K: adds the partial sums in the order of the splits, then
/// applies bias, activation or gate, and accumulation. An item is one vector of channels of one pixel.
/// </summary>
internal struct SplitKEpilogue<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Partial sums [split, pixel, c], bias [c], output [n, h, w, c].</summary>
    public TBackend Partials, Bias, Output;

    /// <summary>The activated values at which the derivative is taken; read if <see cref="Gated"/>.</summary>
    public TBackend Saved;

    /// <summary>The mapping from pixels of the grid to pixels of the output.</summary>
    public ConvGeometry Geometry;

    /// <summary>Number of splits; vectors that cover the channels of a pixel.</summary>
    public int Splits, Vectors;

    /// <summary>Division by <see cref="Vectors"/>.</summary>
    public FastDivMod ByVectors;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>See <see cref="DirectConv2d{TBackend,TVector,TActivation}"/>.</summary>
    public Flag HasBias, Gated, Accumulate;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var pixel = ByVectors.Divide(item);
        var channel = (item - pixel * Vectors) * TBackend.Width;
        // Only GPUs run this kernel. There, the channels are a multiple of the vector width (IOperation.Granularity).
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
