using System.Runtime.InteropServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Cuda;
using ILGPU;
using ILGPU.Runtime;

namespace Gpu.Kernels.Devices;

/// <summary>
/// An ILGPU accelerator: CUDA, OpenCL, or ILGPU's CPU accelerator as the simulator. Everything runs on one explicit stream, never on the default one.
/// An embedder wraps an accelerator and a stream of their own, and views by <see cref="Wrap"/>; nothing of theirs is disposed here.
/// </summary>
public sealed class AcceleratorDevice : ComputeDevice
{
    private readonly KernelCache _kernels;
    private readonly List<IDisposable> _owned;
    private readonly int _groupSize;
    private readonly string? _noGraphReason;
    private IGraphDriver? _graphDriver;
    private readonly Lock _copyLock = new();
    private StagingMemory? _staging;
    private bool _hasNoStaging;
    private bool _isDisposed;
    private long _allocated;

    /// <param name="accelerator">the accelerator; its context must outlive this device</param>
    /// <param name="stream">the stream to launch on; none for a new one, disposed with the device</param>
    /// <param name="id">the name a user gives it, such as <c>cuda:0</c></param>
    /// <param name="owned">what to dispose with the device, in this order</param>
    public AcceleratorDevice(Accelerator accelerator, AcceleratorStream? stream = null, string? id = null, params IDisposable[] owned)
    {
        Accelerator = accelerator;
        _kernels = new KernelCache(accelerator);
        _owned = [.. owned];
        if (stream is null)
        {
            stream = accelerator.CreateStream();
            _owned.Insert(0, stream);
        }

        Stream = stream;
        Id = id ?? accelerator.AcceleratorType switch
        {
            AcceleratorType.Cuda => "cuda",
            AcceleratorType.OpenCL => "opencl",
            _ => "simulator",
        };
        _groupSize = Math.Min(128, accelerator.MaxNumThreadsPerGroup);
        Limits = OpenCLPlatform.Limits(accelerator);
        UseGroupedKernels = OpenCLPlatform.PrefersGroupedKernels(accelerator);
        _graphDriver = CudaStreams.CreateGraphDriver(accelerator, stream, out _noGraphReason);
    }

    /// <summary>The accelerator underneath.</summary>
    public Accelerator Accelerator { get; }

    /// <summary>The stream that everything runs on.</summary>
    public AcceleratorStream Stream { get; }

    /// <summary>
    /// Whether operations may launch grouped kernels where they have them; otherwise they launch plain ones. Set it before operations are recorded. False from the
    /// start on an OpenCL device that is no GPU: it has no memory that a group shares faster than any other, and the threads of a group take turns.
    /// </summary>
    public bool UseGroupedKernels { get; set; }

    /// <summary>
    /// Multiply-adds from which on a product is taken to tensor cores where <see cref="ComputeDevice.Precision"/> asks for them; smaller ones are computed in 32 bits.
    /// Set it before operations are recorded.
    /// </summary>
    public long MinTensorCoreWork { get; set; } = 1 << 20;

    /// <summary>Whether a <see cref="RecordedStep"/> may become a graph where the device has graphs. Set it before steps are made.</summary>
    public bool UseGraphs { get; set; } = true;

    /// <inheritdoc/>
    public override string Id { get; }

    /// <inheritdoc/>
    public override string Description => $"{Accelerator.Name} ({Accelerator.AcceleratorType})";

    /// <inheritdoc/>
    public override long AllocatedBytes => Interlocked.Read(ref _allocated);

    /// <summary>An embedder's view as device memory; it is not copied, and must stay allocated while it is used.</summary>
    /// <param name="view">memory of <see cref="Accelerator"/>; its first word must lie at a multiple of 16 bytes, as that of every allocation does</param>
    /// <exception cref="ArgumentException">the view is empty, or longer than 2^31 - 1 words</exception>
    public DeviceView Wrap(ArrayView<float> view)
    {
        if (!view.IsValid || view.Length == 0) throw new ArgumentException("the view is empty", nameof(view));
        if (view.Length > int.MaxValue) throw new ArgumentException($"the view has {view.Length:N0} words; at most {int.MaxValue:N0} can be addressed", nameof(view));
        return new AcceleratorBuffer(this, view, null).View;
    }

    /// <inheritdoc/>
    public override DeviceBuffer Allocate(int words)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(words);
        CheckLimit(words);
        MemoryBuffer1D<float, Stride1D.Dense> memory;
        try
        {
            memory = Accelerator.Allocate1D<float>(words);
        }
        catch (Exception e) when (CudaStreams.MayBeOutOfMemory(e))
        {
            throw new OutOfDeviceMemoryException((long)words * sizeof(float), FreeBytes, Description, e);
        }

