using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using ILGPU;

namespace Gpu.Kernels.Reductions;

/// <summary>
/// Sums[chunk, c] = scale * the sum over a chunk of rows of Values[row, c], or that added to what is there, by groups of threads; see
/// <see cref="ChannelGroups"/>.
/// </summary>
public struct ChannelSumGroups<TMachine, TVector> : IGroupedKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>Rows by channels, and chunks by channels.</summary>
    public TMachine Values, Sums;

    /// <summary>Sizes.</summary>
    public ChannelGroups Layout;

    /// <summary>Words from one row to the next, of the values and of the sums.</summary>
    public int ValueStride, SumStride;

    /// <summary>What the sums are multiplied by.</summary>
    public float Scale;

    /// <summary>The sums are added to what is there.</summary>
    public Flag Accumulate;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var shared = SharedMemory.Allocate<TVector>(GroupThreads.Most);
        var place = Layout.Place(TMachine.Width);
        TVector sum0 = TMachine.Zero, sum1 = sum0;
        var row = place.First + place.Down;
        var at = row * ValueStride + place.Source;
        var step = place.Deep * ValueStride;
        for (; row + 3 * place.Deep < place.End; row += 4 * place.Deep)
        {
            var (x0, x1) = (TMachine.Load(Values, at), TMachine.Load(Values, at + step));
            var (x2, x3) = (TMachine.Load(Values, at + 2 * step), TMachine.Load(Values, at + 3 * step));
            sum0 = TMachine.Add(sum0, TMachine.Add(x0, x2));
            sum1 = TMachine.Add(sum1, TMachine.Add(x1, x3));
            at += 4 * step;
        }

        for (; row < place.End; row += place.Deep)
        {
            sum0 = TMachine.Add(sum0, TMachine.Load(Values, at));
            at += step;
        }

        var sum = GroupTree<TMachine, TVector>.Sum(shared, TMachine.Add(sum0, sum1), Layout.Lanes);
        if (place.Down != 0 || place.Channel >= Layout.Channels) return;
        sum = TMachine.Multiply(sum, TMachine.Splat(Scale));
        var target = place.Chunk * SumStride + place.Channel;
        if (Accumulate) sum = TMachine.Add(TMachine.Load(Sums, target), sum);
        TMachine.Store(Sums, target, sum);
    }
}
