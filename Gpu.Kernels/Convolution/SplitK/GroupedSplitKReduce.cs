using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// <see cref="SplitKReduce{TBackend,TVector}"/> for thread groups: adds the partial sums of the weight and bias gradients in one launch. The threads of a group
/// share the splits, of which there may be hundreds, while the weights are few. In <see cref="Layout"/>, the rows are the splits, and the channels are the
/// weights followed by the bias.
/// </summary>
internal struct GroupedSplitKReduce<TBackend, TVector> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    // With fewer splits, one thread adds them after waiting for memory two or three times.
    private const int MinSplits = 12;

    // Splits of a thread, which it loads at the same time; and fewest threads of a group, if there are as many weights.
    private const int SplitsPerThread = 4, MinThreads = 64;

    /// <summary>The partial sums, and the two gradients that they are added to.</summary>
    public TBackend Partials, Weights, Bias;

    /// <summary>Words of the weights.</summary>
    public int WeightLength;

    /// <summary>How the threads of a group divide the partial sums. There is one chunk.</summary>
    public ChannelGroups Layout;

    /// <summary>Words from one split to the next.</summary>
    public int Stride;

    /// <summary>Returns whether this kernel is faster: with many splits, or with a bias, which would need its own launch.</summary>
    public static bool Pays(int splits, bool hasBias) => hasBias || splits >= MinSplits;

    /// <summary>Returns the layout for a number of splits.</summary>
    /// <param name="splits">number of splits</param>
    /// <param name="count">words of a split, a multiple of the vector width</param>
    /// <param name="limits">limits of the device's thread groups</param>
    public static ChannelGroups LayoutFor(int splits, int count, GroupLimits limits)
    {
        var most = GroupThreads.For(limits);
        var deep = 1;
        while (deep * SplitsPerThread < splits && 2 * deep < most) deep *= 2;
        var lanes = Math.Min(most / deep, Math.Max(ChannelGroups.WholeLine / TBackend.Width, MinThreads / deep));
        return ChannelGroups.For<TBackend, TVector>(splits, count, lanes * deep, splits, 1, lanes * TBackend.Width);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var shared = SharedMemory.Allocate<TVector>(GroupThreads.Max);
        var position = Layout.GetPosition(TBackend.Width);
        var sum = GroupReduce<TBackend, TVector>.Sum(shared, ColumnSum<TBackend, TVector>.Of(Partials, Stride, position), Layout.Lanes);
        if (position.ThreadRow != 0 || position.Channel >= Layout.Channels) return;
        var bias = position.Channel - WeightLength;
        if (bias < 0) TBackend.Store(Weights, position.Channel, TBackend.Add(TBackend.Load(Weights, position.Channel), sum));
        else TBackend.Store(Bias, bias, TBackend.Add(TBackend.Load(Bias, bias), sum));
    }
}
