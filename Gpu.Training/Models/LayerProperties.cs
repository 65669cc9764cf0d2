using System.Reflection;
using System.Runtime.CompilerServices;
using Gpu.Training.Layers;

namespace Gpu.Training.Models;

/// <summary>The properties of a layer type in model files: its public settable properties, named in camel case.</summary>
internal sealed class LayerProperties
{
    private static readonly Lock CacheLock = new();
    private static readonly Dictionary<Type, LayerProperties> Cache = [];
    private readonly Layer _defaults;

    private LayerProperties(Type type)
    {
        Type = type;
        _defaults = (Layer)Activator.CreateInstance(type)!;
        // Model files list the name first.
        All = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is { IsPublic: true })
            .OrderByDescending(property => property.Name == nameof(Layer.Name)).Select(property => new LayerProperty(property))];
    }

    public Type Type { get; }

    public IReadOnlyList<LayerProperty> All { get; }

    /// <summary>The properties of a layer type. Thread-safe.</summary>
    public static LayerProperties Of(Type type)
    {
        lock (CacheLock)
        {
            if (!Cache.TryGetValue(type, out var properties)) Cache[type] = properties = new LayerProperties(type);
            return properties;
        }
    }

    /// <summary>The properties of a layer that differ from their defaults, and all required ones.</summary>
    public IEnumerable<(LayerProperty Property, object Value)> NonDefault(Layer layer)
    {
        foreach (var property in All)
        {
            var value = property.Info.GetValue(layer);
            if (value is not null && (property.IsRequired || !value.Equals(property.Info.GetValue(_defaults)))) yield return (property, value);
        }
    }
}

/// <summary>A property of a layer type in model files.</summary>
internal sealed class LayerProperty(PropertyInfo info)
{
    public PropertyInfo Info { get; } = info;

    public string Name { get; } = char.ToLowerInvariant(info.Name[0]) + info.Name[1..];

    public bool IsRequired { get; } = info.GetCustomAttribute<RequiredMemberAttribute>() is not null;
}
