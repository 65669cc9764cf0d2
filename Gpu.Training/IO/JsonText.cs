using System.Text;
using System.Text.Json;

namespace Gpu.Training.IO;

/// <summary>
/// Reads JSON from files that this program did not necessarily write. Every mistake is a <see cref="JsonException"/>: the reader of .NET throws
/// <see cref="InvalidOperationException"/> for escaped lone surrogates, and only when the string is used.
/// </summary>
internal static class JsonText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Parses a document whose strings are all valid.</summary>
    /// <param name="json">the text</param>
    /// <param name="options">as for <see cref="JsonDocument.Parse(string, JsonDocumentOptions)"/></param>
    /// <exception cref="JsonException">the text is not JSON, is nested too deeply, or has an invalid string</exception>
    public static JsonDocument Parse(string json, JsonDocumentOptions options = default) => Parse(Encode(json), options);

    /// <inheritdoc cref="Parse(string, JsonDocumentOptions)"/>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8, JsonDocumentOptions options = default)
    {
        RequireStrings(utf8.Span, new()
        {
            AllowTrailingCommas = options.AllowTrailingCommas, CommentHandling = options.CommentHandling, MaxDepth = options.MaxDepth,
        });
        return JsonDocument.Parse(utf8, options);
    }

    /// <summary>Reads an object.</summary>
    /// <param name="json">the text</param>
    /// <param name="options">how; it should have <see cref="JsonSerializerOptions.RespectNullableAnnotations"/></param>
    /// <exception cref="JsonException">the text is not JSON, has an invalid string, is null, or does not describe such an object</exception>
    public static T Deserialize<T>(string json, JsonSerializerOptions options)
        where T : class => Deserialize<T>(Encode(json), options);

    /// <inheritdoc cref="Deserialize{T}(string, JsonSerializerOptions)"/>
    public static T Deserialize<T>(ReadOnlySpan<byte> utf8, JsonSerializerOptions options)
        where T : class
    {
        RequireStrings(utf8, new() { MaxDepth = options.MaxDepth });
        try
        {
            return JsonSerializer.Deserialize<T>(utf8, options) ?? throw new JsonException("it contains null");
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or NotSupportedException or FormatException or OverflowException)
        {
            // Constructors of the objects, and converters of dictionaries with a key that occurs twice.
            throw new JsonException(e.Message, e);
        }
    }

    private static byte[] Encode(string json)
    {
        try
        {
            return Strict.GetBytes(json);
        }
        catch (EncoderFallbackException e)
        {
            throw new JsonException($"character {e.Index} is half of a surrogate pair", e);
        }
    }

    private static void RequireStrings(ReadOnlySpan<byte> utf8, JsonReaderOptions options)
    {
        var reader = new Utf8JsonReader(utf8, options);
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName)) continue;
            try
            {
                _ = reader.GetString();
            }
            catch (InvalidOperationException e)
            {
                throw new JsonException($"the string at byte {reader.TokenStartIndex} is not valid: {e.Message}", e);
            }
        }
    }
}
