using System.Reflection;
using System.Runtime.CompilerServices;
using Gpu.Training.Layers;

namespace Gpu.Training.Models;

/// <summary>A layer's properties as model files name them: the public settable ones, in camel case.</summary>
internal sealed class LayerProperties
{
    private static readonly Lock CacheLock = new();
    private static readonly Dictionary<Type, LayerProperties> Cache = [];
    private readonly Layer _defaults;

    private LayerProperties(Type type)
    {
        Type = type;
        _defaults = (Layer)Activator.CreateInstance(type)!;
        // The name first: it is what people look for.
        All = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is { IsPublic: true })
            .OrderByDescending(property => property.Name == nameof(Layer.Name)).Select(property => new LayerProperty(property))];
    }

    public Type Type { get; }

    public IReadOnlyList<LayerProperty> All { get; }

    public static LayerProperties Of(Type type)
    {
        lock (CacheLock)
        {
            if (!Cache.TryGetValue(type, out var properties)) Cache[type] = properties = new LayerProperties(type);
            return properties;
        }
    }

    /// <summary>The properties of a layer that differ from their defaults, or that have none.</summary>
    public IEnumerable<(LayerProperty Property, object Value)> NonDefault(Layer layer)
    {
        foreach (var property in All)
        {
            var value = property.Info.GetValue(layer);
            if (value is not null && (property.IsRequired || !value.Equals(property.Info.GetValue(_defaults)))) yield return (property, value);
        }
    }
}

/// <summary>A property of a layer.</summary>
internal sealed class LayerProperty(PropertyInfo info)
{
    public PropertyInfo Info { get; } = info;

    public string Name { get; } = char.ToLowerInvariant(info.Name[0]) + info.Name[1..];

    public bool IsRequired { get; } = info.GetCustomAttribute<RequiredMemberAttribute>() is not null;
}
