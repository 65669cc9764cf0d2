namespace Gpu.Training.Layers;

/// <summary>
/// Declares the kind of a layer in model files and the prefix of automatic layer names. <see cref="LayerRegistry"/> finds all layers of this assembly that
/// have it; <see cref="LayerRegistry.Register"/> adds those of another assembly.
/// </summary>
/// <param name="kind">the kind, such as <c>max-pooling</c></param>
/// <param name="prefix">the prefix of automatic names, such as <c>maxpool</c></param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class LayerKindAttribute(string kind, string prefix) : Attribute
{
    /// <summary>The layer's kind in model files.</summary>
    public string Kind { get; } = kind;

    /// <summary>The prefix of automatic layer names.</summary>
    public string Prefix { get; } = prefix;
}
