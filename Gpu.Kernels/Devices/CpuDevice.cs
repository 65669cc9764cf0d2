using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Devices;

/// <summary>
/// The CPU. Kernels are compiled by the JIT for pointers and SIMD vectors, and a pool of threads shares the items of each launch. Kernels treat subnormal
/// numbers as zero, because many processors are slow with them; the floating-point mode of the calling thread is restored after each launch.
/// </summary>
/// <example><code>using var device = new CpuDevice(threads: 4);</code></example>
public sealed class CpuDevice : ComputeDevice
{
    private readonly CpuWorkerPool _pool;
    private long _allocated;

    /// <summary>Starts the threads of the device.</summary>
    /// <param name="threads">threads, including the calling one; 0 for one per processor</param>
    /// <param name="vectorBits">bits per SIMD vector: 512, 256 or 128; 0 for <see cref="MaxVectorBits"/></param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// the number of threads is negative or above <see cref="MaxThreads"/>, or <paramref name="vectorBits"/> has another value
    /// </exception>
    public CpuDevice(int threads = 0, int vectorBits = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MaxThreads);
        if (vectorBits is not (0 or 128 or 256 or 512))
        {
            throw new ArgumentOutOfRangeException(
                nameof(vectorBits), vectorBits, "vectors must have 128, 256 or 512 bits, or 0 for the widest of this processor");
        }

        Threads = threads == 0 ? Math.Min(Environment.ProcessorCount, MaxThreads) : threads;
        VectorBits = vectorBits == 0 ? MaxVectorBits : vectorBits;
        _pool = new CpuWorkerPool(Threads);
    }

    /// <summary>The most threads of a device.</summary>
    public const int MaxThreads = 1024;

    /// <summary>Bits of the widest SIMD vector that .NET accelerates on this processor.</summary>
    public static int MaxVectorBits => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;

    /// <summary>Threads that share the items of a launch, including the calling one.</summary>
    public int Threads { get; }

    /// <summary>Bits per SIMD vector.</summary>
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
        // A launch returns when its work has finished.
    }

    /// <summary>
    /// Runs independent tasks, each on one of <see cref="Threads"/>, and returns when all have finished. What a task launches on this device runs on its thread
    /// alone, so that its values stay in the caches of one core and nothing is synchronized until the end. Kernels compute the same bits on any thread.
    /// </summary>
    /// <param name="tasks">the number of tasks</param>
    /// <param name="run">
    /// runs a task; receives its index, and the number of the thread from 0 to <see cref="Threads"/> - 1. Tasks of different threads must not write the same
    /// memory.
    /// </param>
    /// <exception cref="InvalidOperationException">called from a task of this device</exception>
    /// <exception cref="Exception">the exception of a task; other tasks may not have run</exception>
    public void RunTasks(int tasks, Action<int, int> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentOutOfRangeException.ThrowIfNegative(tasks);
        _pool.RunTasks(tasks, run);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _pool.Dispose();
        DisposeOwnedResources();
    }

    private protected override long? AvailableBytes => HostMemory.Available();

    internal override IGraphDriver? GetGraphDriver(out string? reason)
    {
        reason = "the CPU device launches a kernel with a function call";
        return null;
    }

    internal void TrackAllocation(long bytes) => Interlocked.Add(ref _allocated, bytes);

    internal override void Run(params ReadOnlySpan<CommandList> lists)
    {
        using var mode = FlushToZero.Enter();
        base.Run(lists);
    }

    internal override void Dispatch<TOperation>(in TOperation operation, CommandList? list)
    {
        if (list is not null)
        {
            Launch(operation, list);
            return;
        }

        using var mode = FlushToZero.Enter();
        Launch(operation, null);
    }

    private void Launch<TOperation>(in TOperation operation, CommandList? list)
        where TOperation : struct, IOperation
    {
        switch (VectorBits)
        {
            case 512: operation.Launch<Vector512Backend, Vector512<float>>(new CpuLauncher<Vector512Backend>(this, _pool, list)); break;
            case 256: operation.Launch<Vector256Backend, Vector256<float>>(new CpuLauncher<Vector256Backend>(this, _pool, list)); break;
            default: operation.Launch<Vector128Backend, Vector128<float>>(new CpuLauncher<Vector128Backend>(this, _pool, list)); break;
        }
    }
}
