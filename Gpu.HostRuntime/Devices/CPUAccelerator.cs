using System.Diagnostics;

namespace ILGPU.Runtime.CPU;

/// <summary>The simulator.</summary>
public sealed class CPUAccelerator : Accelerator
{
    internal CPUAccelerator(Context context, CPUDevice device, CPUAcceleratorMode mode) : base(context, device) => Mode = mode;

    public CPUAcceleratorMode Mode { get; }
}

internal sealed class CPUStream(Accelerator accelerator) : AcceleratorStream(accelerator)
{
    public override void Synchronize() => ObjectDisposedException.ThrowIf(IsDisposed, this);
}

internal sealed class CPUProfilingMarker(Accelerator accelerator) : ProfilingMarker(accelerator)
{
    private readonly long _timestamp = Stopwatch.GetTimestamp();

    public override void Synchronize() { }
    public override TimeSpan MeasureFrom(ProfilingMarker marker) => marker is CPUProfilingMarker other
        ? Stopwatch.GetElapsedTime(other._timestamp, _timestamp)
        : throw new ArgumentException("The marker is of another kind of accelerator.", nameof(marker));
}
