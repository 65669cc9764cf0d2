using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Kernels.Reductions;

/// <summary>
/// Sums[chunk, c] = scale * the sum over a chunk of rows of Values[row, c], or that added to what is there, by groups of threads; see
/// <see cref="ChannelGroups"/>.
/// </summary>
internal struct GroupedChannelSum<TBackend, TVector> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Rows by channels, and chunks by channels.</summary>
    public TBackend Values, Sums;

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
        var shared = SharedMemory.Allocate<TVector>(GroupThreads.Max);
        var place = Layout.GetPosition(TBackend.Width);
        var sum = GroupReduce<TBackend, TVector>.Sum(shared, ColumnSum<TBackend, TVector>.Of(Values, ValueStride, place), Layout.Lanes);
        if (place.ThreadRow != 0 || place.Channel >= Layout.Channels) return;
        sum = TBackend.Multiply(sum, TBackend.Splat(Scale));
        var target = place.Chunk * SumStride + place.Channel;
        if (Accumulate) sum = TBackend.Add(TBackend.Load(Sums, target), sum);
        TBackend.Store(Sums, target, sum);
    }
}
