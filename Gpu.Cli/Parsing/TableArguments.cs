using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;

namespace Gpu.Cli.Parsing;

/// <summary>Options for data sets that are tables: target, task and columns to leave out.</summary>
internal sealed class TableArguments
{
    private static readonly string[] TableTasks = ["classification", "binary", "regression"];

    private static readonly Dictionary<string, TaskKind> ImageTasks = new() { ["autoencode"] = TaskKind.Autoencoding, ["gan"] = TaskKind.Generation };

    private readonly Option<string?> _target = Options.Text("--target", "NAME", "Column of a table to predict", "the last");
    private readonly Option<string?> _task = Options.OneOf(
        "--task", "What to learn: from a table classification, binary or regression; from images autoencode, to give an image again through fewer "
            + "numbers, or gan, to make such images from noise",
        "by the data: its classes, masks or the values of the target", [.. TableTasks, .. ImageTasks.Keys]);
    private readonly Option<string[]?> _ignore = Options.Checked(
        "--ignore", "A,B,...", "Columns of a table to leave out", "none", string[]? (text) => text.Split(',', StringSplitOptions.TrimEntries));

    private readonly Option<string[]?> _categorical = Options.Checked(
        "--categorical", "A,B,...", "Columns of a table that are categories, also if their cells are numbers or all different", "columns of texts",
        string[]? (text) => text.Split(',', StringSplitOptions.TrimEntries));

    private readonly Option<string[]?> _use = Options.Checked(
        "--use", "A,B,...", "Columns of a table to read that are otherwise left out, because they only number or name the rows", "none",
        string[]? (text) => text.Split(',', StringSplitOptions.TrimEntries));

    private readonly Option<string?> _header = Options.OneOf(
        "--header", "Whether the first line of a table has the names of the columns; without, they are c1, c2 ...", "by the line's cells", "yes", "no");

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_target);
        command.Options.Add(_task);
        command.Options.Add(_ignore);
        command.Options.Add(_categorical);
        command.Options.Add(_use);
        command.Options.Add(_header);
    }

    /// <summary>The names of the options.</summary>
    public IEnumerable<string> Names => [_target.Name, _task.Name, _ignore.Name, _categorical.Name, _use.Name, _header.Name];

    /// <summary>The task on images that needs no labels; null for none.</summary>
    public TaskKind? ImageTask(ParseResult parsed) => parsed.GetValue(_task) is { } name && ImageTasks.TryGetValue(name, out var task) ? task : null;

    /// <summary>The name of a task, as <c>--task</c> takes it.</summary>
    public static string NameOf(TaskKind task) => ImageTasks.FirstOrDefault(known => known.Value == task).Key ?? $"{task}".ToLowerInvariant();

    /// <summary>The names of the options that the command line contains.</summary>
    public IEnumerable<string> Given(ParseResult parsed) => Names.Where(name => TrainOptions.IsGiven(parsed, name));

    /// <summary>Loads a table and shows the remarks about it.</summary>
    public TableDataset Load(ParseResult parsed, string source, Reporter reporter)
    {
        var data = DatasetLoader.LoadTable(source, new TableOptions
        {
            Target = parsed.GetValue(_target),
            Task = parsed.GetValue(_task) is { } task ? Enum.Parse<TaskKind>(task, ignoreCase: true) : null,
            Ignore = parsed.GetValue(_ignore) ?? [],
            Categorical = parsed.GetValue(_categorical) ?? [],
            Use = parsed.GetValue(_use) ?? [],
            HasHeader = parsed.GetValue(_header) is { } header ? header == "yes" : null,
        });
        Show(data, reporter);
        return data;
    }

    /// <summary>Shows the remarks and warnings about a table.</summary>
    public static void Show(TableDataset data, Reporter reporter)
    {
        foreach (var remark in data.Remarks) reporter.Note(remark);
        foreach (var warning in data.Warnings) reporter.Warn(warning);
    }
}
