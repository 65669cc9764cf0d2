using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// The one-dimensional transforms of Winograd's algorithm F(4, 3), after A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016:
/// four outputs of a filter with three taps from six inputs, y = A^T [(G g) * (B^T d)], with six products. Nested, they give F(4x4, 3x3): 36 products
/// instead of 144.
/// </summary>
/// <remarks>
/// The Toom-Cook construction evaluates both factors at six points. With the paper's points 0, 1, -1, 2, -2 and infinity, rounding errors in single precision
/// are five to ten times those of direct convolution. With 0, +-5/8, +-11/8 and infinity they are at most twice as large (measured on uniform inputs, 4 to
/// 64 channels), and all powers of the points are exact.
/// </remarks>
internal static class WinogradTransform
{
    /// <summary>Inputs of a tile in each direction, and points of evaluation.</summary>
    public const int Points = 6;

    /// <summary>Outputs of a tile in each direction.</summary>
    public const int Outputs = 4;

    /// <summary>Products of a tile.</summary>
    public const int Products = Points * Points;

    /// <summary>Taps of a filter.</summary>
    public const int Taps = 9;

    private const float A = 5f / 8, B = 11f / 8;
    private const float AA = A * A, BB = B * B;

    /// <summary>B^T d: six inputs at the six points, without the constant factors, which are part of <see cref="Filter"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input<TBackend, TVector>(
        TVector d0, TVector d1, TVector d2, TVector d3, TVector d4, TVector d5,
        out TVector v0, out TVector v1, out TVector v2, out TVector v3, out TVector v4, out TVector v5)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        v0 = TBackend.MultiplyAdd(TBackend.Splat(AA * BB), d0, TBackend.MultiplyAdd(TBackend.Splat(-(AA + BB)), d2, d4));
        v5 = TBackend.MultiplyAdd(TBackend.Splat(AA * BB), d1, TBackend.MultiplyAdd(TBackend.Splat(-(AA + BB)), d3, d5));
        var even = TBackend.MultiplyAdd(TBackend.Splat(-BB), d2, d4);
        var odd = TBackend.MultiplyAdd(TBackend.Splat(-BB), d1, d3);
        v1 = TBackend.MultiplyAdd(TBackend.Splat(A), odd, even);
        v2 = TBackend.MultiplyAdd(TBackend.Splat(-A), odd, even);
        even = TBackend.MultiplyAdd(TBackend.Splat(-AA), d2, d4);
        odd = TBackend.MultiplyAdd(TBackend.Splat(-AA), d1, d3);
        v3 = TBackend.MultiplyAdd(TBackend.Splat(B), odd, even);
        v4 = TBackend.MultiplyAdd(TBackend.Splat(-B), odd, even);
    }

    /// <summary>G g: the filter at the six points, divided by the product of the distances of each point to the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Filter<TBackend, TVector>(
        TVector g0, TVector g1, TVector g2,
        out TVector u0, out TVector u1, out TVector u2, out TVector u3, out TVector u4, out TVector u5)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        u0 = TBackend.Multiply(TBackend.Splat(1 / (AA * BB)), g0);
        var even = TBackend.Multiply(TBackend.Splat(1 / (2 * AA * (AA - BB))), TBackend.MultiplyAdd(TBackend.Splat(AA), g2, g0));
        var odd = TBackend.Multiply(TBackend.Splat(A / (2 * AA * (AA - BB))), g1);
        u1 = TBackend.Add(even, odd);
        u2 = TBackend.Subtract(even, odd);
        even = TBackend.Multiply(TBackend.Splat(1 / (2 * BB * (BB - AA))), TBackend.MultiplyAdd(TBackend.Splat(BB), g2, g0));
        odd = TBackend.Multiply(TBackend.Splat(B / (2 * BB * (BB - AA))), g1);
        u3 = TBackend.Add(even, odd);
        u4 = TBackend.Subtract(even, odd);
        u5 = g2;
    }

    /// <summary>A^T m: the four outputs from the products at the six points.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output<TBackend, TVector>(
        TVector m0, TVector m1, TVector m2, TVector m3, TVector m4, TVector m5,
        out TVector y0, out TVector y1, out TVector y2, out TVector y3)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var evenA = TBackend.Add(m1, m2);
        var oddA = TBackend.Subtract(m1, m2);
        var evenB = TBackend.Add(m3, m4);
        var oddB = TBackend.Subtract(m3, m4);
        y0 = TBackend.Add(m0, TBackend.Add(evenA, evenB));
        y1 = TBackend.MultiplyAdd(TBackend.Splat(A), oddA, TBackend.Multiply(TBackend.Splat(B), oddB));
        y2 = TBackend.MultiplyAdd(TBackend.Splat(AA), evenA, TBackend.Multiply(TBackend.Splat(BB), evenB));
        y3 = TBackend.MultiplyAdd(TBackend.Splat(AA * A), oddA, TBackend.MultiplyAdd(TBackend.Splat(BB * B), oddB, m5));
    }

    /// <summary>A y: the transpose of <see cref="Output"/>, from the gradient of the outputs to that of the products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OutputTransposed<TBackend, TVector>(
        TVector y0, TVector y1, TVector y2, TVector y3,
        out TVector m0, out TVector m1, out TVector m2, out TVector m3, out TVector m4, out TVector m5)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        m0 = y0;
        var even = TBackend.MultiplyAdd(TBackend.Splat(AA), y2, y0);
        var odd = TBackend.MultiplyAdd(TBackend.Splat(AA), y3, y1);
        m1 = TBackend.MultiplyAdd(TBackend.Splat(A), odd, even);
        m2 = TBackend.MultiplyAdd(TBackend.Splat(-A), odd, even);
        even = TBackend.MultiplyAdd(TBackend.Splat(BB), y2, y0);
        odd = TBackend.MultiplyAdd(TBackend.Splat(BB), y3, y1);
        m3 = TBackend.MultiplyAdd(TBackend.Splat(B), odd, even);
        m4 = TBackend.MultiplyAdd(TBackend.Splat(-B), odd, even);
        m5 = y3;
    }

    /// <summary>G^T u: the transpose of <see cref="Filter"/>, from the gradient of the transformed filter to that of the filter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FilterTransposed<TBackend, TVector>(
        TVector u0, TVector u1, TVector u2, TVector u3, TVector u4, TVector u5, out TVector g0, out TVector g1, out TVector g2)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var evenA = TBackend.Multiply(TBackend.Splat(1 / (2 * AA * (AA - BB))), TBackend.Add(u1, u2));
        var evenB = TBackend.Multiply(TBackend.Splat(1 / (2 * BB * (BB - AA))), TBackend.Add(u3, u4));
        g0 = TBackend.MultiplyAdd(TBackend.Splat(1 / (AA * BB)), u0, TBackend.Add(evenA, evenB));
        g1 = TBackend.MultiplyAdd(
            TBackend.Splat(A / (2 * AA * (AA - BB))), TBackend.Subtract(u1, u2),
            TBackend.Multiply(TBackend.Splat(B / (2 * BB * (BB - AA))), TBackend.Subtract(u3, u4)));
        g2 = TBackend.MultiplyAdd(TBackend.Splat(AA), evenA, TBackend.MultiplyAdd(TBackend.Splat(BB), evenB, u5));
    }
}
