using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Training.Planning;

/// <summary>The counters that the plans of a mode add to, on the device.</summary>
/// <param name="device">the device</param>
/// <param name="totals">losses and correct samples; see <see cref="MetricLayout"/></param>
/// <param name="pixels">the confusion matrix of pixels; see <see cref="PixelConfusion"/>. Empty unless pixels have labels</param>
/// <param name="classes">the classes</param>
internal sealed class PlanMetrics(ComputeDevice device, DeviceView totals, DeviceView pixels, int classes)
{
    /// <summary>Losses and correct samples; see <see cref="MetricLayout"/>.</summary>
    public DeviceView Totals => totals;

    /// <summary>The confusion matrix of pixels; see <see cref="PixelConfusion"/>. Empty unless pixels have labels.</summary>
    public DeviceView Pixels => pixels;

    /// <summary>The words of <see cref="Pixels"/> that hold counts between two batches; empty unless pixels have labels.</summary>
    public DeviceView PixelCounts => pixels.IsEmpty ? default : pixels.First(2 * classes * classes);

    /// <summary>Sets all counters to zero.</summary>
    public void Reset()
    {
        Metrics.Reset(device, totals);
        if (!pixels.IsEmpty) PixelConfusion.Reset(device, classes, pixels);
    }

    /// <summary>Reads losses and correct samples. Waits until the device has finished.</summary>
    public MetricTotals Read() => Metrics.Read(device, totals);

    /// <summary>Reads the confusion matrix of pixels; null unless pixels have labels. Waits until the device has finished.</summary>
    public long[,]? ReadPixels() => pixels.IsEmpty ? null : PixelConfusion.Read(device, classes, pixels);
}
