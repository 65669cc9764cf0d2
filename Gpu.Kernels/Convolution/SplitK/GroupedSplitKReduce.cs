using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// <see cref="SplitKReduce{TBackend,TVector}"/> of the gradients of weights and bias at once, by groups of threads that share the splits: weights are few, and there
/// may be hundreds of splits. The rows of <see cref="Layout"/> are the splits, its channels the weights and the bias behind them.
/// </summary>
internal struct GroupedSplitKReduce<TBackend, TVector> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    // Splits from which on they are shared: a thread of its own adds fewer up in two or three waits for memory.
    private const int FewestSplits = 12;

    // Splits of a thread, whose loads are under way together; and threads of a group at least, where there are as many weights.
    private const int SplitsOfThread = 4, FewestThreads = 64;

    /// <summary>The partial sums; the two gradients that they are added to.</summary>
    public TBackend Partials, Weights, Bias;

    /// <summary>Words of the weights.</summary>
    public int WeightLength;

    /// <summary>How the group shares them; there is one chunk.</summary>
    public ChannelGroups Layout;

    /// <summary>Words from one split to the next.</summary>
    public int Stride;

    /// <summary>Whether groups are better: for many splits, and where there is a bias, which would take a launch of its own.</summary>
    public static bool Pays(int splits, bool hasBias) => hasBias || splits >= FewestSplits;

    /// <summary>The cut of a sum.</summary>
    /// <param name="splits">splits</param>
    /// <param name="count">words of each; a multiple of the vector width</param>
    /// <param name="limits">the device's groups</param>
    public static ChannelGroups LayoutFor(int splits, int count, GroupLimits limits)
    {
        var most = GroupThreads.For(limits);
        var deep = 1;
        while (deep * SplitsOfThread < splits && 2 * deep < most) deep *= 2;
        var lanes = Math.Min(most / deep, Math.Max(ChannelGroups.WholeLine / TBackend.Width, FewestThreads / deep));
        return ChannelGroups.For<TBackend, TVector>(splits, count, lanes * deep, splits, 1, lanes * TBackend.Width);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var shared = SharedMemory.Allocate<TVector>(GroupThreads.Max);
        var place = Layout.GetPosition(TBackend.Width);
        var sum = GroupReduce<TBackend, TVector>.Sum(shared, ColumnSum<TBackend, TVector>.Of(Partials, Stride, place), Layout.Lanes);
        if (place.ThreadRow != 0 || place.Channel >= Layout.Channels) return;
        var bias = place.Channel - WeightLength;
        if (bias < 0) TBackend.Store(Weights, place.Channel, TBackend.Add(TBackend.Load(Weights, place.Channel), sum));
        else TBackend.Store(Bias, bias, TBackend.Add(TBackend.Load(Bias, bias), sum));
    }
}
