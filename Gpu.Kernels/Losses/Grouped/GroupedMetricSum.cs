using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Kernels.Losses;

/// <summary>Adds the parts of a batch, or its sample losses if there are no parts, to the counters. One group.</summary>
internal struct GroupedMetricSum<TBackend, TVector> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="MetricLayout"/>; losses [batch], read only if there are no parts.</summary>
    public TBackend Metrics, SampleLosses;

    /// <summary>The number of parts, 0 to sum the sample losses; and the number of samples.</summary>
    public int Parts, Batch;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var sums = SharedMemory.Allocate<float>(MetricTree.MaxThreads);
        var compensations = SharedMemory.Allocate<float>(MetricTree.MaxThreads);
        var words = SharedMemory.Allocate<int>(2 * MetricTree.MaxThreads);
        MetricCount count = default;
        if (Parts == 0)
        {
            for (var sample = Group.IdxX; sample < Batch; sample += Group.DimX)
                NeumaierSum.Add(ref count.Sum, ref count.Compensation, TBackend.LoadScalar(SampleLosses, sample));
        }
        else
        {
            for (var part = Group.IdxX; part < Parts; part += Group.DimX)
            {
                var word = MetricLayout.Parts + part * MetricLayout.PartWords;
                count.Add(
                    TBackend.LoadScalar(Metrics, word), TBackend.LoadScalar(Metrics, word + 1), TBackend.LoadInt(Metrics, word + 2),
                    TBackend.LoadInt(Metrics, word + 3));
            }
        }

        MetricTree.Reduce(sums, compensations, words, ref count, Group.IdxX, true, Group.DimX);
        if (Group.IdxX == 0) MetricTree.AddTo<TBackend, TVector>(Metrics, count, Batch);
    }
}
