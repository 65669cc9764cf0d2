using System.Diagnostics;

namespace Gpu.Kernels.Devices;

/// <summary>
/// Measures the time between two points in the work of a device. On CUDA the device records the time itself (CUDA events). Elsewhere the host waits for the
/// device at both points and reads its own clock, so the result includes the waiting.
/// </summary>
public abstract class DeviceStopwatch : IDisposable
{
    /// <summary>Whether the device records the time.</summary>
    public abstract bool IsOnDevice { get; }

    /// <summary>Sets the first point, after the work launched so far.</summary>
    public abstract void Start();

    /// <summary>Sets the second point, after the work launched so far, and waits for it.</summary>
    /// <returns>the seconds between the two points</returns>
    public abstract double Stop();

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>The clock of the host, which waits for the device.</summary>
internal sealed class HostStopwatch(ComputeDevice device) : DeviceStopwatch
{
    private long _start;

    public override bool IsOnDevice => false;

    public override void Start()
    {
        device.Synchronize();
        _start = Stopwatch.GetTimestamp();
    }

    public override double Stop()
    {
        device.Synchronize();
        return Stopwatch.GetElapsedTime(_start).TotalSeconds;
    }

    public override void Dispose()
    {
    }
}
