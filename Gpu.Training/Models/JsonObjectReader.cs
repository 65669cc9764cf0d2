using System.Text.Json;

namespace Gpu.Training.Models;

/// <summary>Reads the properties of a JSON object. Rejects unknown and duplicate properties. Errors start with the path of the object.</summary>
internal sealed class JsonObjectReader
{
    private readonly Dictionary<string, JsonElement> _properties = new(StringComparer.Ordinal);
    private readonly string _path;

    /// <summary>Checks the object and its property names.</summary>
    /// <param name="json">the object</param>
    /// <param name="path">the path of the object for messages, such as "layers[2] (convolution)"</param>
    /// <param name="known">the names of the known properties</param>
    /// <exception cref="ModelException">the value is not an object, or a property is unknown or appears twice</exception>
    public JsonObjectReader(JsonElement json, string path, IReadOnlyCollection<string> known)
    {
        _path = path;
        if (json.ValueKind != JsonValueKind.Object) throw Error(JsonValues.Expected("an object, {...},", json).Message);
        foreach (var property in json.EnumerateObject())
        {
            if (!known.Contains(property.Name))
                throw Error($"there is no property '{property.Name}'.{JsonValues.DidYouMean(property.Name, known)} Possible: {string.Join(", ", known)}.");
            if (!_properties.TryAdd(property.Name, property.Value)) throw Error($"the property '{property.Name}' appears twice; remove one.");
        }
    }

    public bool Has(string name) => _properties.ContainsKey(name);

    /// <summary>The JSON value of a property.</summary>
    /// <exception cref="ModelException">the property is missing</exception>
    public JsonElement Required(string name) =>
        _properties.TryGetValue(name, out var value) ? value : throw Error($"the property '{name}' is missing.");

    /// <summary>The value of a property.</summary>
    /// <exception cref="ModelException">the property is missing, or its value is not of the type</exception>
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

    /// <summary>The value of a property, or a default if it is missing.</summary>
    public T Read<T>(string name, T defaultValue) => Has(name) ? (T)Read(name, typeof(T)) : defaultValue;

    /// <summary>An exception whose message starts with the path of the object.</summary>
    public ModelException Error(string message, Exception? inner = null) => inner is null ? new($"{_path}: {message}") : new($"{_path}: {message}", inner);
}
