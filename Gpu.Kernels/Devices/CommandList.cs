namespace Gpu.Kernels.Devices;

/// <summary>
/// A recorded list of launches, with their memory bound, that runs many times: for example the passes of a training step. Running it allocates nothing.
/// Values that change from step to step (learning rate, step number, batch) are in device memory, where the kernels read them; see
/// <see cref="StepStateLayout"/>.
/// </summary>
/// <param name="device">the device that runs the list</param>
/// <example><code>
/// var list = new CommandList(device);
/// Dense.Forward(list, batch, inputs, outputs, x, weights, bias, y, Activation.Relu, workspace);
/// list.Run();
/// </code></example>
public sealed class CommandList(ComputeDevice device) : IExecutor
{
    private readonly List<Command> _commands = [];
    private readonly List<DeviceBuffer> _buffers = [];
    private readonly List<ReplaceableOperation> _replaceable = [];
    private int _preparedOperations;

    /// <inheritdoc/>
    public ComputeDevice Device { get; } = device;

    /// <summary>The number of recorded launches.</summary>
    public int Count => _commands.Count;

    /// <summary>The kernel names of the recorded launches, in order.</summary>
    public IEnumerable<string> KernelNames => _commands.Select(command => command.Name);

    /// <summary>The recorded launches.</summary>
    internal IReadOnlyList<Command> Commands => _commands;

    void IExecutor.Execute<TOperation>(in TOperation operation) => Execute(operation);

    /// <inheritdoc cref="IExecutor.Execute"/>
    internal void Execute<TOperation>(in TOperation operation)
        where TOperation : struct, IOperation => Device.Dispatch(operation, this);

    /// <summary>Appends the launches that another list has recorded so far.</summary>
    /// <param name="other">a list of the same device</param>
    /// <exception cref="ArgumentException">the other list belongs to another device</exception>
    public void Append(CommandList other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Device != Device) throw new ArgumentException($"launches of {other.Device.Description} cannot run on {Device.Description}", nameof(other));
        foreach (var operation in other._replaceable) _replaceable.Add(operation with { From = operation.From + Count, To = operation.To + Count });
        _commands.AddRange(other._commands);
        foreach (var buffer in other._buffers) Keep(buffer);
    }

    /// <summary>Runs all launches in order. On a GPU it returns when they are queued on the stream; see <see cref="ComputeDevice.Synchronize"/>.</summary>
    /// <exception cref="ObjectDisposedException">memory that a launch uses was freed</exception>
    public void Run()
    {
        RequireMemory();
        Prepare();
        Device.Run([this]);
    }

    /// <summary>Keeps a buffer that the launches use, so that it is not collected before the list.</summary>
    internal void Keep(DeviceBuffer buffer)
    {
        if (!_buffers.Contains(buffer)) _buffers.Add(buffer);
    }

    /// <summary>Checks that no memory of the launches was freed.</summary>
    /// <exception cref="ObjectDisposedException">some was</exception>
    internal void RequireMemory()
    {
        foreach (var buffer in _buffers) ObjectDisposedException.ThrowIf(buffer.IsDisposed, buffer);
    }

    internal void Add(Command command) => _commands.Add(command);

    /// <summary>Removes the launches from an index on: those of an operation that is recorded again.</summary>
    internal void RemoveFrom(int index) => _commands.RemoveRange(index, Count - index);

    /// <summary>Notes how an operation with grouped kernels is recorded with plain ones.</summary>
    internal void AddReplaceable(int from, Action<CommandList> recordPlain) => _replaceable.Add(new ReplaceableOperation(from, Count, recordPlain));

    /// <summary>
    /// Waits for the grouped kernels of the operations recorded since the last call. Operations with a kernel that the driver refused are recorded again with
    /// their plain kernels.
    /// </summary>
    internal void Prepare()
    {
        for (; _preparedOperations < _replaceable.Count; _preparedOperations++)
        {
            var (from, to, recordPlain) = _replaceable[_preparedOperations];
            var refused = _commands[from..to].FirstOrDefault(command => command.GroupedKernel?.Failure is not null);
            if (refused is null) continue;
            (Device as AcceleratorDevice)?.ReplaceKernel(refused.Name, refused.GroupedKernel!.Failure!.Message);
            var plain = new CommandList(Device);
            recordPlain(plain);
            _commands.RemoveRange(from, to - from);
            _commands.InsertRange(from, plain._commands);
            foreach (var buffer in plain._buffers) Keep(buffer);
            var moved = plain.Count - (to - from);
            for (var i = _preparedOperations + 1; i < _replaceable.Count; i++)
                _replaceable[i] = _replaceable[i] with { From = _replaceable[i].From + moved, To = _replaceable[i].To + moved };
        }
    }

    /// <summary>Runs the launches one by one. For devices; everyone else calls <see cref="Run"/>.</summary>
    internal void ExecuteCommands()
    {
        foreach (var command in _commands) command.Execute();
    }

    private readonly record struct ReplaceableOperation(int From, int To, Action<CommandList> RecordPlain);
}

/// <summary>A recorded launch.</summary>
internal abstract class Command
{
    /// <summary>The name of the kernel, for profiles.</summary>
    public abstract string Name { get; }

    /// <summary>The number of items of a plain kernel, or threads of a grouped kernel.</summary>
    public abstract int Items { get; }

    /// <summary>The kernel, if it is a grouped one; otherwise null.</summary>
    public virtual PendingKernel? GroupedKernel => null;

    /// <summary>Runs the launch.</summary>
    public abstract void Execute();
}
