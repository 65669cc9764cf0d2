using Gpu.Training.Data;
using Gpu.Training.IO;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Onnx;
using Gpu.Training.Weights;

namespace Gpu.Training.Runs;

/// <summary>Writes imported networks as run folders, which predict, export and <c>train --init</c> take.</summary>
public static class RunImport
{
    /// <summary>Writes the configuration, the model and the weights of an imported network to a folder.</summary>
    /// <param name="imported">the network</param>
    /// <param name="folder">the folder; it may exist, but must not have a run</param>
    /// <param name="source">the file that it comes from</param>
    /// <param name="normalization">mean and deviation of the pixels; null for those in the file's metadata</param>
    /// <param name="classNames">class names; null for those in the file's metadata</param>
    /// <returns>Remarks for the user.</returns>
    /// <exception cref="TrainingException">the folder has a run or other files, or the classes do not fit</exception>
    public static IReadOnlyList<string> Write(
        OnnxModel imported, string folder, string source, ChannelStatistics? normalization = null, IReadOnlyList<string>? classNames = null)
    {
        ArgumentNullException.ThrowIfNull(imported);
        RunFolder.RequireFree(folder);
        List<string> remarks = [];
        var (model, channels) = (imported.Model, imported.Model.Input.IsImage ? imported.Model.Input.Channels : 1);
        normalization ??= WeightMetadata.Normalization(imported.Metadata);
        if (normalization is null)
        {
            normalization = new ChannelStatistics(new float[channels], [.. Enumerable.Repeat(1f, channels)]);
            remarks.Add("The file does not tell how pixels are normalized: they go in from 0 to 1. Give --mean and --deviation if the network needs others.");
        }

        if (model.Input.IsImage && normalization.Mean.Length != channels)
            throw new TrainingException($"The normalization has {normalization.Mean.Length} channels, but the network takes {model.Input}.");
        // For masks the channels are the classes.
        var hasMasks = TaskModel.IsPixelLoss(model.Recipe.Loss);
        var outputs = hasMasks ? model.Output.Channels : model.Output.Length;
        classNames ??= WeightMetadata.List<string>(imported.Metadata, WeightMetadata.Classes);
        if (classNames is { Count: > 0 } && classNames.Count != outputs)
            throw new TrainingException($"There are {classNames.Count} class names, but the network has {outputs} outputs.");
        if (classNames is not { Count: > 0 }) classNames = [.. Enumerable.Range(0, outputs).Select(index => $"class {index}")];
        var configuration = new RunConfiguration
        {
            Model = model.Name,
            Dataset = Path.GetFileName(source),
            DataFingerprint = "imported",
            ClassNames = classNames,
            Normalization = normalization,
            Device = "none",
            Task = hasMasks ? TaskKind.Segmentation : TaskKind.Classification,
            Options = new TrainingOptions(),
        };
        var writer = new SafeTensorsWriter();
        writer.Metadata["model"] = model.Name;
        foreach (var parameter in model.Parameters) writer.Add(parameter.Name, parameter.Shape, imported.Weights[parameter.Name]);
        Directory.CreateDirectory(folder);
        writer.Write(Path.Combine(folder, RunFolder.BestFile));
        ModelFile.Save(model, Path.Combine(folder, RunFolder.ModelFile));
        AtomicFile.WriteAllText(Path.Combine(folder, RunFolder.ConfigurationFile), configuration.Write());
        return remarks;
    }
}
