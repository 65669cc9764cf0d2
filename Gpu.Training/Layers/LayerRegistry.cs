using System.Reflection;

namespace Gpu.Training.Layers;

/// <summary>The kinds of layers, found by their <see cref="LayerKindAttribute"/>.</summary>
public static class LayerRegistry
{
    private static readonly Lock Gate = new();
    private static readonly SortedDictionary<string, Type> Kinds = new(StringComparer.Ordinal);

    static LayerRegistry() => Register(typeof(LayerRegistry).Assembly);

    /// <summary>The kinds that model files can name.</summary>
    public static IReadOnlyCollection<string> Names
    {
        get
        {
            lock (Gate) return [.. Kinds.Keys];
        }
    }

    /// <summary>Adds the layers of another assembly, so that model files can name them.</summary>
    /// <exception cref="ArgumentException">two layers have the same kind</exception>
    public static void Register(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        lock (Gate)
        {
            foreach (var type in assembly.GetTypes())
            {
                if (type.GetCustomAttribute<LayerKindAttribute>() is not { } attribute) continue;
                if (!Kinds.TryAdd(attribute.Kind, type) && Kinds[attribute.Kind] != type)
                    throw new ArgumentException($"{type} and {Kinds[attribute.Kind]} both have the kind '{attribute.Kind}'");
            }
        }
    }

    /// <summary>The type of a kind, or null.</summary>
    public static Type? Find(string kind)
    {
        lock (Gate) return Kinds.GetValueOrDefault(kind);
    }

    /// <summary>The kind of a layer.</summary>
    public static string KindOf(Layer layer) => Attribute(layer)?.Kind ?? layer.GetType().Name;

    internal static string PrefixOf(Layer layer) => Attribute(layer)?.Prefix ?? layer.GetType().Name.ToLowerInvariant();

    private static LayerKindAttribute? Attribute(Layer layer) => layer.GetType().GetCustomAttribute<LayerKindAttribute>();
}
