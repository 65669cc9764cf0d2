using Gpu.Training.Data;
using Gpu.Training.IO;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Training.Weights;

/// <summary>
/// Saves and loads a network's parameters and running statistics as a safetensors file, with the names and shapes of <see cref="Model.Parameters"/>, dtype F32.
/// </summary>
public static class WeightFile
{
    /// <summary>Saves all parameters and running statistics. The file is replaced atomically.</summary>
    /// <param name="network">The network.</param>
    /// <param name="path">The file to write.</param>
    /// <param name="metadata">Entries of <c>__metadata__</c> besides the model's name; null for none.</param>
    public static void Save(Network network, string path, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        AtomicFile.Write(path, stream => Write(network.Model, WeightValues.Download(network), stream, metadata));
    }

    /// <summary>Writes the content of a weight file.</summary>
    internal static void Write(Model model, WeightValues values, Stream stream, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var writer = new SafeTensorsWriter();
        writer.Metadata["model"] = model.Name;
        foreach (var (key, value) in metadata ?? new Dictionary<string, string>()) writer.Metadata[key] = value;
        values.AddTo(writer, model);
        writer.Write(stream);
    }

    /// <summary>Loads all parameters and running statistics. If any tensor does not fit, the network is left unchanged.</summary>
    /// <exception cref="SafeTensorsException">
    /// The file is damaged, or a tensor is missing, unknown, or has another shape or dtype. The message names it.
    /// </exception>
    public static void Load(Network network, string path)
    {
        ArgumentNullException.ThrowIfNull(network);
        using var reader = new SafeTensorsReader(path);
        var values = WeightValues.Allocate(network);
        Read(reader, network.Model, values, "", null);
        values.Upload(network);
    }

    /// <summary>Reads all parameters and running statistics of a model by name, in the layout of <see cref="Model.Parameters"/>, without a device.</summary>
    /// <exception cref="SafeTensorsException">
    /// The file is damaged, or a tensor is missing, unknown, or has another shape or dtype. The message names it.
    /// </exception>
    public static IReadOnlyDictionary<string, float[]> ReadAll(Model model, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        using var reader = new SafeTensorsReader(path);
        Check(reader, model, "", null);
        return model.Parameters.ToDictionary(parameter => parameter.Name, parameter => reader.ReadFloats(parameter.Name), StringComparer.Ordinal);
    }

    /// <summary>Reads the weights of a model from an open file.</summary>
    /// <param name="reader">The file.</param>
    /// <param name="model">The model.</param>
    /// <param name="values">Receives the weights.</param>
    /// <param name="prefix">Prefix of the names of the tensors.</param>
    /// <param name="isIgnored">Selects tensors in the file, by name, that are not the network's and are ignored; null for none.</param>
    /// <exception cref="SafeTensorsException">A tensor is missing, unknown, or has another shape or dtype. The message names it.</exception>
    internal static void Read(SafeTensorsReader reader, Model model, WeightValues values, string prefix, Func<string, bool>? isIgnored)
    {
        Check(reader, model, prefix, isIgnored);
        foreach (var (parameter, memory) in values.Tensors(model)) reader.ReadFloats(prefix + parameter.Name).CopyTo(memory);
    }

    private static void Check(SafeTensorsReader reader, Model model, string prefix, Func<string, bool>? isIgnored)
    {
        var known = model.Parameters.Select(parameter => prefix + parameter.Name).ToHashSet(StringComparer.Ordinal);
        var missing = known.Where(name => !reader.Tensors.ContainsKey(name)).ToArray();
        var unknown = reader.Tensors.Keys.Where(name => !known.Contains(name) && isIgnored?.Invoke(name) != true).ToArray();
        if (missing.Length > 0 || unknown.Length > 0)
        {
            var madeFor = reader.Metadata.TryGetValue("model", out var name) ? $" The file was written for the model '{name}'." : "";
            throw new SafeTensorsException(
                $"The weights in '{reader.Path}' do not match the model '{model.Name}'."
                + (missing.Length > 0 ? $" Missing: {NameList.Join(missing, 8)}." : "")
                + (unknown.Length > 0 ? $" Unknown: {NameList.Join(unknown, 8)}." : "") + madeFor);
        }

        foreach (var parameter in model.Parameters)
        {
            var entry = reader.Tensors[prefix + parameter.Name];
            if (entry.Type != "F32" || !entry.Shape.SequenceEqual(parameter.Shape.Select(extent => (long)extent)))
            {
                throw new SafeTensorsException(
                    $"The tensor '{entry.Name}' in '{reader.Path}' has dtype {entry.Type} and shape {entry.ShapeText}, but the model '{model.Name}' needs "
                    + $"F32 and {string.Join("x", parameter.Shape)}.");
            }
        }
    }

    /// <summary>Refuses a file of another format, and says how to convert it.</summary>
    /// <exception cref="SafeTensorsException">The file is of PyTorch (a zip archive or a pickle), ONNX or Keras.</exception>
    public static void RequireSafeTensors(string path)
    {
        Span<byte> start = stackalloc byte[sizeof(ulong)];
        using (var stream = RegularFile.OpenRead(path))
            start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        var ending = Path.GetExtension(path).ToLowerInvariant();
        // The first bytes could also be the length of a safetensors header, whose other bytes are 0.
        if (start.Length == sizeof(ulong) && start.EndsWith((ReadOnlySpan<byte>)[0, 0, 0, 0]))
            return;
        if (start.StartsWith("PK\x03\x04"u8)
            || start.StartsWith((ReadOnlySpan<byte>)[0x80, 0x02, 0x8A, 0x0A])
            || ending is ".pth" or ".pt" or ".ckpt" or ".bin")
        {
            throw new SafeTensorsException(
                $"'{path}' is a file of PyTorch's torch.save, which runs code when it is read; safetensors files are read here. Convert it in Python: "
                + "import torch, safetensors.torch as st; s = torch.load('" + Path.GetFileName(path) + "', map_location='cpu', weights_only=True); "
                + "st.save_file({k: v.contiguous() for k, v in s.items()}, 'weights.safetensors') - for a checkpoint, s is its 'state_dict' or 'model'. "
                + "Then: --init weights.safetensors --init-layout torch.");
        }

        if (start.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'H', (byte)'D', (byte)'F']) || ending is ".onnx" or ".h5" or ".keras" or ".pb" or ".tflite")
        {
            throw new SafeTensorsException(
                $"'{path}' is a file of another program ({(ending.Length > 1 ? ending : "HDF5")}); safetensors files are read here. Convert it there: save its "
                + "tensors with safetensors.numpy.save_file({name: array}, 'weights.safetensors').");
        }
    }
}
