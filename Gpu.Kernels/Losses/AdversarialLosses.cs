using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Losses;

/// <summary>max(0, 1 - y x) for a score x, where y is 1 for the target 1 and -1 for the target 0.</summary>
internal readonly struct HingeScore : IPointwiseLoss
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Evaluate<TBackend, TVector>(TVector prediction, TVector target, out TVector derivative)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var one = TBackend.Splat(1f);
        var sign = TBackend.Subtract(TBackend.Add(target, target), one);
        var margin = TBackend.Subtract(one, TBackend.Multiply(sign, prediction));
        // A NaN compares as false, so it is passed on explicitly.
        var slope = TBackend.SelectGreater(margin, TBackend.Zero, TBackend.Subtract(TBackend.Zero, sign), TBackend.Zero);
        derivative = TBackend.SelectEqual(prediction, prediction, slope, prediction);
        return TBackend.SelectEqual(prediction, prediction, TBackend.SelectGreater(margin, TBackend.Zero, margin, TBackend.Zero), prediction);
    }
}

/// <summary>-x for a score x; the target is not read.</summary>
internal readonly struct NegativeScore : IPointwiseLoss
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Evaluate<TBackend, TVector>(TVector prediction, TVector target, out TVector derivative)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        derivative = TBackend.SelectEqual(prediction, prediction, TBackend.Splat(-1f), prediction);
        return TBackend.Subtract(TBackend.Zero, prediction);
    }
}
