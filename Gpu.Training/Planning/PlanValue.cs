using Gpu.Training.Shapes;

namespace Gpu.Training.Planning;

/// <summary>The output of an operation for a batch, or the input of the model: a value of the graph with its producer and consumers.</summary>
public sealed class PlanValue
{
    private readonly List<PlanOperation> _consumers = [];

    internal PlanValue(string name, int length, PlanOperation? producer)
    {
        Name = name;
        Length = length;
        Producer = producer;
    }

    /// <summary>The name of the producer; <c>input</c> for the input of the model.</summary>
    public string Name { get; }

    /// <summary>Words per sample.</summary>
    public int Length { get; }

    /// <summary>The operation that writes the value; null for the input of the model.</summary>
    public PlanOperation? Producer { get; }

    /// <summary>The operations that read the value; an operation that reads it by two inputs is listed twice.</summary>
    public IReadOnlyList<PlanOperation> Consumers => _consumers;

    /// <summary>Whether an operation that is not in the graph yet will read the value, so that it must be neither overwritten nor changed by fusion.</summary>
    public bool HasAnnouncedConsumer { get; internal set; }

    /// <summary>Whether the backward pass needs the gradient of the value: in training, if its producer or an operation before it has parameters.</summary>
    public bool NeedsGradient { get; internal set; }

    internal void AddConsumer(PlanOperation operation) => _consumers.Add(operation);
}

/// <summary>A value with a shape. Flattening changes only the shape.</summary>
/// <param name="Value">the value</param>
/// <param name="Shape">the shape of a sample</param>
public readonly record struct PlanTensor(PlanValue Value, TensorShape Shape);
