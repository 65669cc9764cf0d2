using System.Runtime.InteropServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Cuda;
using ILGPU;
using ILGPU.Runtime;

namespace Gpu.Kernels.Devices;

/// <summary>
/// An ILGPU accelerator: CUDA, OpenCL, or ILGPU's CPU accelerator as the simulator. Kernels and copies run on one stream, in order. To use the operations in
/// an ILGPU program of your own, wrap its accelerator and stream, and wrap its views with <see cref="Wrap"/>; the device does not dispose them.
/// </summary>
/// <example><code>
/// using var context = Context.Create(builder => builder.Default().ForKernels());
/// using var accelerator = context.GetPreferredDevice(preferCPU: false).CreateAccelerator(context);
/// using var stream = accelerator.CreateStream();
/// using var device = new AcceleratorDevice(accelerator, stream);
/// ActivationOps.Forward(device, Activation.Relu, device.Wrap(x.View.BaseView), device.Wrap(y.View.BaseView));
/// </code></example>
public sealed class AcceleratorDevice : ComputeDevice
{
    private readonly KernelCache _kernels;
    private readonly List<IDisposable> _owned;
    private readonly Dictionary<string, KernelReplacement> _replaced = new(StringComparer.Ordinal);
    private readonly HashSet<Type> _plainOperations = [];
    private readonly int _groupSize;
    private readonly string? _noGraphReason;
    private IGraphDriver? _graphDriver;
    private readonly Lock _copyLock = new();
    private StagingMemory? _staging;
    private bool _hasNoStaging;
    private bool _isDisposed;
    private long _allocated;

    /// <summary>Wraps an accelerator. Set up its context with <see cref="CompilerSettings.ForKernels"/>.</summary>
    /// <param name="accelerator">the accelerator; its context must outlive the device</param>
    /// <param name="stream">
    /// the stream for kernels and copies; null creates one that the device disposes. The default stream of CUDA does not allow graphs
    /// </param>
    /// <param name="id">the name of the device for users, such as <c>cuda:0</c>; null for <c>cuda</c>, <c>opencl</c> or <c>simulator</c></param>
    /// <param name="owned">objects to dispose with the device, in this order</param>
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

    /// <summary>The ILGPU accelerator.</summary>
    public Accelerator Accelerator { get; }

    /// <summary>The ILGPU stream on which all kernels and copies run.</summary>
    public AcceleratorStream Stream { get; }

    /// <summary>
    /// Whether operations may launch grouped kernels, which use shared memory and barriers; otherwise they launch plain kernels. Set it before operations are
    /// recorded. The default is true, except for OpenCL devices that are not GPUs: these have no fast memory for a group, and run its threads one after
    /// another.
    /// </summary>
    public bool UseGroupedKernels { get; set; }

    /// <summary>
    /// The fewest multiply-adds of a product that runs on tensor cores, if <see cref="ComputeDevice.Precision"/> is not fp32. Smaller products run in 32 bits,
    /// and so do larger ones that are faster there. With 1, all products run on tensor cores. Set it before operations are recorded.
    /// </summary>
    public long MinTensorCoreWork { get; set; } = 1 << 20;

    /// <summary>
    /// The grouped and tensor-core kernels that this device does not use, because its driver refused them or <see cref="ReplaceKernel"/> named them. Their
    /// operations run plain kernels, which are slower.
    /// </summary>
    public IReadOnlyCollection<KernelReplacement> ReplacedKernels => _replaced.Values;

    /// <summary>Called when a kernel is replaced, on the thread that launches.</summary>
    public event Action<KernelReplacement>? KernelReplaced;

    /// <summary>
    /// Where the PTX of compiled kernels is kept from one process to the next, so that ILGPU does not compile them again; null, the default, for nowhere. Used
    /// on CUDA only. Set it before operations are recorded. The driver keeps what it compiles from the PTX in a cache of its own.
    /// </summary>
    public ICompiledKernelStore? CompiledKernels
    {
        get => _kernels.Store;
        set => _kernels.Store = value;
    }

    /// <summary>Whether a <see cref="RecordedStep"/> may become a graph, if the device supports graphs. Set it before steps are created.</summary>
    public bool UseGraphs { get; set; } = true;

    /// <inheritdoc/>
    public override string Id { get; }

    /// <inheritdoc/>
    public override string Description => $"{Accelerator.Name} ({Accelerator.AcceleratorType})";

    /// <inheritdoc/>
    public override long AllocatedBytes => Interlocked.Read(ref _allocated);

