using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Segmentation;

/// <summary>Softmax of the logits of a pixel.</summary>
internal static class PixelSoftmax<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The largest logit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(TBackend logits, int row, int classes)
    {
        var largest = TBackend.Splat(float.NegativeInfinity);
        var c = 0;
        for (; c + TBackend.Width <= classes; c += TBackend.Width) largest = TBackend.Max(largest, TBackend.Load(logits, row + c));
        var left = classes - c;
        if (left > 0) largest = TBackend.Max(largest, FirstLanes(left, TBackend.LoadPartial(logits, row + c, left), TBackend.Splat(float.NegativeInfinity)));
        return TBackend.Largest(largest);
    }

    /// <summary>e^(logit - largest). Propagates NaN explicitly, without relying on the minimum and maximum in Exp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exponential(TVector logits, float largest)
    {
        var d = TBackend.Subtract(logits, TBackend.Splat(largest));
        return TBackend.SelectEqual(d, d, VectorMath<TBackend, TVector>.Exp(d), d);
    }

    /// <summary>The first lanes of a vector, and the others of another one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector FirstLanes(int count, TVector value, TVector others) =>
        TBackend.SelectGreater(TBackend.Splat(count), TBackend.LaneNumbers, value, others);

    /// <summary>The natural logarithm of one number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log(float x) => TBackend.Largest(VectorMath<TBackend, TVector>.Log(TBackend.Splat(x)));

    /// <summary>e to the power of one number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp(float x) => TBackend.Largest(VectorMath<TBackend, TVector>.Exp(TBackend.Splat(x)));
}
