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
        _commands.AddRange(other._commands);
        foreach (var buffer in other._buffers) Keep(buffer);
    }

    /// <summary>Runs all launches in order. On a GPU it returns when they are queued on the stream; see <see cref="ComputeDevice.Synchronize"/>.</summary>
    /// <exception cref="ObjectDisposedException">memory that a launch uses was freed</exception>
    public void Run()
    {
        RequireMemory();
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

    /// <summary>Runs the launches one by one. For devices; everyone else calls <see cref="Run"/>.</summary>
    internal void ExecuteCommands()
    {
        foreach (var command in _commands) command.Execute();
    }
}

/// <summary>A recorded launch.</summary>
internal abstract class Command
{
    /// <summary>The name of the kernel, for profiles.</summary>
    public abstract string Name { get; }

    /// <summary>The number of items of a plain kernel, or threads of a grouped kernel.</summary>
    public abstract int Items { get; }

    /// <summary>Runs the launch.</summary>
    public abstract void Execute();
}
