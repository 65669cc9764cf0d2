using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Gpu.Training.IO;

namespace Gpu.Training.Weights;

/// <summary>Collects tensors and writes them to a safetensors file.</summary>
public sealed class SafeTensorsWriter
{
    private readonly List<(string Name, string Type, int[] Shape, byte[] Data)> _tensors = [];

    /// <summary>Content of <c>__metadata__</c>.</summary>
    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds a tensor of dtype F32, values in row-major order.</summary>
    /// <exception cref="ArgumentException">The number of values does not match the shape, or the name is already used.</exception>
    public void Add(string name, IReadOnlyList<int> shape, ReadOnlySpan<float> values) => Add(name, "F32", shape, values.Length, MemoryMarshal.AsBytes(values));

    /// <summary>Adds a tensor of dtype I32, values in row-major order.</summary>
    /// <exception cref="ArgumentException">The number of values does not match the shape, or the name is already used.</exception>
    public void Add(string name, IReadOnlyList<int> shape, ReadOnlySpan<int> values) => Add(name, "I32", shape, values.Length, MemoryMarshal.AsBytes(values));

    /// <summary>Writes the file atomically: an existing file is replaced only once the new one is complete.</summary>
    public void Write(string path) => AtomicFile.Write(path, Write);

    /// <summary>Writes the content of the file to a stream.</summary>
    public void Write(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var header = Header();
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (var tensor in _tensors) stream.Write(tensor.Data);
    }

    private void Add(string name, string type, IReadOnlyList<int> shape, int count, ReadOnlySpan<byte> data)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name == "__metadata__" || _tensors.Any(tensor => tensor.Name == name))
            throw new ArgumentException($"the name '{name}' is already used", nameof(name));
        if (shape.Aggregate(1L, (product, extent) => product * extent) != count)
            throw new ArgumentException($"the tensor '{name}' has {count} values, but its shape is {string.Join("x", shape)}", nameof(shape));
        _tensors.Add((name, type, [.. shape], data.ToArray()));
    }

    private byte[] Header()
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
        {
            json.WriteStartObject();
            if (Metadata.Count > 0)
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in Metadata) json.WriteString(key, value);
                json.WriteEndObject();
            }

            long begin = 0;
            foreach (var (name, type, shape, data) in _tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", type);
                json.WriteStartArray("shape");
                foreach (var extent in shape) json.WriteNumberValue(extent);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(begin);
                json.WriteNumberValue(begin += data.Length);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Pad with spaces, as the format allows, so that the data is 8-byte aligned.
        while (memory.Length % 8 != 0) memory.WriteByte((byte)' ');
        return memory.ToArray();
    }
}
