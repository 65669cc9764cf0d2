using Gpu.Training.Shapes;

namespace Gpu.Training.Models;

/// <summary>An input of a layer.</summary>
/// <param name="Name">the name of the layer that produces it, without its block; <c>input</c> for the input of the block</param>
/// <param name="Shape">its shape</param>
public readonly record struct NamedShape(string Name, TensorShape Shape)
{
    /// <summary>As in messages: <c>'conv1' (14x14x8)</c>.</summary>
    public override string ToString() => $"'{Name}' ({Shape})";
}
