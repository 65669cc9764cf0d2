using System.Runtime.InteropServices;
using Gpu.Training.IO;

namespace Gpu.Training.Weights;

/// <summary>
/// Reads safetensors files: 8 bytes with the header length (little-endian), a JSON header with dtype, shape and offsets of each tensor, then the data.
/// Opening a file validates its header: tensors must cover the data without overlaps, gaps or truncation.
/// </summary>
public sealed class SafeTensorsReader : IDisposable
{
    private readonly FileStream _stream;
    private readonly long _dataStart;

    /// <summary>Opens a file and validates its header.</summary>
    /// <exception cref="SafeTensorsException">The file cannot be read, or its header does not match its content.</exception>
    public SafeTensorsReader(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        Path = path;
        try
        {
            _stream = RegularFile.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SafeTensorsException($"The file '{path}' cannot be opened: {e.Message}", e);
        }

        try
        {
            var header = SafeTensorsHeader.Read(_stream, path);
            _dataStart = header.DataStart;
            Metadata = header.Metadata;
            Tensors = header.Tensors;
        }
        catch
        {
            _stream.Dispose();
            throw;
        }
    }

    /// <summary>Path of the file.</summary>
    public string Path { get; }

    /// <summary>Content of <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <summary>Reads a tensor of dtype F32, in row-major order.</summary>
    /// <exception cref="SafeTensorsException">The tensor is missing, has another dtype, or cannot be read.</exception>
    public float[] ReadFloats(string name) => Read<float>(name, "F32");

    /// <summary>Reads a tensor of dtype F32, F16, BF16 or F64 as single precision, in row-major order.</summary>
    /// <exception cref="SafeTensorsException">The tensor is missing, has another dtype, or cannot be read.</exception>
    public float[] ReadAsFloats(string name) => Tensors.TryGetValue(name, out var entry) ? entry.Type switch
    {
        "F16" => Array.ConvertAll(Read<Half>(name, "F16"), value => (float)value),
        // BF16 is the upper half of a float.
        "BF16" => Array.ConvertAll(Read<ushort>(name, "BF16"), value => BitConverter.UInt32BitsToSingle((uint)value << 16)),
        "F64" => Array.ConvertAll(Read<double>(name, "F64"), value => (float)value),
        _ => ReadFloats(name),
    }
    : ReadFloats(name);

    /// <summary>Reads a tensor of dtype I32, in row-major order.</summary>
    /// <exception cref="SafeTensorsException">The tensor is missing, has another dtype, or cannot be read.</exception>
    public int[] ReadInts(string name) => Read<int>(name, "I32");

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private T[] Read<T>(string name, string type)
        where T : unmanaged
    {
        if (!Tensors.TryGetValue(name, out var entry)) throw new SafeTensorsException($"The file '{Path}' has no tensor '{name}'.");
        if (entry.Type != type) throw new SafeTensorsException($"The tensor '{name}' in '{Path}' has dtype {entry.Type}, but {type} is needed. "
            + $"Save it as {type}.");
        var values = new T[(entry.End - entry.Begin) / TensorEntry.SizeOf(type)];
        try
        {
            _stream.Position = _dataStart + entry.Begin;
            _stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        }
        catch (IOException e)
        {
            throw new SafeTensorsException($"The tensor '{name}' in '{Path}' cannot be read: {e.Message}", e);
        }

        return values;
    }
}
