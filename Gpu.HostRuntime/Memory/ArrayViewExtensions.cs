using System.Runtime.CompilerServices;

namespace ILGPU.Runtime;

/// <summary>
/// Copies and fills. All of them are finished when they return. The forms without a stream use the default stream.
/// An array must have exactly the length of the view; a span may be shorter.
/// </summary>
public static unsafe class ArrayViewExtensions
{
    public static ref byte LoadEffectiveAddress<T>(this ArrayView<T> view) where T : unmanaged => ref Unsafe.AsRef<byte>(view.Address);
    public static IntPtr LoadEffectiveAddressAsPtr<T>(this ArrayView<T> view) where T : unmanaged => (IntPtr)view.Address;
    public static bool HasNoData<TView>(this TView view) where TView : IArrayView => !view.IsValid || view.Length < 1;
    public static bool HasData<TView>(this TView view) where TView : IArrayView => !HasNoData(view);
    public static Accelerator GetAccelerator<TView>(this TView view) where TView : IArrayView => view.Buffer.Accelerator;
    public static ArrayView1D<T, Stride1D.Dense> AsDense<T>(this ArrayView<T> view) where T : unmanaged => view;
    public static ArrayView1D<TOther, Stride1D.Dense> Cast<T, TOther>(this ArrayView1D<T, Stride1D.Dense> view)
        where T : unmanaged where TOther : unmanaged => view.BaseView.Cast<TOther>();

    // Fills

    public static void MemSetToZero<TView>(this TView view) where TView : IContiguousArrayView => Fill(view.AsRawArrayView(), 0);
    public static void MemSetToZero<TView>(this TView view, AcceleratorStream stream) where TView : IContiguousArrayView => view.MemSet(stream, 0);
    public static void MemSet<TView>(this TView view, byte value) where TView : IContiguousArrayView => Fill(view.AsRawArrayView(), value);
    public static void MemSet<TView>(this TView view, AcceleratorStream stream, byte value) where TView : IContiguousArrayView
    {
        ArgumentNullException.ThrowIfNull(stream);
        Fill(view.AsRawArrayView(), value);
    }

    public static void MemSetToZero<T>(this ArrayView1D<T, Stride1D.Dense> view) where T : unmanaged => view.BaseView.MemSet(0);
    public static void MemSetToZero<T>(this ArrayView1D<T, Stride1D.Dense> view, AcceleratorStream stream) where T : unmanaged =>
        view.BaseView.MemSet(stream, 0);
    public static void MemSet<T>(this ArrayView1D<T, Stride1D.Dense> view, byte value) where T : unmanaged => view.BaseView.MemSet(value);
    public static void MemSet<T>(this ArrayView1D<T, Stride1D.Dense> view, AcceleratorStream stream, byte value) where T : unmanaged =>
        view.BaseView.MemSet(stream, value);

    // Between views: CopyTo copies as many elements as the target has, CopyFrom as many as the source has.

    public static void CopyTo<TView>(this TView source, in TView target) where TView : IContiguousArrayView =>
        Copy(source.AsRawArrayView(), target.AsRawArrayView(), target.LengthInBytes);
    public static void CopyTo<TView>(this TView source, AcceleratorStream stream, in TView target) where TView : IContiguousArrayView
    {
        ArgumentNullException.ThrowIfNull(stream);
        source.CopyTo(target);
    }

    public static void CopyFrom<TView>(this TView target, in TView source) where TView : IContiguousArrayView =>
        Copy(source.AsRawArrayView(), target.AsRawArrayView(), source.LengthInBytes);
    public static void CopyFrom<TView>(this TView target, AcceleratorStream stream, in TView source) where TView : IContiguousArrayView
    {
        ArgumentNullException.ThrowIfNull(stream);
        target.CopyFrom(source);
    }

    public static void CopyTo<T>(this ArrayView1D<T, Stride1D.Dense> source, ArrayView1D<T, Stride1D.Dense> target) where T : unmanaged =>
        source.BaseView.CopyTo(target.BaseView);
    public static void CopyTo<T>(this ArrayView1D<T, Stride1D.Dense> source, AcceleratorStream stream, in ArrayView1D<T, Stride1D.Dense> target)
        where T : unmanaged => source.BaseView.CopyTo(stream, target.BaseView);
    public static void CopyFrom<T>(this ArrayView1D<T, Stride1D.Dense> target, in ArrayView1D<T, Stride1D.Dense> source) where T : unmanaged =>
        target.BaseView.CopyFrom(source.BaseView);
    public static void CopyFrom<T>(this ArrayView1D<T, Stride1D.Dense> target, AcceleratorStream stream, in ArrayView1D<T, Stride1D.Dense> source)
        where T : unmanaged => target.BaseView.CopyFrom(stream, source.BaseView);

