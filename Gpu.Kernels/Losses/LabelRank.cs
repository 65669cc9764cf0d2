using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Losses;

/// <summary>
/// The rank of the label: the number of classes that come before it. These are the classes with a larger or NaN logit, and those with an equal logit and a
/// smaller index. A label whose own logit is NaN comes after all classes, including itself; so does a label that is out of range.
/// </summary>
internal static class LabelRank<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>1 for each class of a vector that comes before the label, otherwise 0.</summary>
    /// <param name="logits">the logits of the classes</param>
    /// <param name="own">the logit of the label, in every lane</param>
    /// <param name="labelLane">the lane of the label; outside of the vector if the label is in another one</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector ComesBefore(TVector logits, TVector own, int labelLane)
    {
        var one = TBackend.Splat(1f);
        var isEarlier = TBackend.SelectGreater(TBackend.Splat(labelLane), TBackend.LaneNumbers, one, TBackend.Zero);
        return TBackend.SelectEqual(logits, own, isEarlier, TBackend.SelectGreater(own, logits, TBackend.Zero, one));
    }
}
