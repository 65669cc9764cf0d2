using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Data;
using Gpu.Training.Images;
using Gpu.Training.Loop;
using Gpu.Training.Runs;

namespace Gpu.Cli.Commands;

/// <summary><c>eval RUN [DATASET]</c>: evaluates the best weights of a run on a data set.</summary>
internal sealed class EvalCommand
{
    // A wider matrix does not fit into a terminal.
    private const int MaxMatrixClasses = 20;

    private const string Corner = "true \\ predicted";

    // Space and line beside a column.
    private const int ColumnFrame = 3;
    private const int ShortestHead = 5;

    private readonly CommandContext _context;
    private readonly DeviceOptions _device = new();
    private readonly Argument<string> _run = new("RUN") { Description = "Run folder" };
    private readonly Argument<string?> _dataset = new("DATASET")
    {
        Description = "Data set name (see 'data list') or folder; all of a folder without test split (default: test split of the run's data)",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string?> _part = Options.OneOf("--part", "Split to evaluate", "test", "train", "test");
    private readonly Option<long?> _limit = Options.Integer("--limit", "Use only the first N images", 1, int.MaxValue, "all");
    private readonly Option<long?> _batch = Options.Integer("--batch", "Batch size in images", 1, 65_536, "256");
    private readonly Option<long?> _topK = Options.Integer("--top-k", "Also report top-N accuracy", 1, 1000, "5");

    private readonly Option<RgbColor?> _background = BackgroundOption.Create("that of the run");

    private readonly Option<bool> _skipUnreadable = ImageOptions.CreateSkipUnreadable();

    private EvalCommand(CommandContext context) => _context = context;

    /// <summary>Adds arguments, options and action.</summary>
    public static void Build(Command command, CommandContext context)
    {
        var eval = new EvalCommand(context);
        command.Arguments.Add(eval._run);
        command.Arguments.Add(eval._dataset);
        eval._device.AddTo(command);
        command.Options.Add(eval._part);
        command.Options.Add(eval._limit);
        command.Options.Add(eval._batch);
        command.Options.Add(eval._topK);
        command.Options.Add(eval._background);
        command.Options.Add(eval._skipUnreadable);
        command.SetAction(eval.Run);
    }

    private void Run(ParseResult parsed)
    {
        var path = parsed.GetRequiredValue(_run);
        var folder = RunArgument.Open(path);
        var run = folder.Configuration;
        var source = parsed.GetValue(_dataset) ?? RunArgument.DatasetOf(run);
        var isOwn = RunArgument.IsDatasetOf(run, source);
        var options = RunArgument.DataOptions(folder, _context.Reporter) with { SkipsUnreadable = parsed.GetValue(_skipUnreadable) };
        if (parsed.GetValue(_background) is { } background) options = options with { Background = background };
        // Another folder is no part of the training data, so all of it is new to the network.
        if (!isOwn) options = options with { Split = null, DrawsByOrder = false, IsUndivided = true };
        var data = DatasetLoader.Load(source, options);
        var part = parsed.GetValue(_part) ?? "test";
        var split = part == "train" ? data.Train : data.Test;
        if (!isOwn) WarnOfTrainingImages(folder, source, split);
        if (parsed.GetInt(_limit) is { } limit) split = split.Take(limit);
        using var device = _device.Open(parsed, _context);
        using var predictor = Predictor.Open(path, device, parsed.GetInt(_batch) ?? 256);
        var result = predictor.Evaluate(split, Math.Min(parsed.GetInt(_topK) ?? 5, folder.Model.Output.Length), _context.Host.Cancellation);
        Show(run.Model, data, ReferenceEquals(data.Train, data.Test) ? "" : part, device.Id, result);
    }

    // Numbered files have the same names in many folders, so the contents are compared where the training images are still there.
    private void WarnOfTrainingImages(RunFolder folder, string source, ImageSplit split)
    {
        if (split.Names is null || folder.ReadSplit() is not { } trained) return;
        var own = RunArgument.DatasetOf(folder.Configuration);
        var known = split.Names
            .Where(name => trained.Files.TryGetValue(name, out var part) && part is SplitPart.Train or SplitPart.Validation)
            .Count(name => !Directory.Exists(own) || HaveSameContent(Path.Combine(own, name), Path.Combine(source, name)));
        if (known == 0) return;
        var same = Directory.Exists(own) ? "are training images of the run" : "have the names of training images of the run, which may be the same images";
        _context.Reporter.Warn(
            $"{Units.Count(known)} of {Units.Count(split.Count)} images {same}: the result is too good. Evaluate the run without naming a "
            + "folder, or on other images.");
    }

    private static bool HaveSameContent(string first, string second)
    {
        var (one, other) = (new FileInfo(first), new FileInfo(second));
        return one.Exists && other.Exists && one.Length == other.Length && File.ReadAllBytes(first).AsSpan().SequenceEqual(File.ReadAllBytes(second));
    }

    private void Show(string model, ImageDataset data, string part, string device, Evaluation result)
    {
        var reporter = _context.Reporter;
        var classes = new List<JsonRecord>();
        if (result.ConfusionMatrix is { } confusion)
        {
            var scores = ClassScore.FromConfusionMatrix(confusion);
            var table = new ReportTable(
                ReportTable.Text("class"), ReportTable.Number("images"), ReportTable.Number("precision"), ReportTable.Number("recall"),
                ReportTable.Number("F1"));
            // A network may have more outputs than there are classes.
            for (var c = 0; c < data.Classes; c++)
            {
                var (name, score) = (data.ClassNames[c], scores[c]);
                if (score.Samples > 0)
                    table.Add(name, Units.Count(score.Samples), Units.Percent(score.Precision), Units.Percent(score.Recall), Units.Percent(score.F1));
                else
                    table.Add(name, "0", "-", "-", "-");
                classes.Add(new JsonRecord().Add("name", name).Add("samples", score.Samples).Add("precision", score.Precision).Add("recall", score.Recall)
                    .Add("f1", score.F1));
            }

            reporter.Table(table);
            if (data.Classes <= MaxMatrixClasses) reporter.Table(ConfusionTable(confusion, data.ClassNames, _context.Host.Width));
        }

        var top = result.TopK > 1 && data.Classes > result.TopK ? $", top-{result.TopK} accuracy {Units.Percent(result.TopKAccuracy)}" : "";
        var balanced = result.BalancedAccuracy is { } mean ? $", balanced accuracy {Units.Percent(mean)}" : "";
        var f1 = result.MacroF1 is { } macro ? $", macro-F1 {Units.Percent(macro)}" : "";
        reporter.Line(
            $"{model} on {Units.Count(result.Samples)} {(part.Length > 0 ? part + " " : "")}images of {data.Name}: "
            + $"accuracy {Units.Percent(result.Accuracy)}{balanced}{f1}{top}, loss {Units.Fixed(result.Loss, 4)}");
        reporter.Result(new JsonRecord()
            .Add("model", model).Add("dataset", data.Name).Add("part", part.Length > 0 ? part : "all").Add("device", device).Add("samples", result.Samples)
            .Add("loss", result.Loss).Add("accuracy", result.Accuracy).Add("balanced_accuracy", result.BalancedAccuracy).Add("macro_f1", result.MacroF1)
            .Add("top_k", result.TopK).Add("top_k_accuracy", result.TopKAccuracy).Add("seconds", result.Seconds)
            .Add("samples_per_second", result.Samples / result.Seconds).Add("classes", classes)
            .Add("confusion", result.ConfusionMatrix is { } matrix ? Rows(matrix) : null));
    }

    private static ReportTable ConfusionTable(int[,] confusion, IReadOnlyList<string> names, int width)
    {
        // Predictions of outputs that are no class of the data are counted together.
        string[] columns = confusion.GetLength(1) > names.Count ? [.. names, "other"] : [.. names];
        var room = width - Math.Max(Corner.Length, names.Max(name => name.Length)) - ColumnFrame;
        var longest = columns.Max(name => name.Length);
        while (longest > ShortestHead && columns.Sum(name => Math.Min(name.Length, longest) + ColumnFrame) > room) longest--;
        var table = new ReportTable([ReportTable.Text(Corner), .. columns.Select(name => ReportTable.Number(name.Length > longest ? name[..longest] : name))]);
        for (var row = 0; row < names.Count; row++)
        {
            var counts = Enumerable.Range(0, confusion.GetLength(1)).Select(column => confusion[row, column]).ToArray();
            int[] shown = columns.Length > names.Count ? [.. counts[..names.Count], counts[names.Count..].Sum()] : counts;
            table.Add([names[row], .. shown.Select(count => count != 0 ? $"{count}" : ".")]);
        }

        return table;
    }

    private static IEnumerable<IEnumerable<int>> Rows(int[,] matrix) =>
        Enumerable.Range(0, matrix.GetLength(0)).Select(row => Enumerable.Range(0, matrix.GetLength(1)).Select(column => matrix[row, column]));
}