    // Spans

    public static void CopyToCPU<T, TView>(this TView source, in Span<T> span) where TView : IContiguousArrayView<T> where T : unmanaged =>
        Read(source.AsRawArrayView(), span);
    public static void CopyToCPU<T, TView>(this TView source, AcceleratorStream stream, in Span<T> span)
        where TView : IContiguousArrayView<T> where T : unmanaged => source.CopyToCPU(span);
    public static void CopyFromCPU<T, TView>(this TView target, in ReadOnlySpan<T> span) where TView : IContiguousArrayView<T> where T : unmanaged =>
        Write(target.AsRawArrayView(), span);
    public static void CopyFromCPU<T, TView>(this TView target, AcceleratorStream stream, in ReadOnlySpan<T> span)
        where TView : IContiguousArrayView<T> where T : unmanaged => target.CopyFromCPU(span);

    public static void CopyToCPU<T>(this ArrayView1D<T, Stride1D.Dense> source, AcceleratorStream stream, in Span<T> span)
        where T : unmanaged => Read(source.BaseView.Cast<byte>(), span);
    public static void CopyFromCPU<T>(this ArrayView1D<T, Stride1D.Dense> target, AcceleratorStream stream, in ReadOnlySpan<T> span)
        where T : unmanaged => Write(target.BaseView.Cast<byte>(), span);

    // Arrays

