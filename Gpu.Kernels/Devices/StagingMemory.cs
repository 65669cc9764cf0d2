using ILGPU;
using ILGPU.Runtime;

namespace Gpu.Kernels.Devices;

/// <summary>
/// Page-locked host memory for small copies of an accelerator. What is uploaded is put here and copied in the stream's order, so that the host need not
/// wait; it waits only when the memory has been used up once around. Large copies go past it.
/// </summary>
internal sealed class StagingMemory : IDisposable
{
    /// <summary>Bytes of the largest copy that goes through here.</summary>
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

    /// <summary>Whether an accelerator copies parts of host memory: ILGPU's OpenCL copies take the whole array, whatever part is asked for.</summary>
    public static bool IsSupported(Accelerator accelerator) => accelerator.AcceleratorType != AcceleratorType.OpenCL;

    /// <summary>Copies up to <see cref="MaxCopyBytes"/> bytes to the device, after what was launched before; returns at once.</summary>
    public void Upload(ReadOnlySpan<byte> source, ArrayView<byte> destination)
    {
        if (_used + source.Length > RingBytes) Synchronize();
        source.CopyTo(_upload.Span[_used..]);
        destination.CopyFrom(_stream, _upload.ArrayView.SubView(_used, source.Length));
        _used += (source.Length + Alignment - 1) / Alignment * Alignment;
    }

    /// <summary>Copies up to <see cref="MaxCopyBytes"/> bytes from the device, and waits for them.</summary>
    public void Download(ArrayView<byte> source, Span<byte> destination)
    {
        source.CopyTo(_stream, _download.ArrayView.SubView(0, destination.Length));
        Synchronize();
        _download.Span[..destination.Length].CopyTo(destination);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Memory must not be unlocked under a copy.
        if (_used > 0) Synchronize();
        _upload.Dispose();
        _download.Dispose();
    }

    // Afterwards no copy is under way.
    private void Synchronize()
    {
        _stream.Synchronize();
        _used = 0;
    }
}
