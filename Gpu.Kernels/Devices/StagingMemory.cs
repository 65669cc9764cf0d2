using ILGPU;
using ILGPU.Runtime;

namespace Gpu.Kernels.Devices;

/// <summary>
/// Page-locked host memory for small copies. An upload is written to a ring buffer and copied asynchronously in stream order. The host waits only when the
/// ring buffer is full. Large copies do not use it.
/// </summary>
internal sealed class StagingMemory : IDisposable
{
    /// <summary>Bytes of the largest copy.</summary>
    public const int MaxCopyBytes = 64 * 1024;

    private const int RingBytes = 512 * 1024;
    private const int Alignment = 64;

    private readonly AcceleratorStream _stream;
    private readonly PageLockedArray1D<byte> _upload;
    private readonly PageLockedArray1D<byte> _download;
    private int _used;

    public StagingMemory(Accelerator accelerator, AcceleratorStream stream)
    {
        _stream = stream;
        _upload = accelerator.AllocatePageLocked1D<byte>(RingBytes);
        _download = accelerator.AllocatePageLocked1D<byte>(MaxCopyBytes);
    }

    /// <summary>Whether an accelerator can copy a part of a page-locked array. ILGPU's OpenCL copies always take the whole array.</summary>
    public static bool IsSupported(Accelerator accelerator) => accelerator.AcceleratorType != AcceleratorType.OpenCL;

    /// <summary>Copies up to <see cref="MaxCopyBytes"/> bytes to the device, in stream order. Returns at once.</summary>
    public void Upload(ReadOnlySpan<byte> source, ArrayView<byte> destination)
    {
        if (_used + source.Length > RingBytes) Synchronize();
        source.CopyTo(_upload.Span[_used..]);
        destination.CopyFrom(_stream, _upload.ArrayView.SubView(_used, source.Length));
        _used += (source.Length + Alignment - 1) / Alignment * Alignment;
    }

    /// <summary>Copies up to <see cref="MaxCopyBytes"/> bytes from the device, in stream order, and waits for them.</summary>
    public void Download(ArrayView<byte> source, Span<byte> destination)
    {
        source.CopyTo(_stream, _download.ArrayView.SubView(0, destination.Length));
        Synchronize();
        _download.Span[..destination.Length].CopyTo(destination);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Memory must not be freed while a copy is running.
        if (_used > 0) Synchronize();
        _upload.Dispose();
        _download.Dispose();
    }

    // Afterwards no copy is running, and the whole ring buffer is free.
    private void Synchronize()
    {
        _stream.Synchronize();
        _used = 0;
    }
}
