using System.Buffers.Binary;
using System.Text.Json;

namespace Gpu.Training.Weights;

/// <summary>The header of a safetensors file, checked against the file's length.</summary>
internal sealed record SafeTensorsHeader(long DataStart, IReadOnlyDictionary<string, string> Metadata, IReadOnlyDictionary<string, TensorEntry> Tensors)
{
    private const int LengthBytes = 8;

    // The format's own limit.
    private const long MaxHeaderBytes = 100_000_000;

    public static SafeTensorsHeader Read(Stream stream, string path)
    {
        var total = stream.Length;
        if (total < LengthBytes) throw Fail(path, $"it has {total} bytes, and not even the {LengthBytes} that say how long its header is. It was cut "
            + "off, or is no safetensors file");
        Span<byte> lengthBytes = stackalloc byte[LengthBytes];
        stream.ReadExactly(lengthBytes);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (length is 0 or > MaxHeaderBytes)
            throw Fail(path, $"its header would have {length:N0} bytes, but 1 to {MaxHeaderBytes:N0} are possible. It is no safetensors file, or damaged");
        if ((long)length > total - LengthBytes)
            throw Fail(path, $"its header should have {length:N0} bytes, but only {total - LengthBytes:N0} follow. It was cut off, or is no safetensors file");
        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        var dataStart = LengthBytes + (long)length;
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return Parse(document.RootElement, dataStart, total - dataStart, path);
        }
        catch (JsonException e)
        {
            throw Fail(path, $"its header is not JSON: {e.Message}", e);
        }
    }

    private static SafeTensorsHeader Parse(JsonElement json, long dataStart, long dataLength, string path)
    {
        if (json.ValueKind != JsonValueKind.Object) throw Fail(path, "its header is not a JSON object");
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var tensors = new Dictionary<string, TensorEntry>(StringComparer.Ordinal);
        foreach (var property in json.EnumerateObject())
        {
            if (property.Name == "__metadata__") ReadMetadata(property.Value, metadata, path);
            else if (!tensors.TryAdd(property.Name, Entry(property.Name, property.Value, path))) throw Fail(path,
                $"its header names the tensor '{property.Name}' twice");
        }

        CheckOffsets(tensors.Values, dataLength, path);
        return new SafeTensorsHeader(dataStart, metadata, tensors);
    }

    private static void ReadMetadata(JsonElement json, Dictionary<string, string> metadata, string path)
    {
        if (json.ValueKind != JsonValueKind.Object) throw Fail(path, "its __metadata__ is not a JSON object");
        foreach (var property in json.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String) throw Fail(path, $"its __metadata__ has a '{property.Name}' that is no text");
            metadata[property.Name] = property.Value.GetString()!;
        }
    }

    private static TensorEntry Entry(string name, JsonElement json, string path)
    {
        if (json.ValueKind != JsonValueKind.Object
            || !json.TryGetProperty("dtype", out var type) || type.ValueKind != JsonValueKind.String
            || !json.TryGetProperty("shape", out var shapeJson) || !TryIntegers(shapeJson, out var shape)
            || !json.TryGetProperty("data_offsets", out var offsets) || !TryIntegers(offsets, out var places) || places.Length != 2)
            throw Fail(path, $"its header does not give the tensor '{name}' a dtype, a shape and two data_offsets");
        var size = TensorEntry.SizeOf(type.GetString()!);
        if (size == 0) throw Fail(path, $"the tensor '{name}' has the type '{type.GetString()}', which the format does not have");
        var entry = new TensorEntry(name, type.GetString()!, shape, places[0], places[1]);
        var bytes = shape.Aggregate((Int128)size, (product, extent) => product * extent);
        if (entry.End < entry.Begin || bytes != entry.End - entry.Begin)
            throw Fail(path, $"the tensor '{name}' of shape {entry.ShapeText} and type {entry.Type} has {bytes:N0} bytes, but its data_offsets are "
                + $"{entry.Begin} and {entry.End}");
        return entry;
    }

    private static bool TryIntegers(JsonElement json, out long[] values)
    {
        values = [];
        if (json.ValueKind != JsonValueKind.Array || json.GetArrayLength() > 32) return false;
        values = [.. json.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out var whole) ? whole : -1)];
        return values.All(value => value is >= 0 and <= int.MaxValue * 1024L);
    }

    // Tensor after tensor without overlap or gap, to the end of the file.
    private static void CheckOffsets(IEnumerable<TensorEntry> tensors, long dataLength, string path)
    {
        long end = 0;
        var before = "the header";
        foreach (var tensor in tensors.OrderBy(tensor => tensor.Begin).ThenBy(tensor => tensor.End))
        {
            if (tensor.Begin < end) throw Fail(path, $"the tensors {before} and '{tensor.Name}' overlap: one ends at byte {end}, the other begins at "
                + $"{tensor.Begin}");
            if (tensor.Begin > end) throw Fail(path, $"between {before} and the tensor '{tensor.Name}' lie {tensor.Begin - end} bytes of nothing");
            if (tensor.End > dataLength) throw Fail(path, $"the tensor '{tensor.Name}' should end at byte {tensor.End:N0} of the data, but there are "
                + $"only {dataLength:N0}. The file was cut off");
            end = tensor.End;
            before = $"'{tensor.Name}'";
        }

        if (end != dataLength) throw Fail(path, $"after its last tensor follow {dataLength - end:N0} bytes that belong to none");
    }

    private static SafeTensorsException Fail(string path, string what, Exception? inner = null)
    {
        var message = $"The file '{path}' cannot be used: {what}.";
        return inner is null ? new SafeTensorsException(message) : new SafeTensorsException(message, inner);
    }
}
