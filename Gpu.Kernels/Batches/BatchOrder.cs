using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Batches;

/// <summary>Maps positions in a batch to samples.</summary>
internal static class BatchOrder<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>
    /// The index of the sample at position <paramref name="slot"/> of the batch; -1 if the position is past the end of the order, or the index is out of range.
    /// </summary>
    public static int SampleAt(TBackend order, int orderLength, TBackend stepState, int samples, int slot)
    {
        var position = TBackend.LoadInt(stepState, StepStateLayout.BatchStart) + slot;
        if (position < 0 || position >= orderLength) return -1;
        var sample = TBackend.LoadInt(order, position);
        return sample < 0 || sample >= samples ? -1 : sample;
    }

    /// <summary>The index of the bytes of a sample, see <see cref="BatchShape.Window"/>; 0 if there is no sample.</summary>
    public static int SourceOf(int sample, TBackend stepState, int slot, int window, FastDivMod byWindow)
    {
        var source = sample;
        if (window > 0)
        {
            var position = TBackend.LoadInt(stepState, StepStateLayout.BatchStart) + slot;
            source = position - byWindow.Divide(position) * window;
        }

        return sample < 0 ? 0 : source;
    }

    /// <summary>Copies the label of a sample; writes -1 if there is no sample.</summary>
    public static void CopyLabel(TBackend labels, TBackend batchLabels, int sample, int slot)
    {
        var label = -1;
        if (sample >= 0) label = TBackend.LoadInt(labels, sample);
        TBackend.StoreInt(batchLabels, slot, label);
    }
}
