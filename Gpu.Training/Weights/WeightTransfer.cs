using Gpu.Training.Data;
using Gpu.Training.Loop;
using Gpu.Training.Planning;
using Gpu.Training.Runs;

namespace Gpu.Training.Weights;

/// <summary>Initializes a network from the weights of another: tensors are matched by name and shape, and the others keep their initial values.</summary>
internal static class WeightTransfer
{
    private const int NamesInMessage = 6;

    /// <summary>Loads all matching tensors. Returns lines that tell the user what was loaded and what was not.</summary>
    /// <param name="network">the network</param>
    /// <param name="source">a safetensors file, or a run folder, whose best weights are taken</param>
    /// <param name="layout">names and layouts in the file</param>
    /// <param name="classes">names of the network's classes; the head of a run is matched by them. Null to match it by position</param>
    /// <exception cref="SafeTensorsException">the file is damaged, or nothing in it matches; the network is left unchanged</exception>
    public static IReadOnlyList<string> Load(Network network, string source, WeightLayout layout, IReadOnlyList<string>? classes = null)
    {
        var (file, known) = FindFile(source);
        WeightFile.RequireSafeTensors(file);
        using var reader = new SafeTensorsReader(file);
        var head = ClassHead.For(network, known, classes);
        var tensors = (layout == WeightLayout.Torch ? TorchLayout.Map(network.Model, reader) : Native(reader))
            .ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        List<string> missing = [], messages = [];
        List<(string Name, float[] Values)> loaded = [];
        foreach (var parameter in network.Model.Parameters)
        {
            if (!tensors.Remove(parameter.Name, out var tensor))
            {
                missing.Add(parameter.Name);
            }
            else if (head?.Matches(parameter, tensor) == true)
            {
                loaded.Add((parameter.Name, head.Align(network, parameter, tensor)));
            }
            else if (!tensor.Shape.SequenceEqual(parameter.Shape.Select(extent => (long)extent)))
            {
                messages.Add($"{parameter.Name}: {string.Join("x", tensor.Shape)} in the file, {string.Join("x", parameter.Shape)} in the network: left at "
                    + "its initial values");
            }
            else
            {
                loaded.Add((parameter.Name, tensor.Read()));
            }
        }

        if (loaded.Count == 0)
        {
            throw new SafeTensorsException(
                $"No tensor of '{reader.Path}' has the name and shape of a parameter of the model '{network.Model.Name}'. The file has "
                + $"{Names(reader.Tensors.Keys)}; the model needs {Names(network.Model.Parameters.Select(parameter => parameter.Name))}."
                + (layout == WeightLayout.Native ? " For a file saved by PyTorch, use --init-layout torch." : ""));
        }

        foreach (var (name, values) in loaded) network.SetParameter(name, values);
        messages.Insert(0, $"Initial weights from {reader.Path}: {loaded.Count} of {network.Model.Parameters.Count} tensors loaded.");
        if (head is { IsUsed: true }) messages.Add(head.Describe());
        var rest = new List<string>();
        if (missing.Count > 0) rest.Add($"{missing.Count} not in the file, left at their initial values ({Names(missing)})");
        if (tensors.Count > 0) rest.Add($"{tensors.Count} in the file not in the network, ignored ({Names(tensors.Values.Select(tensor => tensor.Source))})");
        messages.AddRange(WeightMetadata.Describe(reader, network.Model, missing));
        if (rest.Count > 0) messages.Add($"Tensors {string.Join("; ", rest)}.");
        return messages;
    }

    // The file, and the names of the run's classes.
    private static (string File, IReadOnlyList<string>? Classes) FindFile(string source)
    {
        if (!Directory.Exists(source)) return (source, null);
        try
        {
            var run = RunFolder.Open(source);
            if (File.Exists(run.BestWeights))
            {
                Checksums.Verify(run.Path, RunFolder.BestFile);
                return (run.BestWeights, run.Configuration.ClassNames);
            }
        }
        catch (TrainingException e)
        {
            throw new SafeTensorsException($"No initial weights in '{source}'. {e.Message}", e);
        }

        throw new SafeTensorsException($"The run '{source}' has no {RunFolder.BestFile}: it ended before its first evaluation. Give another run or a file.");
    }

    private static IEnumerable<SourceTensor> Native(SafeTensorsReader reader) => reader.Tensors.Values
        .Where(entry => !entry.Name.StartsWith(Checkpoint.Prefix, StringComparison.Ordinal))
        .Select(entry => new SourceTensor(entry.Name, entry.Name, entry.Shape, () => reader.ReadAsFloats(entry.Name)));

    private static string Names(IEnumerable<string> names) => NameList.Join(names, NamesInMessage);
}

/// <summary>A tensor of a weight file in the names and layout of this library.</summary>
/// <param name="Name">name of the parameter; if there is none for it, the name in the file</param>
/// <param name="Source">name in the file</param>
/// <param name="Shape">shape in the layout of this library</param>
/// <param name="Read">reads the values in that layout</param>
internal sealed record SourceTensor(string Name, string Source, IReadOnlyList<long> Shape, Func<float[]> Read);
