using Gpu.Cli.Output;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Models;

namespace Gpu.Cli.Parsing;

/// <summary>Finds a model by name or file.</summary>
internal static class ModelArgument
{
    /// <summary>The advice before the names of the networks that fit.</summary>
    public const string OmitOrChoose = "Omit --model, or choose one of";

    /// <summary>The chosen model, or the default one, adapted to the data. Shows what was changed.</summary>
    public static Model For(string? nameOrFile, Dataset data, Reporter reporter)
    {
        if (nameOrFile is null) return BuiltInModels.DefaultFor(data);
        try
        {
            return Adapt(ModelFile.FindFor(nameOrFile, data.SampleShape, data.Outputs), data.Task, reporter);
        }
        catch (ModelException mistake) when (data is TableDataset && BuiltInModels.Names.Contains(nameOrFile))
        {
            var others = BuiltInModels.Names.Where(name => !BuiltInModels.PublishedInput(name).IsImage);
            throw new UsageException(
                $"The network '{nameOrFile}' takes images, but '{data.Name}' is a table, whose rows are {data.SampleShape.Length} numbers. "
                + $"{OmitOrChoose} {string.Join(", ", others)}.", mistake);
        }
    }

    /// <summary>A model with a loss that fits the task. Shows what was changed.</summary>
    public static Model Adapt(Model model, TaskKind task, Reporter reporter)
    {
        var adapted = TaskModel.Adapt(model, task, out var remark);
        if (remark is not null) reporter.Note(remark);
        return adapted;
    }

    /// <summary>Returns the model. An unknown name is a usage error; a damaged file is a run-time failure.</summary>
    public static Model Find(string nameOrFile)
    {
        try
        {
            return ModelFile.Find(nameOrFile);
        }
        catch (ModelException mistake) when (!File.Exists(nameOrFile))
        {
            throw new UsageException(mistake.Message, mistake);
        }
    }
}
