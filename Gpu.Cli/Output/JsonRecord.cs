using System.Buffers;
using System.Collections;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gpu.Cli.Output;

/// <summary>Builder of a JSON object. NaN and infinity, which JSON cannot represent, become <c>null</c>.</summary>
internal sealed class JsonRecord
{
    // The output is never embedded in HTML, so file names need no HTML-safe escapes.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly List<(string Name, object? Value)> _fields = [];

    /// <summary>
    /// Adds a field. Values are strings, numbers, booleans, nulls, <see cref="JsonRecord"/>s, <see cref="JsonElement"/>s and sequences of these.
    /// </summary>
    public JsonRecord Add(string name, object? value)
    {
        _fields.Add((name, value));
        return this;
    }

    /// <summary>The object on one line.</summary>
    public override string ToString()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Options)) Write(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteValue(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case string text: writer.WriteStringValue(text); break;
            case bool truth: writer.WriteBooleanValue(truth); break;
            case int number: writer.WriteNumberValue(number); break;
            case long number: writer.WriteNumberValue(number); break;
            case ulong number: writer.WriteNumberValue(number); break;
            case float number when float.IsFinite(number): writer.WriteNumberValue(number); break;
            case double number when double.IsFinite(number): writer.WriteNumberValue(number); break;
            case float or double: writer.WriteNullValue(); break;
            case JsonRecord record: record.Write(writer); break;
            case JsonElement json: json.WriteTo(writer); break;
            case IEnumerable list:
                writer.WriteStartArray();
                foreach (var item in list) WriteValue(writer, item);
                writer.WriteEndArray();
                break;
            default: throw new ArgumentException($"values of type {value.GetType().Name} are not supported", nameof(value));
        }
    }

    private void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in _fields)
        {
            writer.WritePropertyName(name);
            WriteValue(writer, value);
        }

        writer.WriteEndObject();
    }
}