    /// <summary>
    /// Wraps an ILGPU view as device memory, without a copy. Each word is a float, or the bits of an integer where an operation expects integers. The memory
    /// must stay allocated as long as the result, or a recorded operation, is used.
    /// </summary>
    /// <param name="view">memory of <see cref="Accelerator"/>, aligned to 16 bytes, as the start of every allocation is</param>
    /// <exception cref="ArgumentException">the view is empty, or longer than 2^31 - 1 words</exception>
    public DeviceView Wrap(ArrayView<float> view)
    {
        if (!view.IsValid || view.Length == 0) throw new ArgumentException("the view is empty", nameof(view));
        if (view.Length > int.MaxValue)
            throw new ArgumentException($"the view has {view.Length:N0} words; at most {int.MaxValue:N0} can be addressed", nameof(view));
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
        catch (Exception e) when (CudaStreams.IsOutOfMemory(e))
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
        // No compilation and no kernel may be running when the context is destroyed.
        _kernels.Dispose();
        IgnoreErrors(Stream.Synchronize);
        DisposeOwnedResources();
        _isDisposed = true;
        if (_staging is not null) IgnoreErrors(_staging.Dispose);
        _staging = null;
        foreach (var item in _owned) IgnoreErrors(item.Dispose);
        _owned.Clear();
    }

    /// <summary>Uses the plain kernels of operations instead of a grouped or tensor-core kernel, in operations that are recorded from now on.</summary>
    /// <param name="kernel">the name of the kernel without type arguments, as in <see cref="CommandList.KernelNames"/></param>
    /// <param name="reason">why, for <see cref="ReplacedKernels"/></param>
    public void ReplaceKernel(string kernel, string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(kernel);
        var replacement = new KernelReplacement(kernel, reason);
        if (_replaced.TryAdd(kernel, replacement)) KernelReplaced?.Invoke(replacement);
    }

    /// <summary>Uses a kernel again that <see cref="ReplaceKernel"/> replaced.</summary>
    internal void RestoreKernel(string kernel)
    {
        _replaced.Remove(kernel);
        _plainOperations.Clear();
    }

    internal override void Dispatch<TOperation>(in TOperation operation, CommandList? list)
    {
        if (!UseGroupedKernels && Precision == MatrixPrecision.Fp32)
        {
            Launch(operation, list, grouped: false, out _);
            return;
        }

        // An operation may launch several kernels, of which the driver may refuse the last. So even an operation that runs at once is recorded first.
        var target = list ?? new CommandList(this);
        var from = target.Count;
        if (!_plainOperations.Contains(typeof(TOperation)))
        {
            try
            {
                Launch(operation, target, grouped: true, out var usedGroups);
                if (usedGroups)
                {
                    var copy = operation;
                    target.AddReplaceable(from, plain => Launch(copy, plain, grouped: false, out _));
                }

                if (list is null) target.Run();
                return;
            }
            catch (KernelReplacedException)
            {
                target.RemoveFrom(from);
                _plainOperations.Add(typeof(TOperation));
            }
        }

        Launch(operation, target, grouped: false, out _);
        if (list is null) target.Run();
    }

    private void Launch<TOperation>(in TOperation operation, CommandList? list, bool grouped, out bool usedGroups)
        where TOperation : struct, IOperation
    {
        if (operation.Granularity % GpuVector4Backend.Width == 0)
        {
            var launcher = new Launcher<GpuVector4Backend>(this, list, grouped);
            operation.Launch<GpuVector4Backend, Float4>(launcher);
            usedGroups = launcher.UsedGroups;
        }
        else
        {
            var launcher = new Launcher<GpuScalarBackend>(this, list, grouped);
            operation.Launch<GpuScalarBackend, float>(launcher);
            usedGroups = launcher.UsedGroups;
        }
    }

    /// <summary>The compiled kernels, for checks and tests.</summary>
    internal KernelCache Kernels => _kernels;

    /// <summary>The name of a grouped kernel whose launches are left out, to show that a check notices a wrong kernel; null for none.</summary>
    internal string? SkippedKernel { get; set; }

    // ILGPU's CPU accelerator allocates from host memory.
    private protected override long? AvailableBytes =>
        Accelerator.AcceleratorType == AcceleratorType.CPU ? HostMemory.Available() : CudaStreams.FreeBytes(Accelerator);

    // The staging memory for a copy of so many bytes; null to copy without it.
    private StagingMemory? GetStaging(int bytes)
    {
        if (bytes > StagingMemory.MaxCopyBytes || _hasNoStaging || !StagingMemory.IsSupported(Accelerator)) return null;
        try
        {
            return _staging ??= new StagingMemory(Accelerator, Stream);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Some systems do not allow page-locked memory. Copies are then synchronous.
            _hasNoStaging = true;
            return null;
        }
    }

    private protected override string? UnsupportedReason(MatrixPrecision precision) => TensorCoreSupport.UnsupportedReason(Accelerator);

