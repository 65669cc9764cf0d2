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
        var sum = GroupTree<TMachine, TVector>.Sum(shared, ColumnSum<TMachine, TVector>.Of(Values, ValueStride, place), Layout.Lanes);
        if (place.Down != 0 || place.Channel >= Layout.Channels) return;
        sum = TMachine.Multiply(sum, TMachine.Splat(Scale));
        var target = place.Chunk * SumStride + place.Channel;
        if (Accumulate) sum = TMachine.Add(TMachine.Load(Sums, target), sum);
        TMachine.Store(Sums, target, sum);
    }
}
