using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Losses;

/// <summary>
/// How many classes come before the label: those with a larger logit or NaN, and among equals those with a smaller number. A label whose own logit is NaN
/// comes after all classes, itself included; so does one that is no class.
/// </summary>
internal static class LabelRank<TMachine, TVector>
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>1 for each class of a vector that comes before the label, else 0.</summary>
    /// <param name="logits">the classes' logits</param>
    /// <param name="own">the label's logit, in every lane</param>
    /// <param name="labelLane">the lane that the label stands in, which may be one of another vector</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector ComesBefore(TVector logits, TVector own, int labelLane)
    {
        var one = TMachine.Splat(1f);
        var isEarlier = TMachine.SelectGreater(TMachine.Splat(labelLane), TMachine.LaneNumbers, one, TMachine.Zero);
        return TMachine.SelectEqual(logits, own, isEarlier, TMachine.SelectGreater(own, logits, TMachine.Zero, one));
    }
}
