using System.Runtime.CompilerServices;

namespace ILGPU.Runtime;

/// <summary>A one-dimensional view whose elements may lie a stride apart.</summary>
public readonly struct ArrayView1D<T, TStride>(ArrayView<T> baseView, LongIndex1D extent, TStride stride) : IArrayView
    where T : unmanaged
    where TStride : struct, IStride1D
{
    public static readonly int ElementSize = ArrayView<T>.ElementSize;

    public ArrayView<T> BaseView { get; } = baseView;
    public LongIndex1D Extent { get; } = extent;
    public TStride Stride { get; } = stride;
    public Index1D IntExtent => Extent.ToIntIndex();
    public bool IsValid => BaseView.IsValid;
    public long Length => Stride.ComputeBufferLength(Extent);
    public int IntLength => checked((int)Length);
    public long LengthInBytes => Length * ElementSize;
    MemoryBuffer IArrayView.Buffer => BaseView.Buffer;
    int IArrayView.ElementSize => ElementSize;

    public ref T this[Index1D index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref BaseView[Stride.ComputeElementIndex(index)];
    }

    public ref T this[LongIndex1D index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref BaseView[Stride.ComputeElementIndex(index)];
    }

    public ArrayView1D<T, TStride> SubView(Index1D index, Index1D extent) => SubView((LongIndex1D)index, (LongIndex1D)extent);

    /// <summary>The <paramref name="extent"/> elements from <paramref name="index"/>.</summary>
    public ArrayView1D<T, TStride> SubView(LongIndex1D index, LongIndex1D extent) =>
        new(BaseView.SubView(Stride.ComputeElementIndex(index), Stride.ComputeBufferLength(extent)), extent, Stride);

    public ArrayView<T> AsContiguous() => BaseView;
    public override string ToString() => BaseView.ToString();
}
