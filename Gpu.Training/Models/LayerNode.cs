using Gpu.Training.Layers;
using Gpu.Training.Shapes;

namespace Gpu.Training.Models;

/// <summary>A layer of a model with its full name, shapes, parameters and nested layers.</summary>
/// <param name="Layer">the description of the layer</param>
/// <param name="Name">the full name, unique in the model: <c>conv1</c>, <c>residual2.batchnorm1</c></param>
/// <param name="Input">the input shape of a sample</param>
/// <param name="Output">the output shape of a sample</param>
/// <param name="Parameters">the parameters of the layer itself, without those of nested layers</param>
/// <param name="Children">the nested layers, in order</param>
public sealed record LayerNode(
    Layer Layer, string Name, TensorShape Input, TensorShape Output, IReadOnlyList<ModelParameter> Parameters, IReadOnlyList<LayerNode> Children)
{
    /// <summary>
    /// The layers whose outputs the layer reads, as positions in the list of layers of its block; -1 is the input of the block.
    /// </summary>
    public IReadOnlyList<int> Sources { get; init; } = [];

    /// <summary>The kind of the layer in model files, such as <c>convolution</c>.</summary>
    public string Kind => LayerRegistry.KindOf(Layer);

    /// <summary>Number of trainable values, including nested layers.</summary>
    public long ParameterCount =>
        Parameters.Where(parameter => parameter.Trainable).Sum(parameter => (long)parameter.Length) + Children.Sum(child => child.ParameterCount);

    /// <summary>Multiply-adds of the forward pass of one sample in convolution and dense layers, including nested layers.</summary>
    public long MultiplyAdds =>
        (long)Math.Min(long.MaxValue, Layer.CountMultiplyAdds(Input, Output) + Children.Sum(child => (decimal)child.MultiplyAdds));

    /// <summary>This node followed by all nested nodes, depth first.</summary>
    public IEnumerable<LayerNode> Flatten() => Children.SelectMany(child => child.Flatten()).Prepend(this);

    /// <summary>The parameter with the given declared name, such as <c>weight</c>.</summary>
    /// <exception cref="InvalidOperationException">the layer has no such parameter</exception>
    public ModelParameter Parameter(string declaredName) => Parameters.First(parameter => parameter.Declaration.Name == declaredName);

    /// <summary>The parameter with the given declared name; null if the layer has none (a convolution without bias).</summary>
    public ModelParameter? FindParameter(string declaredName) => Parameters.FirstOrDefault(parameter => parameter.Declaration.Name == declaredName);
}
