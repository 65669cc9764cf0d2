using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Images;
using Gpu.Training.Loop;
using Gpu.Training.Runs;

namespace Gpu.Cli.Commands;

/// <summary><c>eval RUN [DATASET]</c>: evaluates the best weights of a run on a data set.</summary>
internal sealed class EvalCommand
{
    // A wider matrix does not fit into a terminal.
    private const int MaxMatrixClasses = 20;

    private readonly CommandContext _context;
    private readonly DeviceOptions _device = new();
    private readonly Argument<string> _run = new("RUN") { Description = "Run folder" };
    private readonly Argument<string?> _dataset = new("DATASET")
    {
        Description = "Data set name (see 'data list'), folder, or table, of which all rows are used (default: that of the run)",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string?> _part = Options.OneOf("--part", "Split to evaluate", "test", "train", "test");
    private readonly Option<long?> _limit = Options.Integer("--limit", "Use only the first N images", 1, int.MaxValue, "all");
    private readonly Option<long?> _batch = Options.Integer("--batch", "Batch size in images", 1, 65_536, "256");
    private readonly Option<long?> _topK = Options.Integer("--top-k", "Also report top-N accuracy", 1, 1000, "5");

    private readonly Option<string?> _plot = Options.Text(
        "--plot", "FILE", "PNG file for the predictions over the plane; for a run on a table of two numbers", "none");

    private readonly Option<RgbColor?> _background = BackgroundOption.Create("that of the run");

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
        command.Options.Add(eval._plot);
        command.SetAction(eval.Run);
    }

    private void Run(ParseResult parsed)
    {
        var path = parsed.GetRequiredValue(_run);
        var run = RunArgument.Open(path).Configuration;
        if (run.Table is { } schema)
        {
            RunTable(parsed, path, run, schema);
            return;
        }

        if (parsed.GetValue(_plot) is not null)
            throw new UsageException($"--plot draws runs on tables of two numbers, but '{path}' was trained on images. Omit it.");
        var data = (ImageDataset)DatasetLoader.LoadAny(
            parsed.GetValue(_dataset) ?? RunArgument.DatasetOf(run), background: parsed.GetValue(_background) ?? run.Options.Background,
            coarseLabels: DataArguments.UsesCoarseLabels(run));
        if (data.Classes != run.ClassNames.Count)
        {
            throw new UsageException(
                $"The run in '{path}' has {run.ClassNames.Count} classes ({string.Join(", ", run.ClassNames)}), "
                + $"but the data set '{data.Name}' has {data.Classes}. Use a data set with the same classes.");
        }

        var part = parsed.GetValue(_part) ?? "test";
        var split = part == "train" ? data.Train : data.Test;
        if (parsed.GetInt(_limit) is { } limit) split = split.Take(limit);
        using var device = _device.Open(parsed, _context);
        using var predictor = Predictor.Open(path, device, parsed.GetInt(_batch) ?? 256);
        var result = predictor.Evaluate(split, parsed.GetInt(_topK) ?? 5, _context.Host.Cancellation);
        Show(_context.Reporter, run.Model, data.Name, data.ClassNames, $"{part} images", part, device.Id, result);
    }

    private void RunTable(ParseResult parsed, string path, RunConfiguration run, TableSchema schema)
    {
        var given = parsed.GetValue(_dataset);
        var source = given ?? RunArgument.DatasetOf(run);
        var plot = parsed.GetValue(_plot);
        if (plot is not null && !(schema.FeatureCount == 2 && schema.Columns.Count == 2))
        {
            throw new UsageException(
                $"--plot draws runs on two columns of numbers, but '{path}' has {schema.Columns.Count} columns and {schema.FeatureCount} inputs. Omit it.");
        }

        var part = parsed.GetValue(_part) ?? "test";
        var (split, noun, name) = Rows(source, given is not null && RunArgument.Source(given) != run.DatasetSource, part, schema);
        if (parsed.GetInt(_limit) is { } limit) split = split.Take(limit);
        using var device = _device.Open(parsed, _context);
        using var predictor = Predictor.Open(path, device, parsed.GetInt(_batch) ?? 256);
        var result = predictor.Evaluate(split, parsed.GetInt(_topK) ?? 5, _context.Host.Cancellation);
        if (plot is not null)
        {
            ImageCodec.SavePng(plot, DecisionPlot.Render(schema, split, predictor.Predict));
            _context.Reporter.Line($"Drew the predictions and the {noun} to {Path.GetFullPath(plot)}");
        }

        Show(_context.Reporter, run.Model, name, schema.ClassNames, noun, part, device.Id, result, plot);
    }

