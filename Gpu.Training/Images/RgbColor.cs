using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gpu.Training.Images;

/// <summary>A color of 8 bits a channel. As text, and in JSON, it is <c>#rrggbb</c>.</summary>
/// <param name="Red">Red, 0 to 255.</param>
/// <param name="Green">Green, 0 to 255.</param>
/// <param name="Blue">Blue, 0 to 255.</param>
[JsonConverter(typeof(Converter))]
public readonly record struct RgbColor(byte Red, byte Green, byte Blue)
{
    /// <summary>White, the background of transparent images unless another is chosen.</summary>
    public static RgbColor White => new(255, 255, 255);

    /// <summary>Black.</summary>
    public static RgbColor Black => new(0, 0, 0);

    /// <summary>Reads <c>white</c>, <c>black</c> or <c>#rrggbb</c>, in upper or lower case.</summary>
    /// <exception cref="FormatException">The text is something else; the message says what is expected.</exception>
    public static RgbColor Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Equals("white", StringComparison.OrdinalIgnoreCase))
            return White;
        if (text.Equals("black", StringComparison.OrdinalIgnoreCase))
            return Black;
        if (text.Length == 7 && text[0] == '#' && uint.TryParse(text.AsSpan(1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var rgb))
            return new RgbColor((byte)(rgb >> 16), (byte)(rgb >> 8), (byte)rgb);
        throw new FormatException($"'{text}' is not a color: white, black or #rrggbb with hexadecimal digits, such as #ff8000 for orange.");
    }

    /// <summary><c>#rrggbb</c>.</summary>
    public override string ToString() => $"#{Red:x2}{Green:x2}{Blue:x2}";

    private sealed class Converter : JsonConverter<RgbColor>
    {
        public override RgbColor Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            try
            {
                return Parse(reader.GetString() ?? "");
            }
            catch (FormatException e)
            {
                throw new JsonException(e.Message, e);
            }
        }

        public override void Write(Utf8JsonWriter writer, RgbColor value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
