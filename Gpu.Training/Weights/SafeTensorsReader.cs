using System.Runtime.InteropServices;

namespace Gpu.Training.Weights;

/// <summary>
/// Reads safetensors files: 8 bytes with the header's length (little-endian), a JSON header that gives each tensor's type, shape and place, and the data.
/// Everything is checked when the file is opened: nothing in it may be cut off, overlap, or be left over.
/// </summary>
public sealed class SafeTensorsReader : IDisposable
{
    private readonly FileStream _stream;
    private readonly long _dataStart;

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="SafeTensorsException">the file cannot be read, or its header does not describe its content</exception>
    public SafeTensorsReader(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        Path = path;
        try
        {
            _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
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

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What the file says about itself.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <summary>The numbers of a tensor of the type F32.</summary>
    /// <exception cref="SafeTensorsException">there is no such tensor, or it is of another type</exception>
    public float[] ReadFloats(string name) => Read<float>(name, "F32");

    /// <summary>The numbers of a tensor of the type I32.</summary>
    /// <exception cref="SafeTensorsException">there is no such tensor, or it is of another type</exception>
    public int[] ReadInts(string name) => Read<int>(name, "I32");

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private T[] Read<T>(string name, string type)
        where T : unmanaged
    {
        if (!Tensors.TryGetValue(name, out var entry)) throw new SafeTensorsException($"The file '{Path}' has no tensor '{name}'.");
        if (entry.Type != type) throw new SafeTensorsException($"The tensor '{name}' in '{Path}' has the type {entry.Type}, but {type} is needed. "
            + "Save it in that type.");
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
