using Gpu.Kernels;
using Gpu.Training.Initialization;

namespace Gpu.Training.Models;

/// <summary>A parameter tensor or running statistic of a layer.</summary>
/// <param name="Name">the name within the layer, such as <c>weight</c>, <c>bias</c>, <c>gamma</c></param>
/// <param name="Shape">the sizes in row-major order: convolution [kernel height, kernel width, in / groups, out], dense [in, out]</param>
/// <param name="FanIn">number of inputs of one output, which scales the initial values</param>
/// <param name="FanOut">number of outputs of one input, which scales the initial values</param>
/// <param name="Initializer">the initializer</param>
/// <param name="Decays">whether weight decay applies by default: true for weights, false for biases and normalization parameters</param>
/// <param name="Trainable">whether the optimizer updates it; false for running statistics, which have no gradient</param>
public sealed record ParameterDeclaration(
    string Name, IReadOnlyList<int> Shape, int FanIn, int FanOut, Initializer Initializer, bool Decays, bool Trainable = true)
{
    /// <summary>Number of values.</summary>
    public int Length { get; } = ShapeLimits.Length($"the parameter {Name}", [.. Shape.Select(size => (long)size)]);
}

/// <summary>A parameter tensor or running statistic of a model.</summary>
/// <param name="Name">the full name, such as <c>conv1.weight</c></param>
/// <param name="Declaration">the declaration of the layer</param>
public sealed record ModelParameter(string Name, ParameterDeclaration Declaration)
{
    /// <summary>The sizes in row-major order.</summary>
    public IReadOnlyList<int> Shape => Declaration.Shape;

    /// <summary>Number of values.</summary>
    public int Length => Declaration.Length;

    /// <summary>Whether the optimizer updates it; false for running statistics.</summary>
    public bool Trainable => Declaration.Trainable;
}