    public static void CopyToCPU<T>(this ArrayView<T> view, T[] data) where T : unmanaged => Read(view.Cast<byte>(), Exactly(data, view.Length));
    public static void CopyToCPU<T>(this ArrayView<T> view, AcceleratorStream stream, T[] data) where T : unmanaged => view.CopyToCPU(data);
    public static void CopyFromCPU<T>(this ArrayView<T> view, T[] data) where T : unmanaged =>
        Write<T>(view.Cast<byte>(), Exactly(data, view.Length));
    public static void CopyFromCPU<T>(this ArrayView<T> view, AcceleratorStream stream, T[] data) where T : unmanaged => view.CopyFromCPU(data);
    public static void CopyToCPU<T>(this ArrayView1D<T, Stride1D.Dense> view, T[] data) where T : unmanaged => view.BaseView.CopyToCPU(data);
    public static void CopyToCPU<T>(this ArrayView1D<T, Stride1D.Dense> view, AcceleratorStream stream, T[] data) where T : unmanaged =>
        view.BaseView.CopyToCPU(data);
    public static void CopyFromCPU<T>(this ArrayView1D<T, Stride1D.Dense> view, T[] data) where T : unmanaged => view.BaseView.CopyFromCPU(data);
    public static void CopyFromCPU<T>(this ArrayView1D<T, Stride1D.Dense> view, AcceleratorStream stream, T[] data) where T : unmanaged =>
        view.BaseView.CopyFromCPU(data);
    public static void CopyToCPU<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, T[] data) where T : unmanaged =>
        buffer.View.BaseView.CopyToCPU(data);
    public static void CopyToCPU<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, AcceleratorStream stream, T[] data)
        where T : unmanaged => buffer.View.BaseView.CopyToCPU(data);
    public static void CopyFromCPU<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, T[] data) where T : unmanaged =>
        buffer.View.BaseView.CopyFromCPU(data);
    public static void CopyFromCPU<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, AcceleratorStream stream, T[] data)
        where T : unmanaged => buffer.View.BaseView.CopyFromCPU(data);

    public static T[] GetAsArray<T>(this ArrayView<T> view) where T : unmanaged
    {
        var result = new T[view.Length];
        view.CopyToCPU(result);
        return result;
    }

    public static T[] GetAsArray<T>(this ArrayView<T> view, AcceleratorStream stream) where T : unmanaged => view.GetAsArray();
    public static T[] GetAsArray1D<T>(this ArrayView1D<T, Stride1D.Dense> view) where T : unmanaged => view.BaseView.GetAsArray();
    public static T[] GetAsArray1D<T>(this ArrayView1D<T, Stride1D.Dense> view, AcceleratorStream stream) where T : unmanaged =>
        view.BaseView.GetAsArray();
    public static T[] GetAsArray1D<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer) where T : unmanaged =>
        buffer.View.BaseView.GetAsArray();
    public static T[] GetAsArray1D<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, AcceleratorStream stream) where T : unmanaged =>
        buffer.View.BaseView.GetAsArray();

    /// <summary>A buffer that holds a copy of <paramref name="data"/>.</summary>
    public static MemoryBuffer1D<T, Stride1D.Dense> Allocate1D<T>(this Accelerator accelerator, T[] data) where T : unmanaged
    {
        var buffer = accelerator.Allocate1D<T>(data.LongLength);
        buffer.CopyFromCPU(data);
        return buffer;
    }

    public static MemoryBuffer1D<T, Stride1D.Dense> Allocate1D<T>(this Accelerator accelerator, AcceleratorStream stream, T[] data)
        where T : unmanaged => accelerator.Allocate1D(data);

    // Page-locked arrays

    public static void CopyToPageLockedAsync<T, TView>(this TView source, PageLockedArray<T> pageLockedArray)
        where TView : IContiguousArrayView<T> where T : unmanaged => Read(source.AsRawArrayView(), pageLockedArray.Span);
    public static void CopyToPageLockedAsync<T, TView>(this TView source, AcceleratorStream stream, PageLockedArray<T> pageLockedArray)
        where TView : IContiguousArrayView<T> where T : unmanaged => source.CopyToPageLockedAsync(pageLockedArray);
    public static void CopyFromPageLockedAsync<T, TView>(this TView target, PageLockedArray<T> pageLockedArray)
        where TView : IContiguousArrayView<T> where T : unmanaged => Write<T>(target.AsRawArrayView(), pageLockedArray.Span);
    public static void CopyFromPageLockedAsync<T, TView>(this TView target, AcceleratorStream stream, PageLockedArray<T> pageLockedArray)
        where TView : IContiguousArrayView<T> where T : unmanaged => target.CopyFromPageLockedAsync(pageLockedArray);
    public static void CopyToPageLockedAsync<T>(this ArrayView1D<T, Stride1D.Dense> source, PageLockedArray1D<T> pageLockedArray)
        where T : unmanaged => Read(source.BaseView.Cast<byte>(), pageLockedArray.Span);
    public static void CopyToPageLockedAsync<T>(this ArrayView1D<T, Stride1D.Dense> source, AcceleratorStream stream,
        PageLockedArray1D<T> pageLockedArray) where T : unmanaged => source.CopyToPageLockedAsync(pageLockedArray);
    public static void CopyFromPageLockedAsync<T>(this ArrayView1D<T, Stride1D.Dense> target, PageLockedArray1D<T> pageLockedArray)
        where T : unmanaged => Write<T>(target.BaseView.Cast<byte>(), pageLockedArray.Span);
    public static void CopyFromPageLockedAsync<T>(this ArrayView1D<T, Stride1D.Dense> target, AcceleratorStream stream,
        PageLockedArray1D<T> pageLockedArray) where T : unmanaged => target.CopyFromPageLockedAsync(pageLockedArray);

    // The copies themselves, in bytes

    private static Span<T> Exactly<T>(T[] data, long length)
    {
        ArgumentNullException.ThrowIfNull(data);
        return data.LongLength == length ? data : throw new ArgumentOutOfRangeException(nameof(data),
            $"The array has {data.LongLength} elements, the view {length}: they must be equal. Take a sub-view or copy a span.");
    }

    private static void Read<T>(ArrayView<byte> source, Span<T> target) where T : unmanaged
    {
        fixed (T* memory = target)
            Read(source, memory, target.Length);
    }

    private static void Write<T>(ArrayView<byte> target, ReadOnlySpan<T> source) where T : unmanaged
    {
        fixed (T* memory = source)
            Write(target, memory, source.Length);
    }

    private static void Read<T>(ArrayView<byte> source, T* target, long count) where T : unmanaged =>
        Move(source, target, checked(count * sizeof(T)), read: true);

    private static void Write<T>(ArrayView<byte> target, T* source, long count) where T : unmanaged =>
        Move(target, source, checked(count * sizeof(T)), read: false);

    private static void Move(ArrayView<byte> view, void* host, long bytes, bool read)
    {
        if (bytes < 0 || bytes > view.Length)
            throw new ArgumentOutOfRangeException(nameof(bytes), $"A copy of {bytes} bytes does not fit a view of {view.Length} bytes.");
        if (bytes == 0)
            return;
        if (read)
            System.Buffer.MemoryCopy(view.Address, host, bytes, bytes);
        else
            System.Buffer.MemoryCopy(host, view.Address, bytes, bytes);
        GC.KeepAlive(view.Buffer);
    }

    private static void Copy(ArrayView<byte> source, ArrayView<byte> target, long bytes)
    {
        if (bytes > target.Length)
            throw new ArgumentOutOfRangeException(nameof(target), $"A copy of {bytes} bytes does not fit a target of {target.Length} bytes.");
        if (bytes == 0)
            return;
        Move(source, target.Address, bytes, read: true);
        GC.KeepAlive(target.Buffer);
    }

    private static void Fill(ArrayView<byte> view, byte value)
    {
        if (view.Length == 0)
            return;
        System.Runtime.InteropServices.NativeMemory.Fill(view.Address, (nuint)view.Length, value);
        GC.KeepAlive(view.Buffer);
    }
}