    // The rows of the run's own table are drawn again; of another table all rows are used.
    private (TableSplit Split, string Noun, string Name) Rows(string source, bool isOther, string part, TableSchema schema)
    {
        if (!isOther || !File.Exists(source))
        {
            var data = (TableDataset)DatasetLoader.LoadAny(source, schema: schema);
            foreach (var remark in data.Remarks) _context.Reporter.Line(remark);
            return (part == "train" ? data.Train : data.Test, $"{part} rows", data.Name);
        }

        var split = TableFile.Read(source, schema, out var remarks);
        foreach (var remark in remarks) _context.Reporter.Line(remark);
        return (split, "rows", Path.GetFileName(source));
    }

    private static void Show(
        Reporter reporter, string model, string dataset, IReadOnlyList<string> classNames, string noun, string part, string device, Evaluation result,
        string? plot = null)
    {
        var isTable = noun.EndsWith("rows", StringComparison.Ordinal);
        var classes = new List<JsonRecord>();
        if (result.ConfusionMatrix is { } confusion)
        {
            var scores = ClassScore.FromConfusionMatrix(confusion);
            var table = new ReportTable(
                ReportTable.Text("class"), ReportTable.Number(isTable ? "rows" : "images"), ReportTable.Number("precision"), ReportTable.Number("recall"),
                ReportTable.Number("F1"));
            // A network may have more outputs than there are classes.
            for (var c = 0; c < classNames.Count; c++)
            {
                var (name, score) = (classNames[c], scores[c]);
                table.Add(name, Units.Count(score.Samples), Units.Percent(score.Precision), Units.Percent(score.Recall), Units.Percent(score.F1));
                classes.Add(new JsonRecord().Add("name", name).Add("samples", score.Samples).Add("precision", score.Precision).Add("recall", score.Recall)
                    .Add("f1", score.F1));
            }

            reporter.Table(table);
            if (scores.Length <= MaxMatrixClasses) reporter.Table(ConfusionTable(confusion, classNames));
        }

        var top = result.TopK > 1 && !isTable ? $", top-{result.TopK} accuracy {Units.Percent(result.TopKAccuracy)}" : "";
        reporter.Line(
            $"{model} on {Units.Count(result.Samples)} {noun} of {dataset}: "
            + (classNames.Count == 0
                ? $"RMSE {Units.Short(result.Rmse)}, R2 {Units.Fixed(result.R2, 4)}, loss {Units.Fixed(result.Loss, 4)}"
                : $"accuracy {Units.Percent(result.Accuracy)}{top}, loss {Units.Fixed(result.Loss, 4)}"));
        reporter.Result(new JsonRecord()
            .Add("model", model).Add("dataset", dataset).Add("part", part).Add("device", device).Add("samples", result.Samples).Add("loss", result.Loss)
            .Add("accuracy", result.Accuracy).Add("top_k", result.TopK).Add("top_k_accuracy", result.TopKAccuracy).Add("seconds", result.Seconds)
            .Add("samples_per_second", result.Samples / result.Seconds).Add("classes", classes)
            .Add("rmse", result.Rmse).Add("r2", result.R2).Add("plot", plot is null ? null : Path.GetFullPath(plot))
            .Add("confusion", result.ConfusionMatrix is { } matrix ? Rows(matrix) : null));
    }

    private static ReportTable ConfusionTable(int[,] confusion, IReadOnlyList<string> names)
    {
        var heads = names.Select(name => ReportTable.Number(name.Length > 5 ? name[..5] : name));
        var table = new ReportTable([ReportTable.Text("true \\ predicted"), .. heads]);
        for (var row = 0; row < names.Count; row++)
            table.Add([names[row], .. Enumerable.Range(0, names.Count).Select(column => confusion[row, column] is var count and not 0 ? $"{count}" : ".")]);
        return table;
    }

    private static IEnumerable<IEnumerable<int>> Rows(int[,] matrix) =>
        Enumerable.Range(0, matrix.GetLength(0)).Select(row => Enumerable.Range(0, matrix.GetLength(1)).Select(column => matrix[row, column]));
}
