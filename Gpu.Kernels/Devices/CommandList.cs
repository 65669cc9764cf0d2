namespace Gpu.Kernels.Devices;

/// <summary>
/// Operations that were bound to their memory once and are run many times: the plan of a training step. Running allocates nothing.
/// What changes from step to step (learning rate, step number, batch) lies in device memory that the kernels read.
/// </summary>
public sealed class CommandList(ComputeDevice device) : IExecutor
{
    private readonly List<Command> _commands = [];

    /// <inheritdoc/>
    public ComputeDevice Device { get; } = device;

    /// <summary>How many launches were recorded so far.</summary>
    public int Count => _commands.Count;

    /// <summary>The names of the kernels of the launches, in order.</summary>
    public IEnumerable<string> KernelNames => _commands.Select(command => command.Name);

    /// <summary>The launches recorded so far.</summary>
    internal IReadOnlyList<Command> Commands => _commands;

    void IExecutor.Execute<TOperation>(in TOperation operation) => Execute(operation);

    /// <inheritdoc cref="IExecutor.Execute"/>
    internal void Execute<TOperation>(in TOperation operation)
        where TOperation : struct, IOperation => Device.Dispatch(operation, this);

    /// <summary>Adds the launches of another list of the same device, as they are now.</summary>
    /// <exception cref="ArgumentException">the other list is of another device</exception>
    public void Append(CommandList other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Device != Device) throw new ArgumentException($"launches of {other.Device.Description} cannot run on {Device.Description}", nameof(other));
        _commands.AddRange(other._commands);
    }

    /// <summary>Runs everything in order; on a GPU it returns when everything is launched.</summary>
    public void Run() => Device.Run(_commands);

    internal void Add(Command command) => _commands.Add(command);
}

/// <summary>One recorded launch.</summary>
internal abstract class Command
{
    /// <summary>The kernel's name, for profiles.</summary>
    public abstract string Name { get; }

    /// <summary>The items it runs over.</summary>
    public abstract int Items { get; }

    /// <summary>Runs it.</summary>
    public abstract void Execute();
}
