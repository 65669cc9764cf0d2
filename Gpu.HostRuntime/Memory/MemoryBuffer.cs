using System.Runtime.InteropServices;

namespace ILGPU.Runtime;

/// <summary>An object that belongs to an accelerator and ends with it.</summary>
public abstract class AcceleratorObject : IDisposable
{
    private readonly Accelerator? _accelerator;

    private protected AcceleratorObject(Accelerator? accelerator)
    {
        _accelerator = accelerator;
        accelerator?.Register(this);
    }

    public Accelerator Accelerator => _accelerator ?? throw new InvalidOperationException(
        "This memory belongs to a running kernel (shared or local memory), not to an accelerator.");
    public AcceleratorType AcceleratorType => AcceleratorType.CPU;
    public bool IsDisposed { get; private protected set; }

    public void Dispose()
    {
        DisposeAcceleratorObject(disposing: true);
        GC.SuppressFinalize(this);
    }

    private protected virtual void DisposeAcceleratorObject(bool disposing) => IsDisposed = true;
}

/// <summary>
/// Memory of an accelerator, aligned to 256 bytes. Fresh memory holds 0xFF bytes (NaN as floats), because on a GPU it holds
/// anything: a kernel that reads what nobody wrote shows at once.
/// </summary>
public abstract unsafe class MemoryBuffer : AcceleratorObject
{
    internal byte* Base;

    private protected MemoryBuffer(Accelerator? accelerator, long length, int elementSize) : base(accelerator)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        ElementSize = elementSize;
        var bytes = checked(length * elementSize);
        Base = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), 256);
        NativeMemory.Fill(Base, (nuint)bytes, 0xFF);
        if (bytes > 0)
            GC.AddMemoryPressure(bytes);
    }

    ~MemoryBuffer() => DisposeAcceleratorObject(disposing: false);

    /// <summary>The address of the first element; zero after disposal.</summary>
    public IntPtr NativePtr => (IntPtr)Base;
    public long Length { get; }
    public int ElementSize { get; }
    public long LengthInBytes => Length * ElementSize;

    public ArrayView<byte> AsRawArrayView() => AsRawArrayView(0, LengthInBytes);
    public ArrayView<byte> AsRawArrayView(long offsetInBytes, long lengthInBytes) => new(this, offsetInBytes, lengthInBytes);

    /// <summary>A view of <paramref name="length"/> elements from <paramref name="offset"/>; T must have the buffer's element size.</summary>
    public ArrayView<T> AsArrayView<T>(long offset, long length) where T : unmanaged =>
        sizeof(T) == ElementSize
            ? new ArrayView<T>(this, offset, length)
            : throw new NotSupportedException($"{typeof(T).Name} has {sizeof(T)} bytes, the elements of this buffer {ElementSize}. Cast a view instead.");

    private protected override void DisposeAcceleratorObject(bool disposing)
    {
        var memory = Base;
        Base = null;
        IsDisposed = true;
        if (memory is null)
            return;
        NativeMemory.AlignedFree(memory);
        if (LengthInBytes > 0)
            GC.RemoveMemoryPressure(LengthInBytes);
    }
}

/// <summary>Shared, local or page-locked memory, which user code only sees through views.</summary>
internal sealed class RawMemoryBuffer(Accelerator? accelerator, long bytes) : MemoryBuffer(accelerator, bytes, 1);

/// <summary>A buffer together with its view.</summary>
public abstract class MemoryBuffer<TView> : MemoryBuffer, IContiguousArrayView where TView : struct, IArrayView
{
    private protected MemoryBuffer(Accelerator accelerator, long length, int elementSize) : base(accelerator, length, elementSize) { }

    public TView View { get; private protected set; }
    public bool IsValid => !IsDisposed;
    MemoryBuffer IArrayView.Buffer => this;
    long IContiguousArrayView.Index => 0;
    long IContiguousArrayView.IndexInBytes => 0;

    public static implicit operator TView(MemoryBuffer<TView> buffer) => buffer.View;
}

/// <summary>A one-dimensional buffer. Pass its <see cref="MemoryBuffer{TView}.View"/> to kernels.</summary>
public sealed class MemoryBuffer1D<T, TStride> : MemoryBuffer<ArrayView1D<T, TStride>>
    where T : unmanaged
    where TStride : struct, IStride1D
{
    internal MemoryBuffer1D(Accelerator accelerator, long length) : base(accelerator, length, ArrayView<T>.ElementSize) =>
        View = new ArrayView1D<T, TStride>(ArrayView<T>.At(this, 0, length), length, default);

    public LongIndex1D Extent => View.Extent;
    public Index1D IntExtent => View.IntExtent;
    public ArrayView<T> AsContiguous() => View.BaseView;

    public static explicit operator ArrayView<T>(MemoryBuffer1D<T, TStride> buffer) => buffer.View.BaseView;
}
