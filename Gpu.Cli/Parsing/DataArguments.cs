using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Images;
using Gpu.Training.Runs;

namespace Gpu.Cli.Parsing;

/// <summary>Options for how a data set is read: target, task and columns to leave out of a table; which labels of CIFAR-100.</summary>
internal sealed class DataArguments
{
    private const int CoarseClasses = 20;

    private readonly Option<string?> _target = Options.Text("--target", "NAME", "Column of a table to predict", "the last");
    private readonly Option<string?> _task = Options.OneOf(
        "--task", "What to predict from a table", "by the target's values", "classification", "binary", "regression");
    private readonly Option<string[]?> _ignore = Options.Checked(
        "--ignore", "A,B,...", "Columns of a table to leave out", "none", string[]? (text) => text.Split(',', StringSplitOptions.TrimEntries));

    private readonly Option<string?> _labels = Options.OneOf("--labels", "Labels of CIFAR-100: 100 fine or 20 coarse classes", "fine", "fine", "coarse");

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_target);
        command.Options.Add(_task);
        command.Options.Add(_ignore);
        command.Options.Add(_labels);
    }

    /// <summary>The names of the options that the command line contains.</summary>
    public IEnumerable<string> Given(ParseResult parsed) =>
        new[] { _target.Name, _task.Name, _ignore.Name, _labels.Name }.Where(name => TrainOptions.IsGiven(parsed, name));

    /// <summary>Loads a data set and shows the remarks about a table.</summary>
    /// <exception cref="UsageException">an option for tables was given for images</exception>
    public Dataset Load(ParseResult parsed, string source, RgbColor? background, Reporter reporter)
    {
        var options = new TableOptions
        {
            Target = parsed.GetValue(_target),
            Task = parsed.GetValue(_task) is { } task ? Enum.Parse<TaskKind>(task, ignoreCase: true) : null,
            Ignore = parsed.GetValue(_ignore) ?? [],
        };
        var data = DatasetLoader.LoadAny(source, options, background: background, coarseLabels: parsed.GetValue(_labels) == "coarse");
        if (data is not TableDataset && Given(parsed).FirstOrDefault(name => name != _labels.Name) is { } wrong)
            throw new UsageException($"{wrong} is for tables (.csv, .tsv), but '{source}' has images. Omit it.");
        if (TrainOptions.IsGiven(parsed, _labels.Name) && data.Classes is not (100 or CoarseClasses))
            throw new UsageException($"--labels chooses the labels of CIFAR-100, but '{source}' is another data set. Omit it.");
        ShowRemarks(data, reporter);
        return data;
    }

    /// <summary>Whether a run was trained on the coarse labels of CIFAR-100; other data sets ignore it.</summary>
    public static bool UsesCoarseLabels(RunConfiguration run) => run.ClassNames.Count == CoarseClasses;

    /// <summary>Shows the remarks about a table.</summary>
    public static void ShowRemarks(Dataset data, Reporter reporter)
    {
        if (data is not TableDataset table) return;
        foreach (var remark in table.Remarks) reporter.Line(remark);
    }
}
