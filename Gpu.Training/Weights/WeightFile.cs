using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Training.Weights;

/// <summary>A network's parameters and running statistics as a safetensors file: tensors of the names and shapes of <see cref="Model.Parameters"/>.</summary>
public static class WeightFile
{
    /// <summary>Writes all parameters and running statistics.</summary>
    /// <param name="network">the network</param>
    /// <param name="path">the file</param>
    /// <param name="metadata">what the file says about itself besides the model's name; null for nothing</param>
    public static void Save(Network network, string path, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        var writer = new SafeTensorsWriter();
        writer.Metadata["model"] = network.Model.Name;
        foreach (var (key, value) in metadata ?? new Dictionary<string, string>()) writer.Metadata[key] = value;
        foreach (var parameter in network.Model.Parameters) writer.Add(parameter.Name, parameter.Shape, network.GetParameter(parameter.Name));
        writer.Write(path);
    }

    /// <summary>Reads all parameters and running statistics. Nothing is changed unless all of them fit.</summary>
    /// <exception cref="SafeTensorsException">the file is damaged, or a tensor is missing, unknown, or of another shape or type; the message names
    /// it</exception>
    public static void Load(Network network, string path)
    {
        ArgumentNullException.ThrowIfNull(network);
        using var reader = new SafeTensorsReader(path);
        Load(network, reader);
    }

    /// <summary>As the public method, from an open file, which may hold other tensors beside those that a test takes for the network's.</summary>
    internal static void Load(Network network, SafeTensorsReader reader, Func<string, bool>? isForeign = null)
    {
        var model = network.Model;
        var known = model.Parameters.ToDictionary(parameter => parameter.Name, StringComparer.Ordinal);
        var missing = model.Parameters.Where(parameter => !reader.Tensors.ContainsKey(parameter.Name)).Select(parameter => parameter.Name).ToArray();
        var unknown = reader.Tensors.Keys.Where(name => !known.ContainsKey(name) && isForeign?.Invoke(name) != true).ToArray();
        if (missing.Length > 0 || unknown.Length > 0)
        {
            var madeFor = reader.Metadata.TryGetValue("model", out var name) ? $" The file was written for the model '{name}'." : "";
            throw new SafeTensorsException(
                $"The weights in '{reader.Path}' are not those of the model '{model.Name}'."
                + (missing.Length > 0 ? $" Missing: {JoinNames(missing)}." : "") + (unknown.Length > 0 ? $" Unknown: {JoinNames(unknown)}." : "") + madeFor);
        }

        foreach (var parameter in model.Parameters)
        {
            var entry = reader.Tensors[parameter.Name];
            if (entry.Type != "F32" || !entry.Shape.SequenceEqual(parameter.Shape.Select(extent => (long)extent)))
            {
                throw new SafeTensorsException(
                    $"The tensor '{parameter.Name}' in '{reader.Path}' is {entry.Type} of shape {entry.ShapeText}, but the model '{model.Name}' needs "
                    + $"F32 of shape {string.Join("x", parameter.Shape)}.");
            }
        }

        var values = model.Parameters.Select(parameter => reader.ReadFloats(parameter.Name)).ToArray();
        for (var i = 0; i < values.Length; i++) network.SetParameter(model.Parameters[i].Name, values[i]);
    }

    private static string JoinNames(string[] names) => string.Join(", ", names.Take(8)) + (names.Length > 8 ? $" and {names.Length - 8} more" : "");
}
