using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Training.Data;
using Gpu.Training.Images;
using Gpu.Training.Models;
using Gpu.Training.Runs;

namespace Gpu.Cli.Parsing;

/// <summary>The options of the commands that train on a data set: those for images and those for tables.</summary>
internal sealed class DataArguments
{
    private readonly ImageOptions _images = new();
    private readonly TableArguments _table = new();
    private readonly Option<string?> _labels = Options.OneOf("--labels", "Labels of CIFAR-100: 100 fine or 20 coarse classes", "fine", "fine", "coarse");

    private readonly Option<bool> _conditional = Options.Flag(
        "--conditional", "With --task gan: tell generator and discriminator the class of each image, so that generate --class draws images of a class");

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        _images.AddTo(command);
        _table.AddTo(command);
        command.Options.Add(_labels);
        command.Options.Add(_conditional);
    }

    /// <summary>The names of given options that a resumed run does not take, because it has its own.</summary>
    public IEnumerable<string> Given(ParseResult parsed) =>
        [.. _images.Given(parsed), .. _table.Given(parsed), .. new Option[] { _labels, _conditional }
            .Select(option => option.Name).Where(name => TrainOptions.IsGiven(parsed, name))];

    /// <summary>The task without labels that the command line names; null for none.</summary>
    public TaskKind? ImageTask(ParseResult parsed) => _table.ImageTask(parsed);

    /// <summary>The given options with their values, as text.</summary>
    public IEnumerable<string> Tokens(ParseResult parsed) => Given(parsed).SelectMany(name =>
        parsed.GetResult(name) is System.CommandLine.Parsing.OptionResult { Tokens: var tokens } ? tokens.Select(token => token.Value).Prepend(name) : [name]);

    /// <summary>The task on images that needs no labels; null for none.</summary>
    public TaskKind? Task(ParseResult parsed) => _table.ImageTask(parsed);

    /// <summary>Loads a data set for a new network, and creates the network.</summary>
    /// <param name="parsed">the command line</param>
    /// <param name="source">data set name, folder or table</param>
    /// <param name="modelName">name or file of the network; null for the default</param>
    /// <param name="background">background of transparent images and of padding</param>
    /// <param name="reporter">receives notes</param>
    /// <param name="check">receives the network and the number of images before they are decoded, and may refuse them; null for nothing</param>
    /// <exception cref="UsageException">an option is for another kind of data</exception>
    public (Dataset Data, Model Model) Load(
        ParseResult parsed, string source, string? modelName, RgbColor background, Reporter reporter, Action<Model, int>? check = null)
    {
        RunArgument.NoteSameName(source, reporter);
        var task = _table.ImageTask(parsed);
        var isConditional = parsed.GetValue(_conditional);
        if (isConditional && task != TaskKind.Generation)
            throw new UsageException($"{_conditional.Name} tells a generator the class, and needs --task gan. Add it, or omit {_conditional.Name}.");
        if (DatasetLoader.IsTable(source))
        {
            if (_images.Given(parsed).FirstOrDefault() is { } imageOption)
                throw new UsageException($"{imageOption} is for images, but '{source}' is a table. Omit it.");
            if (task is not null)
                throw new UsageException($"--task {parsed.GetValue<string>("--task")} is for images, but '{source}' is a table. Omit it.");
            // Reports a wrong name before the table is read.
            if (modelName is not null) ModelArgument.Find(modelName);
            var table = _table.Load(parsed, source, reporter);
            return (table, ModelArgument.For(modelName, table, reporter));
        }

        if (_table.Given(parsed).FirstOrDefault(name => task is null || name != "--task") is { } tableOption)
            throw new UsageException($"{tableOption} is for tables (.csv, .tsv), but '{source}' is not one. Omit it.");
        var (data, model) = _images.Load(parsed, source, modelName, background, reporter, parsed.GetValue(_labels) == "coarse", check, task, isConditional);
        if (TrainOptions.IsGiven(parsed, _labels.Name) && data.Classes is not (100 or RunArgument.CoarseClasses))
            throw new UsageException($"--labels chooses the labels of CIFAR-100, but '{source}' is another data set. Omit it.");
        return (data, ModelArgument.Adapt(model, data.Task, reporter));
    }

    /// <summary>Loads the data set of a run that is resumed.</summary>
    public Dataset Reload(ParseResult parsed, RunFolder run, string source, RgbColor background, Reporter reporter)
    {
        if (run.Configuration.Table is { } schema)
        {
            var table = DatasetLoader.LoadTable(source, schema: schema, rows: run.ReadRows(), onlyRecorded: true);
            TableArguments.Show(table, reporter);
            return table;
        }

        var images = DatasetLoader.Load(source, RunArgument.DataOptions(run, reporter) with
        {
            Background = background,
            SkipsUnreadable = _images.SkipsUnreadable(parsed),
            OnlyRecorded = true,
        });
        var task = run.Configuration.Task;
        return task is TaskKind.Autoencoding or TaskKind.Generation ? images.ForTask(task) : images;
    }
}
