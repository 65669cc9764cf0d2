using System.Text.Json;

namespace Gpu.Training.Models;

/// <summary>Reads the properties of a JSON object: each known one once, and none that is unknown. Mistakes are reported with the object's place.</summary>
internal sealed class JsonObjectReader
{
    private readonly Dictionary<string, JsonElement> _properties = new(StringComparer.Ordinal);
    private readonly string _path;

    /// <param name="json">the object</param>
    /// <param name="place">what to call it: "layers[2] (convolution)"</param>
    /// <param name="known">the names it may have</param>
    /// <exception cref="ModelException">it is no object, or a property is unknown or there twice</exception>
    public JsonObjectReader(JsonElement json, string place, IReadOnlyCollection<string> known)
    {
        _path = place;
        if (json.ValueKind != JsonValueKind.Object) throw Error(JsonValues.Expected("an object, {...},", json).Message);
        foreach (var property in json.EnumerateObject())
        {
            if (!known.Contains(property.Name))
                throw Error($"there is no property '{property.Name}'.{JsonValues.DidYouMean(property.Name, known)} Possible: {string.Join(", ", known)}.");
            if (!_properties.TryAdd(property.Name, property.Value)) throw Error($"the property '{property.Name}' is there twice; remove one.");
        }
    }

    public bool Has(string name) => _properties.ContainsKey(name);

    /// <summary>The JSON of a property.</summary>
    /// <exception cref="ModelException">it is missing</exception>
    public JsonElement Required(string name) =>
        _properties.TryGetValue(name, out var value) ? value : throw Error($"the property '{name}' is missing.");

    /// <summary>A property's value.</summary>
    /// <exception cref="ModelException">it is missing or of another type</exception>
    public object Read(string name, Type type)
    {
        try
        {
            return JsonValues.Read(Required(name), type);
        }
        catch (FormatException e)
        {
            throw Error($"property '{name}': {e.Message}", e);
        }
    }

    /// <summary>A property's value, or another where it is missing.</summary>
    public T Read<T>(string name, T otherwise) => Has(name) ? (T)Read(name, typeof(T)) : otherwise;

    public ModelException Error(string message, Exception? inner = null) => inner is null ? new($"{_path}: {message}") : new($"{_path}: {message}", inner);
}
