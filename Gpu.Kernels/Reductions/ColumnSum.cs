using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Reductions;

/// <summary>What a thread of a <see cref="ChannelGroups"/> adds up of its column of values, in two chains; four loads are under way at the same time.</summary>
internal static class ColumnSum<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The sum over the thread's rows.</summary>
    /// <param name="values">rows by channels</param>
    /// <param name="stride">words from one row to the next</param>
    /// <param name="place">the thread's place</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Of(TBackend values, int stride, in ChannelPosition place)
    {
        TVector sum0 = TBackend.Zero, sum1 = sum0;
        var row = place.FirstRow + place.ThreadRow;
        var at = row * stride + place.ReadChannel;
        var step = place.RowStep * stride;
        for (; row + 3 * place.RowStep < place.EndRow; row += 4 * place.RowStep)
        {
            var (x0, x1) = (TBackend.Load(values, at), TBackend.Load(values, at + step));
            var (x2, x3) = (TBackend.Load(values, at + 2 * step), TBackend.Load(values, at + 3 * step));
            sum0 = TBackend.Add(sum0, TBackend.Add(x0, x2));
            sum1 = TBackend.Add(sum1, TBackend.Add(x1, x3));
            at += 4 * step;
        }

        for (; row < place.EndRow; row += place.RowStep)
        {
            sum0 = TBackend.Add(sum0, TBackend.Load(values, at));
            at += step;
        }

        return TBackend.Add(sum0, sum1);
    }
}
