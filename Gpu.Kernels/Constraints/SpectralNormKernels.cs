using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Constraints;

/// <summary>The words that <see cref="SpectralNormFinish{TBackend, TVector}"/> writes.</summary>
internal static class SpectralNormLayout
{
    /// <summary>Word of the estimate of the largest singular value.</summary>
    public const int Norm = 0;

    /// <summary>Word of the factor of the weights.</summary>
    public const int Factor = 1;

    /// <summary>Word of 1 / the norm of the new left vector; 0 if it is the zero vector.</summary>
    public const int InverseNorm = 2;

    /// <summary>Word of 1 if the left vector keeps its values, otherwise 0.</summary>
    public const int Keeps = 3;

    /// <summary>Words of the results.</summary>
    public const int Words = 16;
}

/// <summary>The estimate |W t| / |t| of the largest singular value, and the factors that follow from it. One item.</summary>
internal struct SpectralNormFinish<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>t = transposed W u, W t, and <see cref="SpectralNormLayout"/>.</summary>
    public TBackend Right, Left, Results;

    /// <summary>The lengths of W t and t.</summary>
    public int Rows, Columns;

    /// <summary>The largest singular value that is kept.</summary>
    public float Limit;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var (right, left) = (Norm(Right, item, Columns), Norm(Left, item, Rows));
        // A zero matrix, or one whose row space does not contain t: the estimate is 0, and u stays as it is.
        var isDegenerate = right == 0f || left == 0f;
        var norm = isDegenerate ? 0f : left / right;
        TBackend.StoreScalar(Results, SpectralNormLayout.Norm, norm);
        TBackend.StoreScalar(Results, SpectralNormLayout.Factor, norm > Limit ? Limit / norm : 1f);
        TBackend.StoreScalar(Results, SpectralNormLayout.InverseNorm, isDegenerate ? 0f : 1f / left);
        TBackend.StoreScalar(Results, SpectralNormLayout.Keeps, isDegenerate ? 1f : 0f);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Norm(TBackend vector, int from, int length)
    {
        var sum = TBackend.Zero;
        for (var i = from; i < length; i += TBackend.Width)
        {
            var x = TBackend.LoadPartial(vector, i, length - i);
            sum = TBackend.MultiplyAdd(x, x, sum);
        }

        return MathF.Sqrt(TBackend.Sum(sum));
    }
}

/// <summary>Output = Output * Results[KeptWord] + Input * Results[FactorWord], without the second term if there is no input. An item is a vector.</summary>
internal struct SpectralNormScale<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The values, what is added, and <see cref="SpectralNormLayout"/>.</summary>
    public TBackend Output, Input, Results;

    /// <summary>The number of values, and the words of the factors.</summary>
    public int Count, KeptWord, FactorWord;

    /// <summary>True to add the input.</summary>
    public Flag HasInput;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var i = item * TBackend.Width;
        var left = Count - i;
        var value = TBackend.Multiply(TBackend.LoadPartial(Output, i, left), TBackend.Broadcast(Results, KeptWord));
        if (HasInput) value = TBackend.MultiplyAdd(TBackend.LoadPartial(Input, i, left), TBackend.Broadcast(Results, FactorWord), value);
        TBackend.StorePartial(Output, i, value, left);
    }
}
