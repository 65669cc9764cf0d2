using ILGPU;
using ILGPU.Runtime;

namespace Gpu.Kernels.Devices;

/// <summary>Memory of an ILGPU accelerator: allocated here, or a view that belongs to the caller.</summary>
internal sealed class AcceleratorBuffer(AcceleratorDevice device, ArrayView<float> view, MemoryBuffer1D<float, Stride1D.Dense>? memory) : DeviceBuffer
{
    private bool _disposed;

    public override int Length { get; } = (int)view.Length;

    public override ComputeDevice Device => device;

    internal override bool IsDisposed => _disposed;

    /// <summary>The ILGPU view of a device view.</summary>
    /// <exception cref="ArgumentException">the view is not memory of the accelerator</exception>
    /// <exception cref="ObjectDisposedException">the memory was disposed</exception>
    public static ArrayView<float> GetView(DeviceView view, AcceleratorDevice device)
    {
        if (view.Buffer is not AcceleratorBuffer buffer || !device.Owns(buffer))
            throw new ArgumentException($"{device.Description} was given memory of {view.Buffer?.Device.Description ?? "no device"}");
        ObjectDisposedException.ThrowIf(buffer._disposed, buffer);
        view.RequireInside();
        return buffer.Words.SubView(view.Offset, view.Length);
    }

    public Accelerator Accelerator => device.Accelerator;

    private ArrayView<float> Words { get; } = view;

    public override void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        if (memory is null) return;
        device.Free(memory);
    }
}
