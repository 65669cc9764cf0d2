using Gpu.Kernels.Devices;

namespace Gpu.Training.Planning;

/// <summary>
/// The batch size for predictions on the CPU. Beyond it the values between the layers leave the caches of the processor, and networks with few operations
/// for each value, such as those with depthwise convolutions, wait for memory. Small batches in turn read the weights more often. The number of threads has no
/// influence, so the outputs are the same bits for any number of them.
/// </summary>
internal static class CacheBatch
{
    // Values of a batch that should stay in the caches, which threads share. Measured: see BENCHMARKS.md.
    private const long CachedBytes = 4 << 20;

    /// <summary>The largest batch that pays, at most <paramref name="batch"/>.</summary>
    /// <param name="graph">the graph of an evaluation plan</param>
    /// <param name="device">the device</param>
    /// <param name="batch">samples to predict</param>
    public static int Limit(PlanGraph graph, ComputeDevice device, int batch)
    {
        if (device is not CpuDevice) return batch;
        var weightBytes = sizeof(float) * graph.Model.Parameters.Sum(parameter => (long)parameter.Length);
        var sampleBytes = sizeof(float) * Math.Max(1L, new PlanLayout(graph, null, 1).Words);
        return (int)Math.Clamp(Math.Max(CachedBytes, weightBytes / 2) / sampleBytes, 1, batch);
    }
}
