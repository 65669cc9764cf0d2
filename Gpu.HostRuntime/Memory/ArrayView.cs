using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using ILGPU.Runtime;

namespace ILGPU;

/// <summary>A range of memory on an accelerator.</summary>
public interface IArrayView
{
    /// <summary>The buffer that owns the memory.</summary>
    MemoryBuffer Buffer { get; }
    bool IsValid { get; }
    long Length { get; }
    int ElementSize { get; }
    long LengthInBytes { get; }
}

/// <summary>A range of memory without gaps.</summary>
public interface IContiguousArrayView : IArrayView
{
    long Index { get; }
    long IndexInBytes { get; }
    ArrayView<byte> AsRawArrayView();
}

/// <summary>A range without gaps of elements of <typeparamref name="T"/>.</summary>
public interface IContiguousArrayView<T> : IContiguousArrayView where T : unmanaged;

/// <summary>
/// A contiguous range of elements. Every access is checked: an index outside the range, or memory that was disposed, is an
/// exception, as is a cast that a GPU could not load because the memory is not aligned to the new element type.
/// </summary>
public readonly unsafe struct ArrayView<T> : IContiguousArrayView<T> where T : unmanaged
{
    public static readonly int ElementSize = Interop.SizeOf<T>();
    public static readonly ArrayView<T> Empty;

    private readonly MemoryBuffer? _source;
    private readonly long _offset;
    private readonly long _length;

    /// <summary>A view of <paramref name="length"/> elements from element <paramref name="index"/> of a buffer.</summary>
    public ArrayView(MemoryBuffer source, long index, long length) : this(source, length, index * sizeof(T), 0)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (index < 0 || length < 0 || (index + length) * sizeof(T) > source.LengthInBytes)
        {
            throw new ArgumentOutOfRangeException(nameof(length),
                $"A view of {length} elements of {typeof(T).Name} from element {index} does not fit a buffer of {source.LengthInBytes} bytes.");
        }
    }

    // The last parameter tells this constructor, which trusts its arguments, from the public one.
    private ArrayView(MemoryBuffer? source, long length, long offsetInBytes, byte _)
    {
        _source = source;
        _length = length;
        _offset = offsetInBytes;
    }

    internal static ArrayView<T> At(MemoryBuffer source, long offsetInBytes, long length) => new(source, length, offsetInBytes, 0);

    internal MemoryBuffer Buffer => _source ?? throw new InvalidOperationException(
        $"This ArrayView<{typeof(T).Name}> is empty (default): it has no buffer. Pass a view of an allocated buffer.");
    MemoryBuffer IArrayView.Buffer => Buffer;
    long IContiguousArrayView.Index => _offset / sizeof(T);
    long IContiguousArrayView.IndexInBytes => _offset;
    int IArrayView.ElementSize => sizeof(T);

    public bool IsValid => _source is not null && _length > 0;
    public long Length => _length;
    public int IntLength => checked((int)_length);
    public long LengthInBytes => _length * sizeof(T);
    public LongIndex1D Extent => _length;
    public Index1D IntExtent => IntLength;
    public Stride1D.Dense Stride => default;

    public ref T this[Index1D index] { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => ref this[(long)index.X]; }
    public ref T this[LongIndex1D index] { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => ref this[index.X]; }
    public ref T this[int index] { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => ref this[(long)index]; }
    public ref T this[long index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if ((ulong)index >= (ulong)_length)
                ThrowOutside(index);
            var memory = _source!.Base;
            if (memory is null)
                ThrowDisposed();
            return ref Unsafe.AsRef<T>(memory + _offset + index * sizeof(T));
        }
    }

    /// <summary>The elements from <paramref name="index"/> to the end.</summary>
    public ArrayView<T> SubView(long index) => SubView(index, _length - index);
    public ArrayView<T> SubView(int index, int subViewLength) => SubView((long)index, subViewLength);

    /// <summary>The <paramref name="subViewLength"/> elements from <paramref name="index"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ArrayView<T> SubView(long index, long subViewLength)
    {
        if (index < 0 || subViewLength < 0 || subViewLength > _length - index)
            ThrowSubView(index, subViewLength);
        return new ArrayView<T>(_source, subViewLength, _offset + index * sizeof(T), 0);
    }

    /// <summary>The same bytes as elements of another type; an incomplete element at the end is left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ArrayView<TOther> Cast<TOther>() where TOther : unmanaged
    {
        // A GPU loads such an element as vectors of up to 16 bytes, which must lie on a multiple of their size.
        var alignment = Math.Min(16, sizeof(TOther) & -sizeof(TOther));
        if (_offset % alignment != 0)
            ThrowMisaligned(typeof(TOther), alignment);
        return ArrayView<TOther>.At(_source!, _offset, _length * sizeof(T) / sizeof(TOther));
    }

    ArrayView<byte> IContiguousArrayView.AsRawArrayView() => Cast<byte>();
    public override string ToString() => $"{_offset / sizeof(T)} [{_length}]";

    /// <summary>The address of the first element, for copies; the caller keeps the buffer alive meanwhile.</summary>
    internal byte* Address
    {
        get
        {
            if (Buffer.Base is null)
                ThrowDisposed();
            return Buffer.Base + _offset;
        }
    }

    [DoesNotReturn]
    private void ThrowOutside(long index) => throw new IndexOutOfRangeException(
        $"Index {index} is outside an ArrayView<{typeof(T).Name}> of length {_length} (valid: 0 to {_length - 1})." +
        (_source is null ? " The view is empty (default)." : ""));

    [DoesNotReturn]
    private void ThrowSubView(long index, long length) => throw new ArgumentOutOfRangeException(nameof(index),
        $"A sub-view of {length} elements from {index} does not lie inside an ArrayView<{typeof(T).Name}> of length {_length}.");

    [DoesNotReturn]
    private void ThrowMisaligned(Type other, int alignment) => throw new InvalidOperationException(
        $"An ArrayView<{typeof(T).Name}> at byte {_offset} of its buffer cannot be cast to {other.Name}: " +
        $"a GPU needs it at a multiple of {alignment} bytes. Align the offset of the sub-view.");

    [DoesNotReturn]
    private static void ThrowDisposed() => throw new ObjectDisposedException(
        $"ArrayView<{typeof(T).Name}>", "The buffer of this view was disposed before it was used.");

    public static implicit operator ArrayView1D<T, Stride1D.Dense>(ArrayView<T> view) => new(view, view.Length, default);
    public static implicit operator ArrayView<T>(ArrayView1D<T, Stride1D.Dense> view) => view.BaseView;
}
