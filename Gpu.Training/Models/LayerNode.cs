using Gpu.Training.Layers;
using Gpu.Training.Shapes;

namespace Gpu.Training.Models;

/// <summary>A layer in its place in a model: its full name, its shapes, its parameters.</summary>
/// <param name="Layer">the layer's description</param>
/// <param name="Name">the full name, unique in the model: <c>conv1</c>, <c>residual2.batchnorm1</c></param>
/// <param name="Input">the shape of a sample that comes in</param>
/// <param name="Output">the shape of a sample that goes out</param>
/// <param name="Parameters">the layer's own parameters, not those of the layers within it</param>
/// <param name="Children">the layers within it, in order</param>
public sealed record LayerNode(
    Layer Layer, string Name, TensorShape Input, TensorShape Output, IReadOnlyList<ModelParameter> Parameters, IReadOnlyList<LayerNode> Children)
{
    /// <summary>The layer's kind as model files name it, such as <c>convolution</c>.</summary>
    public string Kind => LayerRegistry.KindOf(Layer);

    /// <summary>Trainable numbers, those of the layers within it included.</summary>
    public long ParameterCount => Parameters.Where(parameter => parameter.Trainable)
        .Sum(parameter => (long)parameter.Length) + Children.Sum(child => child.ParameterCount);

    /// <summary>Multiply-adds of convolution and dense layers for one sample's forward pass, those of the layers within it included.</summary>
    public long MultiplyAdds => Layer.CountMultiplyAdds(Input, Output) + Children.Sum(child => child.MultiplyAdds);

    /// <summary>This node and all within it, in order.</summary>
    public IEnumerable<LayerNode> Flatten() => Children.SelectMany(child => child.Flatten()).Prepend(this);

    /// <summary>The parameter that the layer declared under a name.</summary>
    public ModelParameter Parameter(string declaredName) => Parameters.First(parameter => parameter.Declaration.Name == declaredName);

    /// <summary>As <see cref="Parameter"/>; null when the layer has none of that name (a convolution without bias).</summary>
    public ModelParameter? FindParameter(string declaredName) => Parameters.FirstOrDefault(parameter => parameter.Declaration.Name == declaredName);
}
