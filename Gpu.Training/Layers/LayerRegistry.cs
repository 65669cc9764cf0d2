using System.Reflection;

namespace Gpu.Training.Layers;

/// <summary>The layer types by kind, found by their <see cref="LayerKindAttribute"/>. Thread-safe.</summary>
public static class LayerRegistry
{
    private static readonly Lock RegistryLock = new();
    private static readonly SortedDictionary<string, Type> Kinds = new(StringComparer.Ordinal);

    static LayerRegistry() => Register(typeof(LayerRegistry).Assembly);

    /// <summary>All registered kinds, in alphabetical order.</summary>
    public static IReadOnlyCollection<string> Names
    {
        get
        {
            lock (RegistryLock) return [.. Kinds.Keys];
        }
    }

    /// <summary>Registers the layers of another assembly, so that model files can use them. Registering an assembly twice has no effect.</summary>
    /// <exception cref="ArgumentException">two layer types have the same kind</exception>
    public static void Register(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        lock (RegistryLock)
        {
            foreach (var type in assembly.GetTypes())
            {
                if (type.GetCustomAttribute<LayerKindAttribute>() is not { } attribute) continue;
                if (!Kinds.TryAdd(attribute.Kind, type) && Kinds[attribute.Kind] != type)
                    throw new ArgumentException($"{type} and {Kinds[attribute.Kind]} both have the kind '{attribute.Kind}'");
            }
        }
    }

    /// <summary>The layer type of a kind; null if there is none.</summary>
    public static Type? Find(string kind)
    {
        lock (RegistryLock) return Kinds.GetValueOrDefault(kind);
    }

    /// <summary>The kind of a layer; the name of its type if it has no <see cref="LayerKindAttribute"/>.</summary>
    public static string KindOf(Layer layer) => Attribute(layer)?.Kind ?? layer.GetType().Name;

    internal static string PrefixOf(Layer layer) => Attribute(layer)?.Prefix ?? layer.GetType().Name.ToLowerInvariant();

    private static LayerKindAttribute? Attribute(Layer layer) => layer.GetType().GetCustomAttribute<LayerKindAttribute>();
}
