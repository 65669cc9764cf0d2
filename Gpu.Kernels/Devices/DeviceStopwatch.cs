using System.Diagnostics;

namespace Gpu.Kernels.Devices;

/// <summary>
/// The time that a device takes from one point of its work to another. On CUDA the device notes the time itself, as it passes; elsewhere the host waits for the
/// device at both points and looks at its own clock, so that the time of the waiting is in it.
/// </summary>
public abstract class DeviceStopwatch : IDisposable
{
    /// <summary>Whether the device notes the time.</summary>
    public abstract bool IsOnDevice { get; }

    /// <summary>Sets the first point, after what is launched so far.</summary>
    public abstract void Start();

    /// <summary>Sets the second point, after what is launched so far, waits for it, and gives the seconds from the first.</summary>
    public abstract double Stop();

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>The host's clock, with the device waited for.</summary>
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
