using Gpu.Kernels;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Training.Planning;

/// <summary>Builds the graph of a model: adds the operations of its layers in order, and fuses activations and max pooling into them.</summary>
public sealed class PlanBuilder
{
    private readonly List<PlanOperation> _operations = [];
    private readonly PlanSettings _settings;
    private readonly string[] _residualBlocks;

    private PlanBuilder(Model model, bool training, PlanSettings settings)
    {
        _residualBlocks = [.. model.Nodes.SelectMany(node => node.Flatten()).Where(node => node.Layer is ResidualBlock).Select(node => node.Name)];
        Training = training;
        _settings = settings;
    }

    /// <summary>True for training, false for evaluation.</summary>
    public bool Training { get; }

    /// <summary>The algorithm of all convolutions.</summary>
    public Conv2dAlgorithm Convolution => _settings.Convolution;

    /// <summary>Builds the graph of a model.</summary>
    internal static PlanGraph Build(Model model, bool training, PlanSettings settings)
    {
        var builder = new PlanBuilder(model, training, settings);
        var value = new PlanValue("input", model.Input.Length, null) { NeedsGradient = training && settings.InputNeedsGradient };
        var input = new PlanTensor(value, model.Input);
        var output = builder.EmitAll(model.Nodes, input);
        return new PlanGraph(model, training, input.Value, output, builder._operations);
    }

    /// <summary>Adds the operations of the layers of a block, in order.</summary>
    /// <param name="nodes">the layers; <see cref="LayerNode.Sources"/> are positions in this list</param>
    /// <param name="input">the input of the block</param>
    /// <returns>the output of the last layer; the input if there are no layers</returns>
    public PlanTensor EmitAll(IEnumerable<LayerNode> nodes, PlanTensor input)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        var block = nodes.ToArray();
        var lastRead = new int[block.Length + 1];
        for (var i = 0; i < block.Length; i++)
            foreach (var source in block[i].Sources) lastRead[source + 1] = i;
        var values = new PlanTensor[block.Length + 1];
        values[0] = input;
        for (var i = 0; i <= block.Length; i++)
        {
            if (i > 0) values[i] = block[i - 1].Layer.EmitInputs(this, block[i - 1], [.. block[i - 1].Sources.Select(source => values[source + 1])]);
            // A value that a layer after the next one reads.
            if (lastRead[i] > i) AnnounceConsumer(values[i]);
        }

