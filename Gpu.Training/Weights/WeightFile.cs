using Gpu.Training.Data;
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
        var writer = new SafeTensorsWriter();
        writer.Metadata["model"] = network.Model.Name;
        foreach (var (key, value) in metadata ?? new Dictionary<string, string>()) writer.Metadata[key] = value;
        foreach (var parameter in network.Model.Parameters) writer.Add(parameter.Name, parameter.Shape, network.GetParameter(parameter.Name));
        writer.Write(path);
    }

    /// <summary>Loads all parameters and running statistics. If any tensor does not fit, the network is left unchanged.</summary>
    /// <exception cref="SafeTensorsException">
    /// The file is damaged, or a tensor is missing, unknown, or has another shape or dtype. The message names it.
    /// </exception>
    public static void Load(Network network, string path)
    {
        ArgumentNullException.ThrowIfNull(network);
        using var reader = new SafeTensorsReader(path);
        Load(network, reader);
    }

    /// <summary>Loads from an open file.</summary>
    /// <param name="network">The network.</param>
    /// <param name="reader">The file.</param>
    /// <param name="isIgnored">Selects tensors in the file, by name, that are not the network's and are ignored; null for none.</param>
    internal static void Load(Network network, SafeTensorsReader reader, Func<string, bool>? isIgnored = null)
    {
        var model = network.Model;
        var known = model.Parameters.ToDictionary(parameter => parameter.Name, StringComparer.Ordinal);
        var missing = model.Parameters.Where(parameter => !reader.Tensors.ContainsKey(parameter.Name)).Select(parameter => parameter.Name).ToArray();
        var unknown = reader.Tensors.Keys.Where(name => !known.ContainsKey(name) && isIgnored?.Invoke(name) != true).ToArray();
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
            var entry = reader.Tensors[parameter.Name];
            if (entry.Type != "F32" || !entry.Shape.SequenceEqual(parameter.Shape.Select(extent => (long)extent)))
            {
                throw new SafeTensorsException(
                    $"The tensor '{parameter.Name}' in '{reader.Path}' has dtype {entry.Type} and shape {entry.ShapeText}, but the model '{model.Name}' needs "
                    + $"F32 and {string.Join("x", parameter.Shape)}.");
            }
        }

        var values = model.Parameters.Select(parameter => reader.ReadFloats(parameter.Name)).ToArray();
        for (var i = 0; i < values.Length; i++) network.SetParameter(model.Parameters[i].Name, values[i]);
    }

}
