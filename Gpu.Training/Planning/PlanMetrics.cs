using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Training.Planning;

/// <summary>The counters that the plans of a mode add to, on the device.</summary>
/// <param name="device">the device</param>
/// <param name="totals">losses and correct samples; see <see cref="MetricLayout"/></param>
/// <param name="pixels">the confusion matrix of pixels; see <see cref="PixelConfusion"/>. Empty unless pixels have labels</param>
/// <param name="divergence">divergences of latent values; see <see cref="MetricLayout"/>. Empty unless the model draws them</param>
/// <param name="classes">the classes</param>
internal sealed class PlanMetrics(ComputeDevice device, DeviceView totals, DeviceView pixels, DeviceView divergence, int classes)
{
    /// <summary>Losses and correct samples; see <see cref="MetricLayout"/>.</summary>
    public DeviceView Totals => totals;

    /// <summary>The confusion matrix of pixels; see <see cref="PixelConfusion"/>. Empty unless pixels have labels.</summary>
    public DeviceView Pixels => pixels;

    /// <summary>The words of <see cref="Pixels"/> that hold counts between two batches; empty unless pixels have labels.</summary>
    public DeviceView PixelCounts => pixels.IsEmpty ? default : pixels.First(2 * classes * classes);

    /// <summary>Divergences of latent values; see <see cref="MetricLayout"/>. Empty unless the model draws them.</summary>
    public DeviceView Divergence => divergence;

    /// <summary>Sets all counters to zero.</summary>
    public void Reset()
    {
        Metrics.Reset(device, totals);
        if (!divergence.IsEmpty) Metrics.Reset(device, divergence);
        if (!pixels.IsEmpty) PixelConfusion.Reset(device, classes, pixels);
    }

    /// <summary>Reads losses and correct samples. Waits until the device has finished.</summary>
    public MetricTotals Read() => Metrics.Read(device, totals);

    /// <summary>Reads the mean divergence per sample in nats; NaN unless the model draws latent values. Waits until the device has finished.</summary>
    public double ReadDivergence() => divergence.IsEmpty ? double.NaN : Metrics.Read(device, divergence).MeanLoss;

    /// <summary>Reads the confusion matrix of pixels; null unless pixels have labels. Waits until the device has finished.</summary>
    public long[,]? ReadPixels() => pixels.IsEmpty ? null : PixelConfusion.Read(device, classes, pixels);
}