    internal override IGraphDriver? GetGraphDriver(out string? reason)
    {
        reason = !UseGraphs ? "graphs are switched off" : _graphDriver is null ? _noGraphReason : null;
        return reason is null ? _graphDriver : null;
    }

    /// <summary>Replaces the graph driver, for tests.</summary>
    internal void ReplaceGraphDriver(IGraphDriver graphs) => _graphDriver = graphs;

    // Two devices may wrap one accelerator.
    internal override bool Owns(DeviceBuffer buffer) => buffer is AcceleratorBuffer memory && memory.Accelerator == Accelerator;

    /// <summary>The limits that grouped kernels are launched for. Tests set those of other devices.</summary>
    internal GroupLimits Limits { get; set; }

    /// <summary>Frees memory after the work that may use it: a driver need not wait for that work.</summary>
    internal void Free(MemoryBuffer1D<float, Stride1D.Dense> memory)
    {
        var bytes = memory.LengthInBytes;
        if (!_isDisposed) IgnoreErrors(Stream.Synchronize);
        IgnoreErrors(memory.Dispose);
        Interlocked.Add(ref _allocated, -bytes);
    }

    // For cleanup. After an error the device fails every call, and ILGPU unloads kernels that were never loaded. Thrown from here, such errors would hide the
    // first one, which is already on its way to the caller or comes with the next call.
    private static void IgnoreErrors(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // There is nothing left to clean up.
        }
    }

    private sealed class Launcher<TBackend>(AcceleratorDevice device, CommandList? list, bool grouped) : ILauncher<TBackend>, ITensorCoreLauncher
        where TBackend : struct, IGpuBackend<TBackend>
    {
        /// <summary>Whether a grouped kernel was launched.</summary>
        public bool UsedGroups { get; private set; }

        public TBackend Bind(DeviceView view) => view.IsEmpty ? default : TBackend.At(AcceleratorBuffer.GetView(view, device));

        public GroupLimits? Groups => grouped && device.UseGroupedKernels ? device.Limits : null;

        public TBackend Zeros(int words) => Bind(device.Zeros(words));

        public ITensorCoreLauncher? TensorCores => !grouped || device.Precision == MatrixPrecision.Fp32 ? null : this;

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
            var config = new KernelConfig(groups, device._groupSize);
            Submit(new KernelCommand<TKernel>(device._kernels.GetPlain<TKernel>(), device.Stream, config, kernel, items));
        }

        public void LaunchWithScratch<TKernel>(in TKernel kernel, int items, int cost, int words)
            where TKernel : struct, IScratchKernel<TBackend>
        {
            if (items <= 0) return;
            // One part per item, because all items may run at the same time. Launches run one after another on the stream, so they share the memory.
            var withScratch = kernel;
            withScratch.UseScratch(Bind(device.Scratch(ShapeLimits.Length("the scratch memory", items, words))), words);
            Launch(withScratch, items, cost);
        }

        public void LaunchGroups<TKernel>(in TKernel kernel, int groups, int threads)
            where TKernel : struct, IGroupedKernel
        {
            if (groups <= 0) return;
            if (device._replaced.Count > 0 && device._replaced.ContainsKey(KernelName.Of(typeof(TKernel)))) throw new KernelReplacedException();
            UsedGroups = true;
            var config = new KernelConfig(groups, threads);
            var slot = device._kernels.GetGrouped<TKernel>();
            if (device.SkippedKernel is { } skipped && skipped == KernelName.Of(typeof(TKernel))) return;
            Submit(new GroupedKernelCommand<TKernel>(slot, device.Stream, config, kernel, groups * threads));
        }

        private void Submit(Command command)
        {
            if (list is null) command.Execute();
            else list.Add(command);
        }
    }

    private sealed class KernelCommand<TKernel>(
        KernelSlot<Action<AcceleratorStream, KernelConfig, TKernel, int>> slot, AcceleratorStream stream, KernelConfig config, TKernel kernel, int items)
        : Command
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
            catch (AcceleratorException e) when (OpenCLPlatform.TranslateError(e, $"launching {Name}") is { } translated)
            {
                throw translated;
            }
        }
    }

    private sealed class GroupedKernelCommand<TKernel>(
        KernelSlot<Action<AcceleratorStream, KernelConfig, TKernel>> slot, AcceleratorStream stream, KernelConfig config, TKernel kernel, int threads)
        : Command
        where TKernel : struct, IGroupedKernel
    {
        public override string Name => KernelName.Of(typeof(TKernel));

        public override int Items => threads;

        public override PendingKernel? GroupedKernel => slot;

        public override void Execute()
        {
            try
            {
                slot.Launcher(stream, config, kernel);
            }
            catch (AcceleratorException e) when (OpenCLPlatform.TranslateError(e, Name, config.GroupDim.X) is { } translated)
            {
                throw translated;
            }
        }
    }
}
