using Gpu.Training.Shapes;

namespace Gpu.Training.Planning;

/// <summary>Memory for what an operation puts out (a batch of it), and the operations that write and read it.</summary>
public sealed class PlanValue
{
    private readonly List<PlanOperation> _consumers = [];

    internal PlanValue(string name, int length, PlanOperation? producer)
    {
        Name = name;
        Length = length;
        Producer = producer;
    }

    /// <summary>The name of the operation that writes it.</summary>
    public string Name { get; }

    /// <summary>Words a sample.</summary>
    public int Length { get; }

    /// <summary>What writes it; null for the model's input.</summary>
    public PlanOperation? Producer { get; }

    /// <summary>What reads it, once for each reading input.</summary>
    public IReadOnlyList<PlanOperation> Consumers => _consumers;

    /// <summary>True when something reads it that is not in the graph yet: it must be neither overwritten nor changed by fusing.</summary>
    public bool HasAnnouncedConsumer { get; internal set; }

    /// <summary>True when a gradient must reach it: parameters lie before it.</summary>
    public bool NeedsGradient { get; internal set; }

    internal void AddConsumer(PlanOperation operation) => _consumers.Add(operation);
}

/// <summary>A value as an operation sees it: flattening changes the shape, not the memory.</summary>
/// <param name="Value">the memory</param>
/// <param name="Shape">the shape of a sample</param>
public readonly record struct PlanTensor(PlanValue Value, TensorShape Shape);
