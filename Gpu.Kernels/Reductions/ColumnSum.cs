using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Reductions;

/// <summary>What a thread of a <see cref="ChannelGroups"/> adds up of its column of values, in two chains; four loads are under way at the same time.</summary>
internal static class ColumnSum<TMachine, TVector>
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>The sum over the thread's rows.</summary>
    /// <param name="values">rows by channels</param>
    /// <param name="stride">words from one row to the next</param>
    /// <param name="place">the thread's place</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Of(TMachine values, int stride, in ChannelPlace place)
    {
        TVector sum0 = TMachine.Zero, sum1 = sum0;
        var row = place.First + place.Down;
        var at = row * stride + place.Source;
        var step = place.Deep * stride;
        for (; row + 3 * place.Deep < place.End; row += 4 * place.Deep)
        {
            var (x0, x1) = (TMachine.Load(values, at), TMachine.Load(values, at + step));
            var (x2, x3) = (TMachine.Load(values, at + 2 * step), TMachine.Load(values, at + 3 * step));
            sum0 = TMachine.Add(sum0, TMachine.Add(x0, x2));
            sum1 = TMachine.Add(sum1, TMachine.Add(x1, x3));
            at += 4 * step;
        }

        for (; row < place.End; row += place.Deep)
        {
            sum0 = TMachine.Add(sum0, TMachine.Load(values, at));
            at += step;
        }

        return TMachine.Add(sum0, sum1);
    }
}
