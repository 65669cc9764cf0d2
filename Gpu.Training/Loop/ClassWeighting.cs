using System.Text.Json;
using Gpu.Training.Data;
using Gpu.Training.IO;

namespace Gpu.Training.Loop;

/// <summary>
/// Factors of the training loss of each class, against class imbalance. The loss of a batch is the mean of weight[class] * loss over its samples. Evaluation
/// has no weights.
/// </summary>
public sealed record ClassWeighting
{
    /// <summary>
    /// Weights that give every class the same influence: samples / (classes * samples of the class), as in scikit-learn. Their mean over the samples is 1.
    /// With masks pixels are counted.
    /// </summary>
    public static ClassWeighting Balanced => new();

    /// <summary>The weight of each class by its name, 0 or more; null for <see cref="Balanced"/>.</summary>
    public IReadOnlyDictionary<string, float>? ByName { get; init; }

    /// <summary>Reads weights from a JSON file such as <c>{"cat": 1, "dog": 2.5}</c>.</summary>
    /// <exception cref="TrainingException">the file cannot be read, or is not an object of numbers from 0 to 10^6</exception>
    public static ClassWeighting Load(string path)
    {
        try
        {
            using var json = JsonText.Parse(RegularFile.ReadAllText(path));
            if (json.RootElement.ValueKind != JsonValueKind.Object) throw new FormatException("it is not an object");
            var weights = new Dictionary<string, float>();
            foreach (var property in json.RootElement.EnumerateObject())
            {
                if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetSingle(out var weight) || weight is not (>= 0 and <= 1e6f))
                    throw new FormatException($"the weight of '{property.Name}' is {property.Value.GetRawText()}, but must be a number from 0 to 1000000");
                if (!weights.TryAdd(property.Name, weight)) throw new FormatException($"it has two weights for '{property.Name}'");
            }

            return new ClassWeighting { ByName = weights };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException or InvalidOperationException)
        {
            throw new TrainingException(
                $"The class weights in '{path}' cannot be read: {e.Message.TrimEnd('.')}. Expected a JSON object such as {{\"cat\": 1, \"dog\": 2.5}}.", e);
        }
    }

    /// <summary>The weights as a list, one for each class that the model tells apart.</summary>
    /// <exception cref="TrainingException">a class has no weight, or a weight has no class</exception>
    internal float[] Resolve(Dataset data, int outputs)
    {
        if (data.Task is not (TaskKind.Classification or TaskKind.Segmentation))
            throw new TrainingException($"Class weights need one output per class, but the task of '{data.Name}' is {data.Task}. Omit --class-weights.");
        var weights = new float[outputs];
        Array.Fill(weights, 1f);
        if (ByName is null)
        {
            var counts = data is ImageDataset { Task: TaskKind.Segmentation } images ? images.Train.CountPixelsPerClass(data.Classes)
                : [.. data.Train.CountPerClass(data.Classes).Select(count => (long)count)];
            var used = counts.Count(count => count > 0);
            for (var c = 0; c < counts.Length; c++)
                if (counts[c] > 0) weights[c] = (float)((double)counts.Sum() / ((double)used * counts[c]));
            return weights;
        }

        var missing = data.ClassNames.Where(name => !ByName.ContainsKey(name)).ToArray();
        var extra = ByName.Keys.Except(data.ClassNames).ToArray();
        if (missing.Length + extra.Length > 0)
        {
            throw new TrainingException(
                $"The class weights do not match the classes of the data set '{data.Name}' ({NameList.Join(data.ClassNames)}): "
                + string.Join("; ", Part("no weight for", missing), Part("no class for the weight of", extra)).Trim(' ', ';') + ".");
        }

        for (var c = 0; c < data.Classes; c++) weights[c] = ByName[data.ClassNames[c]];
        return weights;

        static string Part(string text, string[] names) => names.Length == 0 ? "" : $"{text} {NameList.Join(names)}";
    }
}