        memory.View.BaseView.MemSetToZero(Stream);
        Interlocked.Add(ref _allocated, (long)words * sizeof(float));
        return new AcceleratorBuffer(this, memory.View.BaseView, memory);
    }

    /// <inheritdoc/>
    public override unsafe void Upload<T>(ReadOnlySpan<T> source, DeviceView destination)
    {
        CheckCopy(source.Length, sizeof(T), destination);
        if (source.IsEmpty) return;
        var bytes = MemoryMarshal.AsBytes(source);
        var target = AcceleratorBuffer.GetView(destination, this).Cast<byte>().SubView(0, bytes.Length);
        lock (_copyLock)
        {
            if (GetStaging(bytes.Length) is { } staging) staging.Upload(bytes, target);
            else target.CopyFromCPU(Stream, bytes);
        }
    }

    /// <inheritdoc/>
    public override unsafe void Download<T>(DeviceView source, Span<T> destination)
    {
        CheckCopy(destination.Length, sizeof(T), source);
        if (destination.IsEmpty) return;
        var bytes = MemoryMarshal.AsBytes(destination);
        var words = AcceleratorBuffer.GetView(source, this).Cast<byte>().SubView(0, bytes.Length);
        lock (_copyLock)
        {
            if (GetStaging(bytes.Length) is { } staging) staging.Download(words, bytes);
            else words.CopyToCPU(Stream, bytes);
        }
    }

    /// <inheritdoc/>
    public override void Clear(DeviceView view)
    {
        if (!view.IsEmpty) AcceleratorBuffer.GetView(view, this).MemSetToZero(Stream);
    }

    /// <inheritdoc/>
    public override void Synchronize() => Stream.Synchronize();

    /// <inheritdoc/>
    public override KernelCompilation Compilation => _kernels.Progress;

    /// <inheritdoc/>
    public override KernelCompilation FinishCompilation(Action<KernelCompilation>? progress = null) => _kernels.WaitForAll(progress);

    /// <inheritdoc/>
    public override DeviceStopwatch NewStopwatch() => CudaStreams.CreateStopwatch(Accelerator, Stream) ?? base.NewStopwatch();

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_isDisposed) return;
        // Neither a compiler nor a kernel may be at work in a context that is destroyed.
        _kernels.Dispose();
        IgnoreErrors(Stream.Synchronize);
        DisposeOwnedResources();
        _isDisposed = true;
        if (_staging is not null) IgnoreErrors(_staging.Dispose);
        _staging = null;
        foreach (var item in _owned) IgnoreErrors(item.Dispose);
        _owned.Clear();
    }

    internal override void Dispatch<TOperation>(in TOperation operation, CommandList? list)
    {
        if (operation.Granularity % GpuVector4Backend.Width == 0) operation.Launch<GpuVector4Backend, Float4>(new Launcher<GpuVector4Backend>(this, list));
        else operation.Launch<GpuScalarBackend, float>(new Launcher<GpuScalarBackend>(this, list));
    }

    // ILGPU's CPU accelerator takes its memory from where the CPU device does.
    private protected override long? AvailableBytes =>
        Accelerator.AcceleratorType == AcceleratorType.CPU ? HostMemory.Available() : CudaStreams.FreeBytes(Accelerator);

    // Where a copy of so many bytes goes through; null for none.
    private StagingMemory? GetStaging(int bytes)
    {
        if (bytes > StagingMemory.MaxCopyBytes || _hasNoStaging || !StagingMemory.IsSupported(Accelerator)) return null;
        try
        {
            return _staging ??= new StagingMemory(Accelerator, Stream);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Not every system lets memory be page-locked. Copies then wait, and are as right as before.
            _hasNoStaging = true;
            return null;
        }
    }

    private protected override string? UnsupportedReason(MatrixPrecision precision) => TensorCoreSupport.UnsupportedReason(Accelerator);

    internal override IGraphDriver? GetGraphDriver(out string? whyNot)
    {
        whyNot = !UseGraphs ? "graphs are switched off" : _graphDriver is null ? _noGraphReason : null;
        return whyNot is null ? _graphDriver : null;
    }

    /// <summary>Puts another driver of graphs in the place of the device's own: for tests.</summary>
    internal void ReplaceGraphDriver(IGraphDriver graphs) => _graphDriver = graphs;

    /// <summary>What grouped kernels are launched for; tests pretend to have other devices.</summary>
    internal GroupLimits Limits { get; set; }

    /// <summary>Gives memory back, after the work that may use it: a driver need not wait for it by itself.</summary>
    internal void Free(MemoryBuffer1D<float, Stride1D.Dense> memory)
    {
        var bytes = memory.LengthInBytes;
        if (!_isDisposed) IgnoreErrors(Stream.Synchronize);
        IgnoreErrors(memory.Dispose);
        Interlocked.Add(ref _allocated, -bytes);
    }

    // For what ends something: after an error the device fails every call, and ILGPU gives back kernels that were never loaded. Thrown here, that would hide the
    // error itself, which is under way to the caller or comes with the next call.
    private static void IgnoreErrors(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // What was to end has ended, one way or the other.
        }
    }

    private sealed class Launcher<TBackend>(AcceleratorDevice device, CommandList? list) : ILauncher<TBackend>, ITensorCoreLauncher
        where TBackend : struct, IGpuBackend<TBackend>
    {
        public TBackend Bind(DeviceView view) => view.IsEmpty ? default : TBackend.At(AcceleratorBuffer.GetView(view, device));

        public GroupLimits? Groups => device.UseGroupedKernels ? device.Limits : null;

        public TBackend Zeros(int words) => Bind(device.Zeros(words));

        public ITensorCoreLauncher? TensorCores => device.Precision == MatrixPrecision.Fp32 ? null : this;

        public MatrixPrecision Precision => device.Precision;

        public long MinWork => device.MinTensorCoreWork;

        public int Multiprocessors => device.Limits.Multiprocessors;

        public ArrayView<float> View(DeviceView view) => view.IsEmpty ? default : AcceleratorBuffer.GetView(view, device);

        public long Address(DeviceView view) => view.IsEmpty ? 0 : View(view).LoadEffectiveAddressAsPtr();

        public void Launch<TKernel>(in TKernel kernel, int items, int cost)
            where TKernel : struct, IKernel
        {
            if (items <= 0) return;
            var groups = (int)(((long)items + device._groupSize - 1) / device._groupSize);
            var command = new KernelCommand<TKernel>(device._kernels.GetPlain<TKernel>(), device.Stream, new KernelConfig(groups, device._groupSize), kernel, items);
            Submit(command);
        }

        public void LaunchWithScratch<TKernel>(in TKernel kernel, int items, int cost, int words)
            where TKernel : struct, IScratchKernel<TBackend>
        {
            if (items <= 0) return;
            // Every item has its own: any number of them may run at a time. Launches follow each other on the stream and share it.
            var withScratch = kernel;
            withScratch.UseScratch(Bind(device.Scratch(checked(items * words))), words);
            Launch(withScratch, items, cost);
        }

        public void LaunchGroups<TKernel>(in TKernel kernel, int groups, int threads)
            where TKernel : struct, IGroupedKernel
        {
            if (groups > 0) Submit(new GroupedKernelCommand<TKernel>(device._kernels.GetGrouped<TKernel>(), device.Stream, new KernelConfig(groups, threads), kernel, groups * threads));
        }

        private void Submit(Command command)
        {
            if (list is null) command.Execute();
            else list.Add(command);
        }
    }

    private sealed class KernelCommand<TKernel>(
        KernelSlot<Action<AcceleratorStream, KernelConfig, TKernel, int>> slot, AcceleratorStream stream, KernelConfig config, TKernel kernel, int items) : Command
        where TKernel : struct, IKernel
    {
        public override string Name => KernelName.Of(typeof(TKernel));

        public override int Items => items;

        public override void Execute()
        {
            try
            {
                slot.Launcher(stream, config, kernel, items);
            }
            catch (AcceleratorException e) when (OpenCLPlatform.TranslateError(e, $"launching {Name}") is { } explained)
            {
                throw explained;
            }
        }
    }

    private sealed class GroupedKernelCommand<TKernel>(
        KernelSlot<Action<AcceleratorStream, KernelConfig, TKernel>> slot, AcceleratorStream stream, KernelConfig config, TKernel kernel, int threads) : Command
        where TKernel : struct, IGroupedKernel
    {
        public override string Name => KernelName.Of(typeof(TKernel));

        public override int Items => threads;

        public override void Execute()
        {
            try
            {
                slot.Launcher(stream, config, kernel);
            }
            catch (AcceleratorException e) when (OpenCLPlatform.TranslateError(e, Name, config.GroupDim.X) is { } explained)
            {
                throw explained;
            }
        }
    }
}
