using Gpu.Training.Initialization;

namespace Gpu.Training.Models;

/// <summary>Numbers that a layer keeps: what it learns, or what it gathers (running statistics).</summary>
/// <param name="Name">the name within the layer: <c>weight</c>, <c>bias</c>, <c>gamma</c></param>
/// <param name="Shape">the extents, the innermost (the vector axis) last: convolution [kh, kw, in / groups, out], dense [in, out]</param>
/// <param name="FanIn">terms that are summed for one output</param>
/// <param name="FanOut">outputs that one input enters</param>
/// <param name="Initializer">how the first values are drawn</param>
/// <param name="Decays">true for weights, on which weight decay acts by default</param>
/// <param name="Trainable">false for statistics, which have no gradient and which the optimizer leaves alone</param>
public sealed record ParameterDeclaration(
    string Name, IReadOnlyList<int> Shape, int FanIn, int FanOut, Initializer Initializer, bool Decays, bool Trainable = true)
{
    /// <summary>How many numbers.</summary>
    public int Length { get; } = checked(Shape.Aggregate(1, (product, extent) => product * extent));
}

/// <summary>A declaration with the full name it has in its model, such as <c>conv1.weight</c>.</summary>
/// <param name="Name">the full name</param>
/// <param name="Declaration">what the layer declared</param>
public sealed record ModelParameter(string Name, ParameterDeclaration Declaration)
{
    /// <summary>The extents, the innermost last.</summary>
    public IReadOnlyList<int> Shape => Declaration.Shape;

    /// <summary>How many numbers.</summary>
    public int Length => Declaration.Length;

    /// <summary>False for running statistics.</summary>
    public bool Trainable => Declaration.Trainable;
}
