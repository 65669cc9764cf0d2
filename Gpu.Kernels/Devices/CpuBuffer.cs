using System.Runtime.InteropServices;

namespace Gpu.Kernels.Devices;

/// <summary>Memory of the CPU device: native, aligned to a cache line, zeroed.</summary>
internal sealed unsafe class CpuBuffer : DeviceBuffer
{
    private readonly CpuDevice _device;
    private float* _words;

    public CpuBuffer(CpuDevice device, int words)
    {
        var bytes = (nuint)words * sizeof(float);
        try
        {
            _words = (float*)HostMemory.Allocate(bytes);
        }
        catch (OutOfMemoryException e)
        {
            throw new OutOfDeviceMemoryException((long)bytes, device.FreeBytes, device.Description, e);
        }

        NativeMemory.Clear(_words, bytes);
        _device = device;
        Length = words;
        device.TrackAllocation((long)bytes);
    }

    ~CpuBuffer() => Release();

    public override int Length { get; }

    public override ComputeDevice Device => _device;

    internal override bool IsDisposed => _words == null;

    /// <summary>The first word of a view.</summary>
    /// <exception cref="ArgumentException">the view is memory of another device, or reaches outside its buffer</exception>
    /// <exception cref="ObjectDisposedException">the memory was disposed</exception>
    public static float* Pointer(DeviceView view)
    {
        if (view.Buffer is null && view.IsEmpty) return null;
        if (view.Buffer is not CpuBuffer buffer)
            throw new ArgumentException($"the CPU device was given memory of {view.Buffer?.Device.Description ?? "no device"}");
        ObjectDisposedException.ThrowIf(buffer._words == null, buffer);
        view.RequireInside();
        return buffer._words + view.Offset;
    }

    public override void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (_words == null) return;
        HostMemory.Free(_words);
        _words = null;
        _device.TrackAllocation(-(long)Length * sizeof(float));
    }
}
