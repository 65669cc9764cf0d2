using Gpu.Training.Layers;
using Gpu.Training.Shapes;

namespace Gpu.Training.Models;

/// <summary>
/// The description of a network: input shape, layers, and how it is trained. Immutable and without memory; a
/// <see cref="Planning.Network"/> gives it parameters on a device. All shapes are inferred, and all mistakes found, when it is made.
/// </summary>
public sealed class Model
{
    /// <summary>Describes a network.</summary>
    /// <param name="name">what to call it</param>
    /// <param name="input">the shape of a sample</param>
    /// <param name="layers">the layers, in order; at least one</param>
    /// <exception cref="ModelException">a layer does not take what comes before it, or two have one name</exception>
    public Model(string name, TensorShape input, params IReadOnlyList<Layer> layers)
        : this(name, input, new TrainingRecipe(), layers)
    {
    }

    /// <inheritdoc cref="Model(string,TensorShape,IReadOnlyList{Layer})"/>
    /// <param name="name">what to call it</param>
    /// <param name="input">the shape of a sample</param>
    /// <param name="recipe">how it is trained when nobody says otherwise</param>
    /// <param name="layers">the layers, in order; at least one</param>
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
        Parameters = [.. Nodes.SelectMany(node => node.Flatten()).SelectMany(node => node.Parameters)];
    }

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>The shape of a sample.</summary>
    public TensorShape Input { get; }

    /// <summary>The shape of a sample's output: the classes' logits, say.</summary>
    public TensorShape Output { get; }

    /// <summary>How it is trained when nobody says otherwise.</summary>
    public TrainingRecipe Recipe { get; }

    /// <summary>The layers as they were given.</summary>
    public IReadOnlyList<Layer> Layers { get; }

    /// <summary>The layers in their places: names, shapes, parameters.</summary>
    public IReadOnlyList<LayerNode> Nodes { get; }

    /// <summary>All parameters and running statistics, in the order of the layers.</summary>
    public IReadOnlyList<ModelParameter> Parameters { get; }

    /// <summary>Trainable numbers.</summary>
    public long ParameterCount => Nodes.Sum(node => node.ParameterCount);

    /// <summary>
    /// Multiply-adds of convolution and dense layers in one sample's forward pass; a training step counts 6 floating-point operations for each.
    /// </summary>
    public long MultiplyAdds => Nodes.Sum(node => node.MultiplyAdds);

    /// <summary>The same network, trained in another way.</summary>
    public Model With(TrainingRecipe recipe) => new(Name, Input, recipe, Layers);
}
