using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;

namespace Gpu.Cli.Parsing;

/// <summary>Options for data sets that are tables: target, task and columns to leave out.</summary>
internal sealed class TableArguments
{
    private readonly Option<string?> _target = Options.Text("--target", "NAME", "Column of a table to predict", "the last");
    private readonly Option<string?> _task = Options.OneOf(
        "--task", "What to predict from a table", "by the target's values", "classification", "binary", "regression");
    private readonly Option<string[]?> _ignore = Options.Checked(
        "--ignore", "A,B,...", "Columns of a table to leave out", "none", string[]? (text) => text.Split(',', StringSplitOptions.TrimEntries));

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_target);
        command.Options.Add(_task);
        command.Options.Add(_ignore);
    }

    /// <summary>The names of the options that the command line contains.</summary>
    public IEnumerable<string> Given(ParseResult parsed) =>
        new[] { _target.Name, _task.Name, _ignore.Name }.Where(name => TrainOptions.IsGiven(parsed, name));

    /// <summary>Loads a table and shows the remarks about it.</summary>
    public TableDataset Load(ParseResult parsed, string source, Reporter reporter)
    {
        var data = DatasetLoader.LoadTable(source, new TableOptions
        {
            Target = parsed.GetValue(_target),
            Task = parsed.GetValue(_task) is { } task ? Enum.Parse<TaskKind>(task, ignoreCase: true) : null,
            Ignore = parsed.GetValue(_ignore) ?? [],
        });
        foreach (var remark in data.Remarks) reporter.Note(remark);
        return data;
    }
}
