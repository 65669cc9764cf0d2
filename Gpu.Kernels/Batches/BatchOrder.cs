using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Batches;

/// <summary>Which sample stands where in a batch.</summary>
internal static class BatchOrder<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>
    /// The number of the sample in place <paramref name="slot"/> of the batch, or -1 when the place lies behind the end of the list of samples, or the
    /// list names a sample that there is none of.
    /// </summary>
    public static int SampleAt(TBackend order, int orderLength, TBackend stepState, int samples, int slot)
    {
        var position = TBackend.LoadInt(stepState, StepStateLayout.BatchStart) + slot;
        if (position < 0 || position >= orderLength) return -1;
        var sample = TBackend.LoadInt(order, position);
        return sample < 0 || sample >= samples ? -1 : sample;
    }

    /// <summary>Copies the sample's label; -1 for no sample.</summary>
    public static void CopyLabel(TBackend labels, TBackend batchLabels, int sample, int slot)
    {
        var label = -1;
        if (sample >= 0) label = TBackend.LoadInt(labels, sample);
        TBackend.StoreInt(batchLabels, slot, label);
    }
}
