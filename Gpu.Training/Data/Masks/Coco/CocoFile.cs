using System.Text.Json;
using System.Text.Json.Serialization;
using Gpu.Training.IO;

namespace Gpu.Training.Data.Masks.Coco;

/// <summary>A JSON file of COCO: images, categories, and annotations that give a category to a part of an image.</summary>
internal sealed record CocoFile
{
    // The largest file of COCO 2017 has 470 MB.
    private const long MostBytes = 1L << 30;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true,
    };

    /// <summary>The images.</summary>
    public required List<CocoImage?> Images { get; init; }

    /// <summary>The categories.</summary>
    public required List<CocoCategory?> Categories { get; init; }

    /// <summary>The annotations. Where two overlap, the later one counts.</summary>
    public required List<CocoAnnotation?> Annotations { get; init; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="DatasetException">The file cannot be read, or is no such JSON.</exception>
    public static CocoFile Read(string path)
    {
        try
        {
            using var file = RegularFile.OpenRead(path);
            if (file.Length > MostBytes)
                throw new DatasetException($"The annotations '{path}' have {file.Length:N0} bytes; at most {MostBytes:N0} are read. Divide the data set.");
            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            var read = JsonText.Deserialize<CocoFile>(bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsSpan(3) : bytes, Json);
            if (read.Images.Contains(null) || read.Categories.Contains(null) || read.Annotations.Contains(null))
                throw new JsonException("an entry of images, categories or annotations is null");
            return read;
        }
        catch (JsonException e)
        {
            throw new DatasetException(
                $"The annotations '{path}' cannot be read: {e.Message.TrimEnd('.')}. They must be JSON as COCO has it, with the lists images (id, file_name), "
                + "categories (id, name) and annotations (image_id, category_id, segmentation). Export them again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"The annotations '{path}' cannot be read: {e.Message}", e);
        }
    }
}

/// <summary>An image of a <see cref="CocoFile"/>.</summary>
/// <param name="Id">Its number.</param>
/// <param name="FileName">Its file, relative to the folder of the images.</param>
internal sealed record CocoImage([property: JsonRequired] long Id, [property: JsonRequired] string FileName)
{
    /// <summary>The height in pixels; 0 if the file does not say it.</summary>
    public double Height { get; init; }

    /// <summary>The width in pixels; 0 if the file does not say it.</summary>
    public double Width { get; init; }
}

/// <summary>A category of a <see cref="CocoFile"/>.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name.</param>
internal sealed record CocoCategory([property: JsonRequired] long Id, [property: JsonRequired] string Name)
{
    /// <summary>The category that it belongs to, which needs no entry of its own.</summary>
    public string? Supercategory { get; init; }
}

/// <summary>An annotation of a <see cref="CocoFile"/>.</summary>
/// <param name="ImageId">The image.</param>
/// <param name="CategoryId">The category.</param>
internal sealed record CocoAnnotation([property: JsonRequired] long ImageId, [property: JsonRequired] long CategoryId)
{
    /// <summary>Its number, for messages; null if it has none.</summary>
    public long? Id { get; init; }

    /// <summary>1 for a crowd of objects, whose pixels do not count.</summary>
    [JsonPropertyName("iscrowd")]
    [JsonConverter(typeof(CocoFlagConverter))]
    public bool IsCrowd { get; init; }

    /// <summary>The pixels; null if it is a box alone.</summary>
    public CocoSegmentation? Segmentation { get; init; }
}

/// <summary>Reads 0 and 1, and false and true.</summary>
internal sealed class CocoFlagConverter : JsonConverter<bool>
{
    /// <inheritdoc/>
    public override bool Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        JsonTokenType.Number when reader.TryGetInt32(out var value) && value is 0 or 1 => value == 1,
        _ => throw new JsonException("iscrowd must be 0 or 1"),
    };

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, bool value, JsonSerializerOptions options) => throw new NotSupportedException();
}
