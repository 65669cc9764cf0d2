using Gpu.Kernels;
using Gpu.Training.Layers;
using Gpu.Training.Shapes;

namespace Gpu.Training.Models;

/// <summary>
/// The immutable description of a network: input shape, layers and training recipe. The constructor infers all shapes and reports all errors. A
/// <see cref="Planning.Network"/> allocates the parameters on a device.
/// </summary>
public sealed class Model
{
    /// <summary>Creates a model with the default training recipe.</summary>
    /// <param name="name">the name of the model</param>
    /// <param name="input">the input shape of a sample</param>
    /// <param name="layers">the layers, in order; at least one</param>
    /// <exception cref="ModelException">a layer does not accept its input, or two layers have the same name</exception>
    public Model(string name, TensorShape input, params IReadOnlyList<Layer> layers)
        : this(name, input, new TrainingRecipe(), layers)
    {
    }

    /// <summary>Creates a model.</summary>
    /// <param name="name">the name of the model</param>
    /// <param name="input">the input shape of a sample</param>
    /// <param name="recipe">the default training settings</param>
    /// <param name="layers">the layers, in order; at least one</param>
    /// <exception cref="ModelException">a layer does not accept its input, or two layers have the same name</exception>
    public Model(string name, TensorShape input, TrainingRecipe recipe, params IReadOnlyList<Layer> layers)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(layers);
        if (layers.Count == 0) throw new ModelException($"The model '{name}' has no layers; at least one is needed.");
        Name = name;
        Input = input;
        Recipe = recipe;
        Layers = [.. layers];
        Nodes = SequenceBlock.ResolveAll(new NameScope("", Layers), Layers, input, out var output);
        Output = output;
        foreach (var node in Nodes.SelectMany(node => node.Flatten())) LayerRules.Check(node);
        LatentSampleLayer.Check(this);
        Parameters = [.. Nodes.SelectMany(node => node.Flatten()).SelectMany(node => node.Parameters)];
    }

    /// <summary>The name of the model.</summary>
    public string Name { get; }

    /// <summary>The input shape of a sample.</summary>
    public TensorShape Input { get; }

    /// <summary>The output shape of a sample, such as one logit per class.</summary>
    public TensorShape Output { get; }

    /// <summary>The default training settings.</summary>
    public TrainingRecipe Recipe { get; }

    /// <summary>
    /// The network against which a generator is trained: it takes an image, and gives a score that is high for real ones. Null for other models.
    /// </summary>
    public Model? Discriminator { get; init; }

    /// <summary>
    /// The classes that a generator and its discriminator are told (Mirza and Osindero 2014): the generator as one-hot numbers after its noise, the
    /// discriminator as one-hot planes after the channels of the image, by which it has more input channels than the generator gives. 0 for none.
    /// </summary>
    public int ConditionClasses => Discriminator is { Input.IsImage: true } other && Output.IsImage ? Math.Max(0, other.Input.Channels - Output.Channels) : 0;

    /// <summary>The layers as passed to the constructor.</summary>
    public IReadOnlyList<Layer> Layers { get; }

    /// <summary>The layers with their names, shapes and parameters.</summary>
    public IReadOnlyList<LayerNode> Nodes { get; }

    /// <summary>All parameters and running statistics, including those of nested layers, in layer order.</summary>
    public IReadOnlyList<ModelParameter> Parameters { get; }

    /// <summary>Number of trainable values.</summary>
    public long ParameterCount => Nodes.Sum(node => node.ParameterCount);

    /// <summary>
    /// Multiply-adds of the forward pass of one sample in convolution and dense layers. A training step needs 6 floating-point operations for each: 2 in the
    /// forward pass, 4 in the backward pass.
    /// </summary>
    public long MultiplyAdds => (long)Math.Min(long.MaxValue, Nodes.Sum(node => (decimal)node.MultiplyAdds));

    /// <summary>A model with the same name, input and layers and another training recipe.</summary>
    public Model With(TrainingRecipe recipe) => new(Name, Input, recipe, Layers) { Discriminator = Discriminator };

    /// <summary>A model with another activation in place of every one, except the activation of the last layer, which belongs to the output.</summary>
    /// <param name="activation">the activation; not the identity</param>
    /// <exception cref="ArgumentException">the activation is the identity</exception>
    /// <exception cref="ModelException">the model has no activation to replace</exception>
    public Model With(Activation activation)
    {
        if (activation.Kind == ActivationKind.Identity) throw new ArgumentException("the identity would make the model linear", nameof(activation));
        var replaced = 0;
        var layers = Copy(Layers, true, (_, value, isOutput) =>
        {
            if (isOutput || value is not Activation { Kind: not ActivationKind.Identity }) return value;
            replaced++;
            return activation;
        });
        return replaced > 0 ? new Model(Name, Input, Recipe, layers) { Discriminator = Discriminator }
            : throw new ModelException($"The model '{Name}' has no activation before its output that could be replaced. Omit the activation.");
    }

    /// <summary>A model whose convolutions standardize their weights (<see cref="Conv2dLayer.WeightStandardization"/>).</summary>
    /// <exception cref="ModelException">the model has no convolution</exception>
    public Model WithWeightStandardization()
    {
        if (!Nodes.SelectMany(node => node.Flatten()).Any(node => node.Layer is Conv2dLayer))
            throw new ModelException($"Weight standardization has no effect, because the model '{Name}' has no convolution. Omit it.");
        return new Model(Name, Input, Recipe, Copy(Layers, true, (property, value, _) =>
            property == nameof(Conv2dLayer.WeightStandardization) ? true : value))
        {
            Discriminator = Discriminator,
        };
    }

    // Copies layers and the layers in them. The last argument of the change tells whether the layer is the output of the model.
    private static List<Layer> Copy(IReadOnlyList<Layer> layers, bool endsModel, Func<string, object?, bool, object?> change) => [.. layers.Select((layer, i) =>
    {
        var isOutput = endsModel && i == layers.Count - 1;
        var copy = (Layer)Activator.CreateInstance(layer.GetType())!;
        foreach (var property in LayerProperties.Of(layer.GetType()).All)
        {
            var value = change(property.Info.Name, property.Info.GetValue(layer), isOutput);
            property.Info.SetValue(copy, value is IReadOnlyList<Layer> nested ? Copy(nested, isOutput, change) : value);
        }

        return copy;
    })];
}