        return values[^1];
    }

    /// <summary>Adds an operation.</summary>
    /// <param name="operation">the operation</param>
    /// <param name="shape">the output shape of a sample</param>
    /// <returns>the output of the operation</returns>
    public PlanTensor Add(PlanOperation operation, TensorShape shape)
    {
        ArgumentNullException.ThrowIfNull(operation);
        foreach (var input in operation.Inputs) input.Value.AddConsumer(operation);
        operation.Output = new PlanTensor(new PlanValue(operation.Name, shape.Length, operation), shape);
        operation.Output.Value.NeedsGradient = Training && (operation.HasParameters || operation.Inputs.Any(input => input.Value.NeedsGradient));
        _operations.Add(operation);
        return operation.Output;
    }

    /// <summary>Applies an activation. Fuses it into the operation that produced the input if possible; otherwise adds an operation.</summary>
    /// <param name="name">the name of the layer</param>
    /// <param name="input">the input of the activation</param>
    /// <param name="activation">the activation</param>
    /// <returns>the output of the activation</returns>
    public PlanTensor Activate(string name, PlanTensor input, Activation activation)
    {
        if (activation.Kind == ActivationKind.Identity) return input;
        var value = input.Value;
        if (value is { HasAnnouncedConsumer: false, Producer: { Activation.Kind: ActivationKind.Identity, MaxPooling: null } producer }
            && value.Consumers.Count == 0 && producer.CanFuse(activation, Training))
        {
            producer.Activation = activation;
            return input;
        }

        return Add(new ActivationOperation(name, activation, input), input.Shape);
    }

    /// <summary>Fuses max pooling into the operation that produced the input, if that operation supports it.</summary>
    /// <param name="input">the input of the pooling</param>
    /// <param name="pooling">the pooling, for a batch of 1</param>
    /// <param name="shape">the output shape of a sample</param>
    /// <param name="output">the pooled values</param>
    /// <returns>false if the pooling needs an operation of its own</returns>
    public bool TryFuseMaxPool(PlanTensor input, Pool2dShape pooling, TensorShape shape, out PlanTensor output)
    {
        output = default;
        var value = input.Value;
        if (value is not { HasAnnouncedConsumer: false, Producer: { MaxPooling: null, AppliesActivationDerivative: true } producer }) return false;
        if (value.Consumers.Count != 0 || !producer.CanFuse(pooling)) return false;
        producer.MaxPooling = pooling;
        output = producer.Output = new PlanTensor(new PlanValue(value.Name, shape.Length, producer) { NeedsGradient = value.NeedsGradient }, shape);
        return true;
    }

    /// <summary>
    /// Computes a batch normalization into the weights of the operation that produced its input, if <see cref="PlanSettings.FoldBatchNorm"/> asks for it, the
    /// plan is for evaluation, and nothing else reads the input. The input then has the normalized values.
    /// </summary>
    /// <param name="node">the batch normalization</param>
    /// <param name="input">its input</param>
    /// <returns>false if the normalization needs an operation of its own</returns>
    internal bool TryFold(LayerNode node, PlanTensor input)
    {
        if (Training || !_settings.FoldBatchNorm) return false;
        var value = input.Value;
        if (value.HasAnnouncedConsumer || value.Consumers.Count != 0) return false;
        if (value.Producer is not WeightedOperation { Norm: null, Activation.Kind: ActivationKind.Identity } producer) return false;
        // After a flatten the channels of the normalization are not those of the operation.
        if (producer.Output.Shape != input.Shape) return false;
        producer.Norm = node;
        return true;
    }

    /// <summary>
    /// Announces that an operation added later will read a value. The value is then neither overwritten in place nor changed by fusion.
    /// </summary>
    public static void AnnounceConsumer(PlanTensor tensor) => tensor.Value.HasAnnouncedConsumer = true;

    /// <summary>Whether all trainable parameters of a layer are frozen (<see cref="PlanSettings.Frozen"/>); false if it has none.</summary>
    public bool IsFrozen(LayerNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        var trainable = node.Parameters.Where(parameter => parameter.Trainable).ToArray();
        return trainable.Length > 0 && trainable.All(parameter => _settings.Frozen.Contains(parameter.Name));
    }

    /// <summary>The probability of a dropout layer: <see cref="PlanSettings.Dropout"/> if set, otherwise that of the layer.</summary>
    public float DropoutProbability(float layerProbability) => _settings.Dropout ?? layerProbability;

    /// <summary>Whether dropout of images drops whole channels: <see cref="PlanSettings.SpatialDropout"/>.</summary>
    public bool SpatialDropout => _settings.SpatialDropout;

    /// <summary>
    /// The probability to skip the body of a residual block in training: block l of L has l / L of <see cref="PlanSettings.StochasticDepth"/>; 0 in evaluation.
    /// </summary>
    /// <param name="layerName">the name of the block</param>
    public float StochasticDepth(string layerName) =>
        Training ? _settings.StochasticDepth * (Array.IndexOf(_residualBlocks, layerName) + 1) / Math.Max(_residualBlocks.Length, 1) : 0;

    /// <summary>The seed of a layer's random numbers, derived from <see cref="PlanSettings.Seed"/> and the name of the layer.</summary>
    public ulong SeedFor(string layerName) => Initialization.NamedSeed.Of(_settings.Seed, layerName);
}
