using System.Buffers.Binary;
using System.Text.Json;
using Gpu.Training.IO;

namespace Gpu.Training.Weights;

/// <summary>The header of a safetensors file, validated against the file's length.</summary>
internal sealed record SafeTensorsHeader(long DataStart, IReadOnlyDictionary<string, string> Metadata, IReadOnlyDictionary<string, TensorEntry> Tensors)
{
    private const int LengthBytes = 8;

    // The limit of the reference implementation.
    private const long MaxHeaderBytes = 100_000_000;

    public static SafeTensorsHeader Read(Stream stream, string path)
    {
        var total = stream.Length;
        if (total < LengthBytes) throw Fail(path, $"it has {total} bytes, but the header length alone takes {LengthBytes}. It is truncated, or not a "
            + "safetensors file");
        Span<byte> lengthBytes = stackalloc byte[LengthBytes];
        stream.ReadExactly(lengthBytes);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (length is 0 or > MaxHeaderBytes)
            throw Fail(path, $"its header length is {length:N0} bytes, but must be 1 to {MaxHeaderBytes:N0}. It is damaged, or not a safetensors file");
        if ((long)length > total - LengthBytes)
            throw Fail(path, $"its header length is {length:N0} bytes, but only {total - LengthBytes:N0} follow. It is truncated, or not a safetensors file");
        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        var dataStart = LengthBytes + (long)length;
        try
        {
            using var document = JsonText.Parse(bytes);
            return Parse(document.RootElement, dataStart, total - dataStart, path);
        }
        catch (JsonException e)
        {
            throw Fail(path, $"its header is not JSON: {e.Message.TrimEnd('.')}", e);
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
            if (property.Value.ValueKind != JsonValueKind.String) throw Fail(path, $"'{property.Name}' in its __metadata__ is not a string");
            metadata[property.Name] = property.Value.GetString()!;
        }
    }

    private static TensorEntry Entry(string name, JsonElement json, string path)
    {
        if (json.ValueKind != JsonValueKind.Object
            || !json.TryGetProperty("dtype", out var type) || type.ValueKind != JsonValueKind.String
            || !json.TryGetProperty("shape", out var shapeJson) || !TryIntegers(shapeJson, out var shape)
            || !json.TryGetProperty("data_offsets", out var offsetsJson) || !TryIntegers(offsetsJson, out var offsets) || offsets.Length != 2)
            throw Fail(path, $"its header lacks a valid dtype, shape or data_offsets of the tensor '{name}'");
        var size = TensorEntry.SizeOf(type.GetString()!);
        if (size == 0) throw Fail(path, $"the tensor '{name}' has the unknown dtype '{type.GetString()}'");
        var entry = new TensorEntry(name, type.GetString()!, shape, offsets[0], offsets[1]);
        var bytes = Bytes(size, shape);
        if (entry.End < entry.Begin || bytes != entry.End - entry.Begin)
            throw Fail(path, $"the tensor '{name}' of shape {entry.ShapeText} and dtype {entry.Type} needs {bytes:N0} bytes, but its data_offsets are "
                + $"{entry.Begin} and {entry.End}");
        return entry;
    }

    // Saturates: 32 sizes of up to 2^41 overflow any integer.
    private static Int128 Bytes(int size, long[] shape)
    {
        if (shape.Contains(0)) return 0;
        Int128 bytes = size;
        foreach (var extent in shape) bytes = bytes > long.MaxValue ? bytes : bytes * extent;
        return bytes;
    }

    private static bool TryIntegers(JsonElement json, out long[] values)
    {
        values = [];
        if (json.ValueKind != JsonValueKind.Array || json.GetArrayLength() > 32) return false;
        values = [.. json.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out var value) ? value : -1)];
        return values.All(value => value is >= 0 and <= int.MaxValue * 1024L);
    }

    // The format requires tensors to cover the data without overlaps and gaps.
    private static void CheckOffsets(IEnumerable<TensorEntry> tensors, long dataLength, string path)
    {
        long end = 0;
        var before = "the header";
        foreach (var tensor in tensors.OrderBy(tensor => tensor.Begin).ThenBy(tensor => tensor.End))
        {
            if (tensor.Begin < end) throw Fail(path, $"the tensors {before} and '{tensor.Name}' overlap: one ends at byte {end}, the other begins at "
                + $"{tensor.Begin}");
            if (tensor.Begin > end) throw Fail(path, $"there is a gap of {tensor.Begin - end} bytes between {before} and the tensor '{tensor.Name}'");
            if (tensor.End > dataLength) throw Fail(path, $"the tensor '{tensor.Name}' ends at byte {tensor.End:N0} of the data, but there are only "
                + $"{dataLength:N0} bytes. The file is truncated");
            end = tensor.End;
            before = $"'{tensor.Name}'";
        }

        if (end != dataLength) throw Fail(path, $"{dataLength - end:N0} bytes after its last tensor belong to no tensor");
    }

    private static SafeTensorsException Fail(string path, string what, Exception? inner = null)
    {
        var message = $"The file '{path}' cannot be used: {what}.";
        return inner is null ? new SafeTensorsException(message) : new SafeTensorsException(message, inner);
    }
}
