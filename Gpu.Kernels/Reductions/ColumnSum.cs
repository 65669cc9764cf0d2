using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Reductions;

/// <summary>The sum over the rows of a thread of a <see cref="ChannelGroups"/>, in two independent chains with four loads in flight.</summary>
internal static class ColumnSum<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The sum over the rows of the thread.</summary>
    /// <param name="values">rows by channels</param>
    /// <param name="stride">words from one row to the next</param>
    /// <param name="position">the position of the thread</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Of(TBackend values, int stride, in ChannelPosition position)
    {
        TVector sum0 = TBackend.Zero, sum1 = sum0;
        var row = position.FirstRow + position.ThreadRow;
        var at = row * stride + position.ReadChannel;
        var step = position.RowStep * stride;
        for (; row + 3 * position.RowStep < position.EndRow; row += 4 * position.RowStep)
        {
            var (x0, x1) = (TBackend.Load(values, at), TBackend.Load(values, at + step));
            var (x2, x3) = (TBackend.Load(values, at + 2 * step), TBackend.Load(values, at + 3 * step));
            sum0 = TBackend.Add(sum0, TBackend.Add(x0, x2));
            sum1 = TBackend.Add(sum1, TBackend.Add(x1, x3));
            at += 4 * step;
        }

        for (; row < position.EndRow; row += position.RowStep)
        {
            sum0 = TBackend.Add(sum0, TBackend.Load(values, at));
            at += step;
        }

        return TBackend.Add(sum0, sum1);
    }
}
