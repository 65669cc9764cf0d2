namespace Gpu.Training.Layers;

/// <summary>Names a layer's kind in model files, and the prefix of automatic names. A layer with it is found by itself: nothing else to register.</summary>
/// <param name="kind">the kind, such as <c>max-pooling</c></param>
/// <param name="prefix">the prefix of automatic names, such as <c>maxpool</c></param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class LayerKindAttribute(string kind, string prefix) : Attribute
{
    /// <summary>The kind in model files.</summary>
    public string Kind { get; } = kind;

    /// <summary>The prefix of automatic names.</summary>
    public string Prefix { get; } = prefix;
}
