using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Training.Planning;

/// <summary>Takes the operations of a model's layers, in order, and fuses activations on the way.</summary>
public sealed class PlanBuilder
{
    private readonly List<PlanOperation> _operations = [];
    private readonly PlanSettings _settings;

    private PlanBuilder(bool training, PlanSettings settings)
    {
        Training = training;
        _settings = settings;
    }

    /// <summary>True for training, false for evaluation.</summary>
    public bool Training { get; }

    /// <summary>How convolutions are computed.</summary>
    public Conv2dAlgorithm Convolution => _settings.Convolution;

    /// <summary>The graph of a model.</summary>
    internal static PlanGraph Build(Model model, bool training, PlanSettings settings)
    {
        var builder = new PlanBuilder(training, settings);
        var input = new PlanTensor(new PlanValue("input", model.Input.Length, null), model.Input);
        var output = builder.EmitAll(model.Nodes, input);
        return new PlanGraph(model, training, input.Value, output, builder._operations);
    }

    /// <summary>Puts the operations of layers in a row into the plan.</summary>
    public PlanTensor EmitAll(IEnumerable<LayerNode> nodes, PlanTensor input)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        foreach (var node in nodes) input = node.Layer.Emit(this, node, input);
        return input;
    }

    /// <summary>Adds an operation.</summary>
    /// <param name="operation">the operation</param>
    /// <param name="shape">the shape of a sample of its output</param>
    public PlanTensor Add(PlanOperation operation, TensorShape shape)
    {
        ArgumentNullException.ThrowIfNull(operation);
        foreach (var input in operation.Inputs) input.Value.AddConsumer(operation);
        operation.Output = new PlanTensor(new PlanValue(operation.Name, shape.Length, operation), shape);
        operation.Output.Value.NeedsGradient = Training && (operation.HasParameters || operation.Inputs.Any(input => input.Value.NeedsGradient));
        _operations.Add(operation);
        return operation.Output;
    }

    /// <summary>Applies an activation: within the operation that made the input where that can be, else as an operation of its own.</summary>
    public PlanTensor Activate(string name, PlanTensor input, Activation activation)
    {
        if (activation.Kind == ActivationKind.Identity) return input;
        var value = input.Value;
        if (value is { HasAnnouncedConsumer: false, Producer: { Activation.Kind: ActivationKind.Identity, MaxPooling: null } producer } && value.Consumers.Count == 0
            && producer.CanFuse(activation, Training))
        {
            producer.Activation = activation;
            return input;
        }

        return Add(new ActivationOperation(name, activation, input), input.Shape);
    }

    /// <summary>Has the operation that made the input pool it on the way, where that can be.</summary>
    /// <param name="input">what is to be pooled</param>
    /// <param name="pooling">the sizes for one sample</param>
    /// <param name="shape">the shape of a sample of what comes out</param>
    /// <param name="output">the pooled values</param>
    /// <returns>false when the pooling must be an operation of its own</returns>
    public bool TryFuseMaxPool(PlanTensor input, Pool2dShape pooling, TensorShape shape, out PlanTensor output)
    {
        output = default;
        var value = input.Value;
        if (value is not { HasAnnouncedConsumer: false, Producer: { MaxPooling: null, AppliesActivationDerivative: true } producer } || value.Consumers.Count != 0) return false;
        if (!producer.CanFuse(pooling)) return false;
        producer.MaxPooling = pooling;
        output = producer.Output = new PlanTensor(new PlanValue(value.Name, shape.Length, producer) { NeedsGradient = value.NeedsGradient }, shape);
        return true;
    }

    /// <summary>Says that something added later will read a value: it is then neither overwritten nor changed by fusing.</summary>
    public static void AnnounceConsumer(PlanTensor tensor) => tensor.Value.HasAnnouncedConsumer = true;

    /// <summary>The probability of a dropout layer, or what replaces that of all.</summary>
    public float DropoutProbability(float ofLayer) => _settings.Dropout ?? ofLayer;

    /// <summary>A seed for a layer's random numbers: another one for each layer and each seed of the network.</summary>
    public ulong SeedFor(string layerName) => Initialization.NamedSeed.Of(_settings.Seed, layerName);
}
