using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gpu.Kernels;
using Gpu.Training.Data;
using Gpu.Training.Initialization;
using Gpu.Training.Shapes;

namespace Gpu.Training.Models;

/// <summary>Reads and writes the values of model files as JSON.</summary>
internal static class JsonValues
{
    /// <summary>Reads a value of the given type.</summary>
    /// <exception cref="FormatException">the value is not of the type; the message says what is needed and what was found</exception>
    /// <exception cref="NotSupportedException">model files cannot hold values of the type</exception>
    public static object Read(JsonElement json, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(int))
            return json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out var whole) ? whole : throw Expected(Whole(json), json);
        // Numbers beyond 32 bits become infinite or 0; those who know the range refuse them.
        if (type == typeof(float)) return (float)ReadNumber(json);
        if (type == typeof(double)) return ReadNumber(json);
        if (type == typeof(bool))
            return json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean() : throw Expected("true or false", json);
        if (type == typeof(string)) return json.ValueKind == JsonValueKind.String ? json.GetString()! : throw Expected("a string", json);
        if (type == typeof(Extent)) return ReadExtent(json);
        if (type == typeof(Padding)) return ReadPadding(json);
        if (type == typeof(Activation)) return ReadActivation(json);
        if (type == typeof(IReadOnlyList<string>)) return ReadStrings(json);
        if (type.IsEnum) return ReadEnum(json, type);
        throw new NotSupportedException($"model files cannot hold values of the type {type}");
    }

    /// <summary>Converts a value to JSON.</summary>
    /// <exception cref="NotSupportedException">model files cannot hold values of the type</exception>
    public static JsonNode Write(object value) => value switch
    {
        int whole => JsonValue.Create(whole),
        // Shortest round-trip text: 0.1f becomes 0.1, not 0.10000000149011612.
        float number => JsonNode.Parse(number.ToString("R", CultureInfo.InvariantCulture))!,
        double number => JsonValue.Create(number),
        bool truth => JsonValue.Create(truth),
        string text => JsonValue.Create(text),
        Extent extent => extent.Height == extent.Width ? JsonValue.Create(extent.Height) : new JsonArray(extent.Height, extent.Width),
        Padding padding => WritePadding(padding),
        Activation activation => WriteActivation(activation),
        Enum choice => JsonValue.Create(EnumName(choice)),
        IReadOnlyList<string> texts => new JsonArray([.. texts.Select(text => JsonValue.Create(text))]),
        _ => throw new NotSupportedException($"model files cannot hold values of the type {value.GetType()}"),
    };

    /// <summary>The name of an enumeration value in model files: <c>HeUniform</c> becomes <c>he-uniform</c>.</summary>
    public static string EnumName(Enum value) => NameOf(value.GetType(), value.ToString());

    /// <summary>Reads an enumeration value by its name in model files.</summary>
    /// <exception cref="FormatException">there is no such value; the message suggests the nearest name</exception>
    public static object ReadEnum(JsonElement json, Type type)
    {
        var names = Enum.GetNames(type).ToDictionary(name => NameOf(type, name));
        var possible = string.Join(", ", names.Keys);
        var wanted = json.ValueKind == JsonValueKind.String ? json.GetString()! : throw Expected($"one of {possible}", json);
        // The short names of many programs.
        if (type == typeof(LossKind) && wanted is ("mse" or "half-mse")) return wanted == "mse" ? LossKind.MeanSquaredError : LossKind.HalfMeanSquaredError;
        if (names.TryGetValue(wanted, out var found)) return Enum.Parse(type, found);
        throw new FormatException($"'{wanted}' is not known.{DidYouMean(wanted, names.Keys)} Possible: {possible}.");
    }

    /// <summary>A suggestion of the nearest name, to append to a message; empty if no name is near.</summary>
    public static string DidYouMean(string typed, IEnumerable<string> names) => NearestName.Find(typed, names) is { } nearest
        ? $" Did you mean '{nearest}'?" : "";

    /// <summary>An exception that says what was needed and what was found.</summary>
    public static FormatException Expected(string needed, JsonElement found) => new($"{needed} is needed, but {Text(found)} was found.");

    /// <summary>A value as it is written in the file, cut if it is long.</summary>
    public static string Text(JsonElement json) => json.GetRawText() is var text && text.Length > 40 ? text[..40] + "..." : text;

    // Names that other frameworks write as one word stay one word: adamw, rmsprop, pytorch.
    private static string NameOf(Type type, string name) => type == typeof(OptimizerKind) || name == nameof(Initializer.PyTorch) ? name.ToLowerInvariant() :
        string.Concat(name.Select((letter, i) => char.IsUpper(letter) && i > 0 ? "-" + char.ToLowerInvariant(letter)
            : char.ToLowerInvariant(letter).ToString()));

    private static double ReadNumber(JsonElement json) =>
        json.ValueKind == JsonValueKind.Number && json.TryGetDouble(out var number) ? number : throw Expected("a number", json);

    // With the range, for a number that is out of it.
    private static string Whole(JsonElement json) => "a whole number" + (json.ValueKind != JsonValueKind.Number ? "" : ReadNumber(json) switch
    {
        > int.MaxValue => " of at most 2,147,483,647",
        < int.MinValue => " of at least -2,147,483,648",
        _ => "",
    });

    private static string[] ReadStrings(JsonElement json)
    {
        const string needed = "a list of strings";
        if (json.ValueKind != JsonValueKind.Array) throw Expected(needed, json);
        return [.. json.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Expected(needed, json))];
    }

    private static int[] ReadInts(JsonElement json, int count, string needed)
    {
        if (json.ValueKind != JsonValueKind.Array || json.GetArrayLength() != count) throw Expected(needed, json);
        return [.. json.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var whole) ? whole
            : throw Expected(needed, json))];
    }

    private static Extent ReadExtent(JsonElement json)
    {
        const string needed = "a whole number, or two as [height, width],";
        if (json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out var side)) return side;
        var both = ReadInts(json, 2, needed);
        return new Extent(both[0], both[1]);
    }

    private static Padding ReadPadding(JsonElement json)
    {
        const string needed = "\"same\", \"valid\", a whole number, or four as [top, left, bottom, right],";
        if (json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out var all)) return all;
        if (json.ValueKind == JsonValueKind.Array)
        {
            var four = ReadInts(json, 4, needed);
            return new Padding(four[0], four[1], four[2], four[3]);
        }

        return json.ValueKind != JsonValueKind.String ? throw Expected(needed, json) : json.GetString() switch
        {
            "same" => Padding.Same,
            "valid" => Padding.Valid,
            _ => throw Expected(needed, json),
        };
    }

    private static JsonNode WritePadding(Padding padding)
    {
        if (padding.Kind != PaddingKind.Explicit) return JsonValue.Create(padding.ToString());
        var isSame = padding == new Padding(padding.Top, padding.Top, padding.Top, padding.Top);
        return isSame ? JsonValue.Create(padding.Top) : new JsonArray(padding.Top, padding.Left, padding.Bottom, padding.Right);
    }

    // "relu", or {"kind": "leaky-relu", "slope": 0.2}.
    private static Activation ReadActivation(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.String) return new Activation((ActivationKind)ReadEnum(json, typeof(ActivationKind)));
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("kind", out var kind))
            throw Expected("the name of an activation, or {\"kind\": \"leaky-relu\", \"slope\": 0.2},", json);
        var activation = new Activation((ActivationKind)ReadEnum(kind, typeof(ActivationKind)));
        foreach (var property in json.EnumerateObject())
        {
            if (property.Name == "slope") activation = activation with { Slope = (float)ReadNumber(property.Value) };
            else if (property.Name != "kind")
                throw new FormatException($"an activation has no '{property.Name}'.{DidYouMean(property.Name, ["kind", "slope"])}");
        }

        return activation.Slope > 0 && float.IsFinite(activation.Slope) ? activation
            : throw new FormatException($"slope is {Text(json.GetProperty("slope"))}, but must be above 0 and at most {NumberText.Largest}.");
    }

    private static JsonNode WriteActivation(Activation activation)
    {
        var kind = JsonValue.Create(EnumName(activation.Kind));
        var defaults = new Activation(activation.Kind);
        return activation == defaults || activation.Kind != ActivationKind.LeakyRelu ? kind
            : new JsonObject { ["kind"] = kind, ["slope"] = Write(activation.Slope) };
    }
}
