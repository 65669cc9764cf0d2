using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gpu.Training.IO;

/// <summary>Serializes a value as the JSON string that <c>ToString</c> gives.</summary>
/// <param name="parse">Reads the string; throws <see cref="FormatException"/> if it is not valid.</param>
/// <param name="expected">What the JSON must be, for the message.</param>
internal abstract class TextJsonConverter<T>(Func<string, T> parse, string expected) : JsonConverter<T>
    where T : notnull
{
    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String) throw new JsonException(expected);
        try
        {
            return parse(reader.GetString()!);
        }
        catch (FormatException e)
        {
            throw new JsonException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
