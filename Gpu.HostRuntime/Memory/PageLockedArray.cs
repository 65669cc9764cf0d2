namespace ILGPU.Runtime;

/// <summary>Host memory that a device can copy from and to directly.</summary>
public abstract class PageLockedArray<T> : IDisposable where T : unmanaged
{
    public abstract Span<T> Span { get; }
    public long Length => Span.Length;
    public Span<T>.Enumerator GetEnumerator() => Span.GetEnumerator();
    public abstract void Dispose();
}

/// <summary>A one-dimensional page-locked array.</summary>
public sealed class PageLockedArray1D<T> : PageLockedArray<T> where T : unmanaged
{
    private readonly RawMemoryBuffer _buffer;

    internal PageLockedArray1D(Accelerator accelerator, LongIndex1D extent, bool uninitialized)
    {
        _buffer = new RawMemoryBuffer(accelerator, checked((int)extent.X) * (long)ArrayView<T>.ElementSize);
        ArrayView = ArrayView<T>.At(_buffer, 0, extent);
        if (!uninitialized)
            Span.Clear();
    }

    public ArrayView<T> ArrayView { get; }
    public LongIndex1D Extent => ArrayView.Length;
    public override unsafe Span<T> Span => new(ArrayView.Address, ArrayView.IntLength);
    public ref T this[int index] => ref ArrayView[index];
    public ref T this[long index] => ref ArrayView[index];
    public T[] GetArray() => Span.ToArray();
    public override void Dispose() => _buffer.Dispose();
}

/// <summary>Allocates page-locked arrays.</summary>
public static class PageLockedArrayExtensions
{
    /// <summary>An array of <paramref name="extent"/> zeros.</summary>
    public static PageLockedArray1D<T> AllocatePageLocked1D<T>(this Accelerator accelerator, LongIndex1D extent) where T : unmanaged =>
        new(accelerator, extent, uninitialized: false);

    public static PageLockedArray1D<T> AllocatePageLocked1D<T>(this Accelerator accelerator, LongIndex1D extent, bool uninitialized)
        where T : unmanaged => new(accelerator, extent, uninitialized);
}
