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
    // A larger matrix is no longer read.
    private const int MaxMatrixClasses = 20;
    private const int MostConfusions = 15;

    private const int MostNamedCopies = 5;

    private const string Corner = "true \\ predicted";

    private readonly CommandContext _context;
    private readonly DeviceOptions _device = new();
    private readonly Argument<string> _run = new("RUN") { Description = "Run folder" };
    private readonly Argument<string?> _dataset = new("DATASET")
    {
        Description = "Data set name (see 'data list'), folder or table; all of it unless it has a test split (default: test split of the run's data)",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string?> _part = Options.OneOf("--part", "Split to evaluate", "test", "train", "test");
    private readonly Option<long?> _limit = Options.Integer("--limit", "Use only the first N images", 1, int.MaxValue, "all");
    private readonly Option<long?> _batch = Options.Integer("--batch", "Batch size in images", 1, 65_536, "256");
    private readonly Option<long?> _topK = Options.Integer("--top-k", "Also report top-N accuracy", 1, 1000, "5");

    private readonly Option<string?> _plot = Options.PngFile(
        "--plot", "PNG file for the predictions over the plane; for a run on a table of two numbers", "none");

    private readonly Option<RgbColor?> _background = BackgroundOption.Create("that of the run");

    private readonly Option<TestTimeAugmentation?> _tta = TestTimeOption.Create();

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
        command.Options.Add(eval._tta);
        command.Options.Add(eval._plot);
        command.SetAction(eval.Run);
    }

    private void Run(ParseResult parsed)
    {
        var path = parsed.GetRequiredValue(_run);
        var folder = RunArgument.Open(path);
        var run = folder.Configuration;
        if (run.Table is { } schema)
        {
            RunTable(parsed, path, folder, schema);
            return;
        }

        if (parsed.GetValue(_plot) is not null)
            throw new UsageException($"--plot draws runs on tables of two numbers, but '{path}' was trained on images. Omit it.");
        if (run.Task == TaskKind.Segmentation && TrainOptions.IsGiven(parsed, _topK.Name))
            throw new UsageException($"{_topK.Name} is for classes of whole images, but the run '{path}' was trained on masks. Omit it.");
        if (run.Task == TaskKind.Generation)
        {
            throw new UsageException(
                $"The run '{path}' is that of a generator, which has no loss on images. Look at its images: gputrainer generate {ShellQuote.Quote(path)}");
        }

        if (run.Task == TaskKind.Autoencoding && new[] { _topK.Name, _tta.Name }.FirstOrDefault(name => TrainOptions.IsGiven(parsed, name)) is { } useless)
            throw new UsageException($"{useless} is for classes, but the run '{path}' is that of an autoencoder. Omit it.");
        var source = parsed.GetValue(_dataset) ?? RunArgument.DatasetOf(run);
        var isOwn = RunArgument.IsDatasetOf(run, source);
        var options = RunArgument.DataOptions(folder, _context.Reporter) with { SkipsUnreadable = parsed.GetValue(_skipUnreadable) };
        if (parsed.GetValue(_background) is { } background) options = options with { Background = background };
        // Another folder is no part of the training data, so all of it is new to the network.
        if (!isOwn) options = options with { Split = null, DrawsByOrder = false, IsUndivided = true };
        var data = RunArgument.LoadData(parsed.GetValue(_dataset), WithDataset(path), () => DatasetLoader.Load(source, options));
        var part = parsed.GetValue(_part) ?? "test";
        var split = part == "train" ? data.Train : data.Test;
        (split, var leftOut) = part == "train" && isOwn ? (split, 0) : WithoutTrainingImages(folder, source, data, split, isOwn);
        WarnOfAbsentClasses(data, split, source, isOwn ? part : null);
        if (parsed.GetInt(_limit) is { } limit) split = split.Take(limit);
        using var device = _device.Open(parsed, _context);
        using var predictor = Predictor.Open(path, device, parsed.GetInt(_batch) ?? 256);
        var views = parsed.GetValue(_tta) ?? TestTimeAugmentation.None;
        var result = predictor.Evaluate(split, Math.Min(parsed.GetInt(_topK) ?? 5, folder.Model.Output.Length), _context.Host.Cancellation, views);
        var isAll = ReferenceEquals(data.Train, data.Test);
        Show(run.Model, data.Name, data.ClassNames, isAll ? "images" : $"{part} images", isAll ? "all" : part, device.Id, result, leftOut: leftOut);
    }

    private void RunTable(ParseResult parsed, string path, RunFolder folder, TableSchema schema)
    {
        var run = folder.Configuration;
        var given = parsed.GetValue(_dataset);
        var source = given ?? RunArgument.DatasetOf(run);
        TestTimeOption.RefuseForTable(parsed, _tta, path);
        if (schema.Task == TaskKind.Regression && TrainOptions.IsGiven(parsed, _topK.Name))
            throw new UsageException($"{_topK.Name} is for classes, but the run '{path}' predicts a number. Omit it.");
        var plot = parsed.GetValue(_plot);
        if (plot is not null) OutputFile.RequireOwn(plot, _plot.Name);
        if (plot is not null && !(schema.FeatureCount == 2 && schema.Columns.Count == 2))
        {
            throw new UsageException(
                $"--plot draws runs on two columns of numbers, but '{path}' has {schema.Columns.Count} columns and {schema.FeatureCount} inputs. Omit it.");
        }

        var part = parsed.GetValue(_part) ?? "test";
        var (split, noun, name) = Rows(given, source, part, folder, schema);
        if (parsed.GetInt(_limit) is { } limit) split = split.Take(limit);
        using var device = _device.Open(parsed, _context);
        using var predictor = Predictor.Open(path, device, parsed.GetInt(_batch) ?? 256);
        var result = predictor.Evaluate(split, parsed.GetInt(_topK) ?? 5, _context.Host.Cancellation);
        if (!double.IsFinite(result.Loss))
        {
            _context.Reporter.Warn(
                $"The loss is not a finite number: the values of a row of {name} are too far from those of training. 'predict' names the row.");
        }

        if (plot is not null)
        {
            ImageCodec.SavePng(plot, DecisionPlot.Render(schema, split, predictor.Predict));
            _context.Reporter.Line($"Drew the predictions and the {noun} to {Path.GetFullPath(plot)}");
        }

        Show(run.Model, name, schema.ClassNames, noun, part, device.Id, result, plot);
    }

    private static string WithDataset(string path) => $"eval {ShellQuote.Quote(path)} DATASET";

    // The rows of the run's own table keep their parts; of another table all rows are used.
    private (TableSplit Split, string Noun, string Name) Rows(string? given, string source, string part, RunFolder folder, TableSchema schema)
    {
        var isOther = given is not null && RunArgument.Source(given) != folder.Configuration.DatasetSource;
        if (Directory.Exists(source) || ImageCodec.HasImageExtension(source))
        {
            throw new UsageException(
                $"'{source}' is {(Directory.Exists(source) ? "a folder" : "an image")}, but the run '{folder.Path}' was trained on a table. Give a table "
                + "(.csv, .tsv) with the columns of the run, or omit it.");
        }

        var rows = folder.ReadRows();
        if (rows is null)
            _context.Reporter.Warn($"The run has no {RunFolder.RowsFile}, so training rows cannot be told from others: the result may be too good.");
        if (!isOther || !File.Exists(source))
        {
            var data = RunArgument.LoadData(given, WithDataset(folder.Path), () => DatasetLoader.LoadTable(source, schema: schema, rows: rows));
            TableArguments.Show(data, _context.Reporter);
            WarnOfAbsentClasses(data, part == "train" ? data.Train : data.Test, source, part);
            return (part == "train" ? data.Train : data.Test, $"{part} rows", data.Name);
        }

        var split = TableFile.Read(source, schema, out var remarks);
        foreach (var remark in remarks) _context.Reporter.Note(remark);
        if (split.Labels.Length + split.Targets.Length == 0)
        {
            throw new DatasetException(
                $"'{source}' has no column '{schema.Target}', the target, so there is nothing to compare predictions with. Add it, or use 'predict'.");
        }

        if (rows?.CountTrained(split) is > 0 and var known)
        {
            _context.Reporter.Warn(
                $"{Units.Count(known)} of {Units.Count(split.Count)} rows have the same inputs as training rows of the run: the result is too good. "
                + "Evaluate the run without naming a table, or on other rows.");
        }

        return (split, "rows", Path.GetFileName(source));
    }

    // A class without samples would only be a line of dashes among many.
    private void WarnOfAbsentClasses(Dataset data, DataSplit split, string source, string? part)
    {
        if (data.Classes == 0) return;
        var counts = split.CountPerClass(data.Classes);
        var all = new[] { data.Train, data.Test, data.Validation }.OfType<DataSplit>().Select(one => one.CountPerClass(data.Classes)).ToArray();
        Warn(label => all.All(one => one[label] == 0), $"'{source}'");
        Warn(label => counts[label] == 0 && !all.All(one => one[label] == 0), $"the {part} part of '{source}'");

        void Warn(Func<int, bool> isAbsent, string place)
        {
            var names = Enumerable.Range(0, data.Classes).Where(isAbsent).Select(label => $"'{data.ClassNames[label]}'").ToArray();
            if (names.Length == 0) return;
            var (noun, them, these) = names.Length > 1 ? ("classes", "them", "these classes") : ("class", "it", "this class");
            _context.Reporter.Warn(
                $"The run knows the {noun} {NameList.Join(names, MaxMatrixClasses)}, but there are no {split.SampleNoun} of {them} in {place}: "
                + $"the result says nothing about {these}.");
        }
    }

    // A copy of a training image tests what the network remembers, not what it learned, so it does not count. If all are copies, they are judged as such.
    private (ImageSplit Split, int LeftOut) WithoutTrainingImages(RunFolder folder, string source, ImageDataset data, ImageSplit split, bool isOwn)
    {
        if (split.Names is not { } names || folder.ReadSplit() is not { } trained) return (split, 0);
        if (trained.FindTrained(names, data.ContentHashes) is not { } copies)
        {
            if (!isOwn) WarnOfTrainingImages(folder, source, split, trained, names);
            return (split, 0);
        }

        var count = copies.Count(isCopy => isCopy);
        if (count == 0) return (split, 0);
        if (count == split.Count)
        {
            _context.Reporter.Warn(
                $"All {Units.Count(count)} images are training images of the run, or byte-identical copies of them: the result is too good. Evaluate the run "
                + "on other images.");
            return (split, 0);
        }

        var named = NameList.Join(names.Where((_, i) => copies[i]).Order(StringComparer.Ordinal), MostNamedCopies);
        _context.Reporter.Warn(
            $"{Units.Count(count)} of {Units.Count(split.Count)} images are training images of the run, or byte-identical copies of them: "
            + $"{named}. They are left out of the result.");
        return (split.Select([.. Enumerable.Range(0, split.Count).Where(i => !copies[i])]), count);
    }

    // For runs that did not record the content of their images.
    private void WarnOfTrainingImages(RunFolder folder, string source, ImageSplit split, RecordedSplit trained, IReadOnlyList<string> names)
    {
        var written = File.GetLastWriteTimeUtc(Path.Combine(folder.Path, RunFolder.SplitFile));
        var (same, possible) = trained.CountTrained(written, RunArgument.DatasetOf(folder.Configuration), source, names);
        if (same + possible == 0) return;
        string[] parts =
        [
            same > 0 ? $"{Units.Count(same)} of {Units.Count(split.Count)} images are training images of the run" : "",
            possible > 0 ? $"{Units.Count(possible)} of {Units.Count(split.Count)} images have the names of training images that are no longer there" : "",
        ];
        _context.Reporter.Warn(
            $"{string.Join(", and ", parts.Where(part => part.Length > 0))}: the result {(same > 0 ? "is" : "may be")} too good. "
            + "Evaluate the run without naming a folder, or on other images.");
    }

    // Scores of the pixels of each class.
    private void ShowPixels(
        string model, string dataset, IReadOnlyList<string> classNames, string noun, string part, string device, Evaluation result, PixelScores pixels,
        int leftOut)
    {
        var reporter = _context.Reporter;
        var table = new ReportTable(
            ReportTable.Text("class"), ReportTable.Number("pixels"), ReportTable.Number("share", rank: 2), ReportTable.Number("IoU"),
            ReportTable.Number("precision", rank: 1), ReportTable.Number("recall", rank: 1));
        List<JsonRecord> classes = [];
        for (var c = 0; c < classNames.Count; c++)
        {
            long truth = 0, predicted = 0;
            for (var other = 0; other < pixels.Counts.GetLength(0); other++)
            {
                truth += pixels.Counts[c, other];
                predicted += pixels.Counts[other, c];
            }

            var right = (double)pixels.Counts[c, c];
            double? iou = double.IsNaN(pixels.Iou[c]) ? null : pixels.Iou[c];
            double? precision = predicted > 0 ? right / predicted : null, recall = truth > 0 ? right / truth : null;
            table.Add(classNames[c], Units.Count(truth), Units.Percent((double)truth / pixels.Pixels), Text(iou), Text(precision), Text(recall));
            classes.Add(new JsonRecord().Add("name", classNames[c]).Add("pixels", truth).Add("iou", iou).Add("precision", precision).Add("recall", recall));
        }

        reporter.Table(table);
        reporter.Line(
            $"{model} on {Units.Count(result.Samples)} {noun} of {dataset}: mean IoU {Units.Percent(pixels.MeanIou)}, pixel accuracy "
            + $"{Units.Percent(pixels.Accuracy)}, loss {Units.Fixed(result.Loss, 4)}");
        reporter.Result(new JsonRecord()
            .Add("model", model).Add("dataset", dataset).Add("part", part).Add("device", device).Add("samples", result.Samples).Add("loss", result.Loss)
            .Add("accuracy", pixels.Accuracy).Add("mean_iou", pixels.MeanIou).Add("pixels", pixels.Pixels).Add("seconds", result.Seconds)
            .Add("samples_per_second", result.Samples / result.Seconds).Add("classes", classes).Add("left_out", leftOut)
            .Add("confusion", Enumerable.Range(0, pixels.Counts.GetLength(0)).Select(i => Enumerable.Range(0, pixels.Counts.GetLength(1))
                .Select(k => pixels.Counts[i, k]).ToArray()).ToArray()));

        static string Text(double? share) => share is { } value ? Units.Percent(value) : "-";
    }

    private void Show(
        string model, string dataset, IReadOnlyList<string> classNames, string noun, string part, string device, Evaluation result, string? plot = null,
        int leftOut = 0)
    {
        var reporter = _context.Reporter;
        if (result.Pixels is { } pixels)
        {
            ShowPixels(model, dataset, classNames, noun, part, device, result, pixels, leftOut);
            return;
        }

        var isTable = noun.EndsWith("rows", StringComparison.Ordinal);
        var classes = new List<JsonRecord>();
        if (result.ConfusionMatrix is { } confusion)
        {
            var scores = ClassScore.FromConfusionMatrix(confusion);
            var table = new ReportTable(
                ReportTable.Text("class"), ReportTable.Number(isTable ? "rows" : "images"), ReportTable.Number("precision", rank: 1),
                ReportTable.Number("recall", rank: 1), ReportTable.Number("F1"));
            // A network may have more outputs than there are classes.
            for (var c = 0; c < classNames.Count; c++)
            {
                var (name, score) = (classNames[c], scores[c]);
                if (score.Samples > 0)
                    table.Add(name, Units.Count(score.Samples), Units.Percent(score.Precision), Units.Percent(score.Recall), Units.Percent(score.F1));
                else
                    table.Add(name, "0", "-", "-", "-");
                classes.Add(new JsonRecord().Add("name", name).Add("samples", score.Samples).Add("precision", score.Precision).Add("recall", score.Recall)
                    .Add("f1", score.F1));
            }

            reporter.Table(table);
            ShowConfusion(reporter, confusion, classNames);
        }

        var hasTop = !double.IsNaN(result.Accuracy) && result.TopK > 1 && classNames.Count > result.TopK;
        var top = hasTop ? $", top-{result.TopK} accuracy {Units.Percent(result.TopKAccuracy)}" : "";
        var balanced = result.BalancedAccuracy is { } mean ? $", balanced accuracy {Units.Percent(mean)}" : "";
        var f1 = result.MacroF1 is { } macro ? $", macro-F1 {Units.Percent(macro)}" : "";
        reporter.Line(
            $"{model} on {Units.Count(result.Samples)} {noun} of {dataset}: "
            + (double.IsNaN(result.Accuracy) && double.IsNaN(result.Rmse) ? $"loss {Units.Fixed(result.Loss, 4)}{Divergence(result)}" : classNames.Count == 0
                ? $"RMSE {Units.Short(result.Rmse)}, R2 {Units.Fixed(result.R2, 4)}, loss {Units.Fixed(result.Loss, 4)}"
                : $"accuracy {Units.Percent(result.Accuracy)}{balanced}{f1}{top}, loss {Units.Fixed(result.Loss, 4)}"));
        reporter.Result(new JsonRecord()
            .Add("model", model).Add("dataset", dataset).Add("part", part).Add("device", device).Add("samples", result.Samples)
            .Add("loss", result.Loss).Add("accuracy", result.Accuracy).Add("balanced_accuracy", result.BalancedAccuracy).Add("macro_f1", result.MacroF1)
            .Add("top_k", hasTop ? result.TopK : null).Add("top_k_accuracy", hasTop ? result.TopKAccuracy : null).Add("seconds", result.Seconds)
            .Add("samples_per_second", result.Samples / result.Seconds).Add("classes", classes)
            .Add("left_out", leftOut).Add("divergence", double.IsNaN(result.Divergence) ? null : result.Divergence)
            .Add("rmse", result.Rmse).Add("r2", result.R2).Add("plot", plot is null ? null : Path.GetFullPath(plot))
            .Add("confusion", result.ConfusionMatrix is { } matrix ? Rows(matrix) : null));
    }

    private static string Divergence(Evaluation result) => double.IsNaN(result.Divergence) ? "" : $", KL {Units.Fixed(result.Divergence, 2)}";

    // The matrix with names, or with numbers for the columns; where neither fits into the width, the most frequent confusions.
    private static void ShowConfusion(Reporter reporter, int[,] confusion, IReadOnlyList<string> names)
    {
        // Predictions of outputs that are no class of the data are counted together.
        string[] columns = confusion.GetLength(1) > names.Count ? [.. names, "other"] : [.. names];
        if (names.Count <= MaxMatrixClasses)
        {
            var named = Matrix(Corner, names, columns);
            string[] numbers = [.. columns.Select((_, i) => i < names.Count ? $"{i + 1}" : "other")];
            var numbered = Matrix("true", [.. names.Select((name, i) => $"{i + 1} {name}")], numbers, "Columns: the predicted class, by its number");
            if (new[] { named, numbered }.FirstOrDefault(reporter.Fits) is { } table)
            {
                reporter.Table(table);
                return;
            }
        }

        var errors = (
            from row in Enumerable.Range(0, names.Count)
            from column in Enumerable.Range(0, confusion.GetLength(1))
            where row != column && confusion[row, column] > 0
            orderby confusion[row, column] descending
            select (True: names[row], Predicted: columns[Math.Min(column, columns.Length - 1)], Count: confusion[row, column])).ToArray();
        if (errors.Length == 0) return;
        var list = new ReportTable(ReportTable.Text("true"), ReportTable.Text("predicted"), ReportTable.Number("count"))
        {
            Title = errors.Length > MostConfusions ? $"The most frequent of {Units.Count(errors.Length)} kinds of errors" : "Errors",
        };
        foreach (var (label, predicted, count) in errors.Take(MostConfusions)) list.Add(label, predicted, Units.Count(count));
        reporter.Table(list);

        ReportTable Matrix(string corner, IReadOnlyList<string> rows, IReadOnlyList<string> heads, string? title = null)
        {
            var table = new ReportTable([ReportTable.Text(corner), .. heads.Select(name => ReportTable.Number(name))]) { Title = title };
            for (var row = 0; row < rows.Count; row++)
            {
                var counts = Enumerable.Range(0, confusion.GetLength(1)).Select(column => confusion[row, column]).ToArray();
                int[] shown = heads.Count > rows.Count ? [.. counts[..rows.Count], counts[rows.Count..].Sum()] : counts;
                table.Add([rows[row], .. shown.Select(count => count != 0 ? $"{count}" : ".")]);
            }

            return table;
        }
    }

    private static IEnumerable<IEnumerable<int>> Rows(int[,] matrix) =>
        Enumerable.Range(0, matrix.GetLength(0)).Select(row => Enumerable.Range(0, matrix.GetLength(1)).Select(column => matrix[row, column]));
}
