using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Kernels.Reductions;

/// <summary>
/// Sums[chunk, c] = Scale * sum of Values[row, c] over the rows of a chunk, or added to the previous value, with groups of threads; see
/// <see cref="ChannelGroups"/>.
/// </summary>
internal struct GroupedChannelSum<TBackend, TVector> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Rows by channels, and chunks by channels.</summary>
    public TBackend Values, Sums;

    /// <summary>The division among groups.</summary>
    public ChannelGroups Layout;

    /// <summary>Words from one row to the next, of Values and of Sums.</summary>
    public int ValueStride, SumStride;

    /// <summary>Factor of the sums.</summary>
    public float Scale;

    /// <summary>True to add to Sums instead of overwriting it.</summary>
    public Flag Accumulate;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var shared = SharedMemory.Allocate<TVector>(GroupThreads.Max);
        var position = Layout.GetPosition(TBackend.Width);
        var sum = GroupReduce<TBackend, TVector>.Sum(shared, ColumnSum<TBackend, TVector>.Of(Values, ValueStride, position), Layout.Lanes);
        if (position.ThreadRow != 0 || position.Channel >= Layout.Channels) return;
        sum = TBackend.Multiply(sum, TBackend.Splat(Scale));
        var target = position.Chunk * SumStride + position.Channel;
        if (Accumulate) sum = TBackend.Add(TBackend.Load(Sums, target), sum);
        TBackend.Store(Sums, target, sum);
    }
}
