using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using ILGPU;

namespace Gpu.Kernels.Losses;

/// <summary>Adds the parts of a batch, or the losses of its samples as they are, to the counters; one group.</summary>
public struct MetricSumGroup<TMachine, TVector> : IGroupedKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="MetricWords"/>; and losses [batch], where there are no parts.</summary>
    public TMachine Metrics, SampleLosses;

    /// <summary>Parts (0: the samples' losses are summed), and samples.</summary>
    public int Parts, Batch;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var sums = SharedMemory.Allocate<float>(MetricTree.MostThreads);
        var rests = SharedMemory.Allocate<float>(MetricTree.MostThreads);
        var words = SharedMemory.Allocate<int>(2 * MetricTree.MostThreads);
        MetricCount count = default;
        if (Parts == 0)
        {
            for (var sample = Group.IdxX; sample < Batch; sample += Group.DimX) LossSum.Add(ref count.Sum, ref count.Rest, TMachine.LoadScalar(SampleLosses, sample));
        }
        else
        {
            for (var part = Group.IdxX; part < Parts; part += Group.DimX)
            {
                var word = MetricWords.Parts + part * MetricWords.PartWords;
                count.Add(
                    TMachine.LoadScalar(Metrics, word), TMachine.LoadScalar(Metrics, word + 1), TMachine.LoadInt(Metrics, word + 2),
                    TMachine.LoadInt(Metrics, word + 3));
            }
        }

        MetricTree.Gather(sums, rests, words, ref count, Group.IdxX, true, Group.DimX);
        if (Group.IdxX == 0) MetricTree.AddTo<TMachine, TVector>(Metrics, count, Batch);
    }
}
