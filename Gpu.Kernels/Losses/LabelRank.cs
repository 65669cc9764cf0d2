using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Losses;

/// <summary>
/// How many classes come before the label: those with a larger logit or NaN, and among equals those with a smaller number. A label whose own logit is NaN
/// comes after all classes, itself included; so does one that is no class.
/// </summary>
internal static class LabelRank<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>1 for each class of a vector that comes before the label, else 0.</summary>
    /// <param name="logits">the classes' logits</param>
    /// <param name="own">the label's logit, in every lane</param>
    /// <param name="labelLane">the lane that the label stands in, which may be one of another vector</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector ComesBefore(TVector logits, TVector own, int labelLane)
    {
        var one = TBackend.Splat(1f);
        var isEarlier = TBackend.SelectGreater(TBackend.Splat(labelLane), TBackend.LaneNumbers, one, TBackend.Zero);
        return TBackend.SelectEqual(logits, own, isEarlier, TBackend.SelectGreater(own, logits, TBackend.Zero, one));
    }
}
