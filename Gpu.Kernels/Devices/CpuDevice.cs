using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Devices;

/// <summary>The CPU: kernels run as plain specialised code over raw pointers, their items shared among a pool of threads.</summary>
public sealed class CpuDevice : ComputeDevice
{
    private readonly CpuWorkerPool _pool;
    private long _allocated;

    /// <param name="threads">threads to use, the caller's among them; 0 for one a processor</param>
    /// <param name="vectorBits">bits a vector: 512, 256 or 128; 0 for the widest this processor has</param>
    /// <exception cref="ArgumentOutOfRangeException">a negative number of threads or more than <see cref="MaxThreads"/>, or other vectorBits</exception>
    public CpuDevice(int threads = 0, int vectorBits = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MaxThreads);
        if (vectorBits is not (0 or 128 or 256 or 512))
            throw new ArgumentOutOfRangeException(nameof(vectorBits), vectorBits, "vectors have 128, 256 or 512 bits (0: the widest this processor has)");
        Threads = threads == 0 ? Math.Min(Environment.ProcessorCount, MaxThreads) : threads;
        VectorBits = vectorBits == 0 ? MaxVectorBits : vectorBits;
        _pool = new CpuWorkerPool(Threads);
    }

    /// <summary>The largest number of threads that can be asked for.</summary>
    public const int MaxThreads = 1024;

    /// <summary>Bits of the widest vector that this processor computes with.</summary>
    public static int MaxVectorBits => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;

    /// <summary>Threads that share the work.</summary>
    public int Threads { get; }

    /// <summary>Bits a vector.</summary>
    public int VectorBits { get; }

    /// <inheritdoc/>
    public override string Id => "cpu";

    /// <inheritdoc/>
    public override string Description => $"CPU, {Threads} {(Threads == 1 ? "thread" : "threads")}, {VectorBits}-bit vectors";

    /// <inheritdoc/>
    public override long AllocatedBytes => Interlocked.Read(ref _allocated);

    /// <inheritdoc/>
    public override DeviceBuffer Allocate(int words)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(words);
        CheckLimit(words);
        return new CpuBuffer(this, words);
    }

    /// <inheritdoc/>
    public override unsafe void Upload<T>(ReadOnlySpan<T> source, DeviceView destination)
    {
        CheckCopy(source.Length, sizeof(T), destination);
        source.CopyTo(new Span<T>(CpuBuffer.Pointer(destination), source.Length));
    }

    /// <inheritdoc/>
    public override unsafe void Download<T>(DeviceView source, Span<T> destination)
    {
        CheckCopy(destination.Length, sizeof(T), source);
        new ReadOnlySpan<T>(CpuBuffer.Pointer(source), destination.Length).CopyTo(destination);
    }

    /// <inheritdoc/>
    public override unsafe void Clear(DeviceView view) => NativeMemory.Clear(CpuBuffer.Pointer(view), (nuint)view.Length * sizeof(float));

    /// <inheritdoc/>
    public override void Synchronize()
    {
        // A launch returns when its work is done.
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _pool.Dispose();
        DisposeOwnedResources();
    }

    private protected override long? AvailableBytes => HostMemory.Available();

    internal override IGraphDriver? GetGraphDriver(out string? whyNot)
    {
        whyNot = "the CPU device runs a launch by calling it";
        return null;
    }

    internal void TrackAllocation(long bytes) => Interlocked.Add(ref _allocated, bytes);

    internal override void Dispatch<TOperation>(in TOperation operation, CommandList? list)
    {
        switch (VectorBits)
        {
            case 512: operation.Launch<Vector512Backend, Vector512<float>>(new CpuLauncher<Vector512Backend>(this, _pool, list)); break;
            case 256: operation.Launch<Vector256Backend, Vector256<float>>(new CpuLauncher<Vector256Backend>(this, _pool, list)); break;
            default: operation.Launch<Vector128Backend, Vector128<float>>(new CpuLauncher<Vector128Backend>(this, _pool, list)); break;
        }
    }
}
