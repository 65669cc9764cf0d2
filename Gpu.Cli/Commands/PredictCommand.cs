using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Images;
using Gpu.Training.Loop;
using Gpu.Training.Runs;

namespace Gpu.Cli.Commands;

/// <summary><c>predict RUN IMAGE...</c>: predicts class probabilities of image files.</summary>
internal sealed class PredictCommand
{
    private const int BatchSize = 256;

    private readonly CommandContext _context;
    private readonly DeviceOptions _device = new();
    private readonly Argument<string> _run = new("RUN") { Description = "Run folder" };
    private readonly Argument<string[]> _images = new("IMAGE")
    {
        Description = "Image files or folders of image files; for a run on a table, files of rows (.csv, .tsv)",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<long?> _top = Options.Integer("--top", "Show the N most probable classes", 1, 1000, "3");

    private readonly Option<string?> _out = Options.Text(
        "--out", "DIR", "For a run on images with masks: folder for a mask (indexed PNG) and an overlay of each image, in its size; for an autoencoder: for "
        + "the reconstructions",
        "predictions");

    private readonly Option<RgbColor?> _background = BackgroundOption.Create("that of the run");

    private readonly Option<TestTimeAugmentation?> _tta = TestTimeOption.Create();

    private readonly Option<bool> _skipUnreadable = ImageOptions.CreateSkipUnreadable();

    private PredictCommand(CommandContext context) => _context = context;

    /// <summary>Adds arguments, options and action.</summary>
    public static void Build(Command command, CommandContext context)
    {
        var predict = new PredictCommand(context);
        command.Arguments.Add(predict._run);
        command.Arguments.Add(predict._images);
        predict._device.AddTo(command);
        command.Options.Add(predict._top);
        command.Options.Add(predict._out);
        command.Options.Add(predict._background);
        command.Options.Add(predict._skipUnreadable);
        command.Options.Add(predict._tta);
        command.SetAction(predict.Run);
    }

    // One line for each row of the files.
    private void RunTable(ParseResult parsed, string path, TableSchema schema)
    {
        TestTimeOption.RefuseForTable(parsed, _tta, path);
        var files = parsed.GetRequiredValue(_images);
        foreach (var file in files)
        {
            var found = Directory.Exists(file) ? $"'{file}' is a folder" : !File.Exists(file) ? $"There is no file '{file}'"
                : ImageCodec.HasImageExtension(file) ? $"'{file}' is an image" : null;
            if (found is not null)
                throw new UsageException($"{found}. The run in '{path}' was trained on a table: give files of rows (.csv, .tsv) with its columns.");
        }

        List<(string File, TableSplit Rows)> tables = [];
        foreach (var file in files)
        {
            tables.Add((file, TableFile.Read(file, schema, out var remarks, withTarget: false)));
            foreach (var remark in remarks) _context.Reporter.Warn($"{file}: {remark}");
        }

        var isNumber = schema.Task == TaskKind.Regression;
        var shown = isNumber ? 1 : Math.Min(parsed.GetInt(_top) ?? 3, schema.ClassNames.Count);
        using var device = _device.Open(parsed, _context);
        using var predictor = Predictor.Open(path, device, BatchSize);
        var columns = Enumerable.Range(1, shown).SelectMany(rank => isNumber
            ? [ReportTable.Number(schema.Target)]
            : new[] { ReportTable.Text($"top {rank}", rank - 1), ReportTable.Number("probability", rank - 1) });
        var table = new ReportTable([ReportTable.Path("file"), ReportTable.Number("row"), .. columns]);
        List<JsonRecord> records = [];
        foreach (var (file, rows) in tables)
        {
            _context.Host.Cancellation.ThrowIfCancellationRequested();
            var results = predictor.Predict(rows);
            WarnOfInfinite(file, rows.Count, row => Enumerable.Range(0, results.GetLength(1)).All(output => float.IsFinite(results[row, output])));
            for (var row = 0; row < rows.Count; row++)
            {
                var record = new JsonRecord().Add("file", file).Add("row", row + 1);
                if (isNumber)
                {
                    table.Add(file, $"{row + 1}", Units.Number(results[row, 0]));
                    records.Add(record.Add("value", results[row, 0]));
                    continue;
                }

                var names = schema.ClassNames;
                var best = Enumerable.Range(0, names.Count).OrderByDescending(c => results[row, c]).Take(shown).ToArray();
                table.Add([file, $"{row + 1}", .. best.SelectMany(c => new[] { names[c], Units.Percent(results[row, c], 1) })]);
                var all = new JsonRecord();
                for (var c = 0; c < names.Count; c++) all.Add(names[c], results[row, c]);
                records.Add(record.Add("class", names[best[0]]).Add("probability", results[row, best[0]]).Add("probabilities", all));
            }
        }

        _context.Reporter.Table(table);
        _context.Reporter.Result(new JsonRecord().Add("run", path).Add("device", device.Id).Add("predictions", records));
    }

    // A finite input far from those of training can overflow in the network.
    private void WarnOfInfinite(string file, int count, Func<int, bool> isFinite)
    {
        var rows = Enumerable.Range(0, count).Where(row => !isFinite(row)).ToArray();
        if (rows.Length == 0) return;
        _context.Reporter.Warn(
            $"{file}: the network gives no finite number for {(rows.Length == 1 ? "row" : "rows")} "
            + $"{NameList.Join(rows.Select(row => $"{row + 1}"))}, whose values are too far from those of training.");
    }

    private static IEnumerable<string> Expand(string path)
    {
        if (!Directory.Exists(path)) return [path];
        var files = ImageFiles.Find(path);
        return files.Count > 0 ? files : throw new UsageException(
            $"The folder '{path}' contains no image files ({string.Join(", ", ImageCodec.Extensions)}), nor do its subfolders.");
    }

    // Decodes in parallel; null for files that cannot be read.
    private T?[] Read<T>(string[] files, RgbColor background, bool skips, Func<string, ByteImage, T> convert)
        where T : class
    {
        var results = ImageFiles.Decode(files, background, convert);
        var pixels = results.Select(result => result.Result).ToArray();
        var bad = results.Select(result => result.Error).OfType<ImageException>().ToArray();
        if (bad.Length == 0) return pixels;
        if (skips)
        {
            foreach (var error in bad) _context.Reporter.Note($"Skipped: {error.Message}");
            return pixels;
        }

        if (bad.Length == 1) throw bad[0];
        throw new ImageException(
            $"{bad.Length} images cannot be read; --skip-unreadable leaves them out:{NameList.Lines([.. bad.Select(error => error.Message)])}");
    }

    // A mask and an overlay for each image, in its own size.
    private void PredictMasks(ParseResult parsed, string path, RunFolder run, string[] files, ImageTransform? transform, RgbColor background)
    {
        // The decoded images of a chunk are kept for their overlays.
        const int chunkSize = 8;
        const int batchSize = 32;
        var folder = parsed.GetValue(_out) ?? "predictions";
        var targets = FileNames(files);
        RequireOwn(targets.SelectMany(target => new[] { $"{target}.png", $"{target}-overlay.png" }), folder);
        var names = run.Configuration.ClassNames;
        var input = run.Model.Input;
        using var device = _device.Open(parsed, _context);
        using var predictor = Predictor.Open(path, device, batchSize);
        Directory.CreateDirectory(folder);
        var table = new ReportTable(
            [
                ReportTable.Path("image"), ReportTable.Text("height x width", 2), ReportTable.Path("mask"),
                ReportTable.Text("classes (share of the pixels)", 1),
            ]);
        List<JsonRecord> records = [];
        var (from, isResized, isInParts) = (0, false, false);
        foreach (var chunk in files.Chunk(chunkSize))
        {
            _context.Host.Cancellation.ThrowIfCancellationRequested();
            var images = Read(chunk, background, parsed.GetValue(_skipUnreadable), (file, image) =>
                new MaskInput(image, NetworkInput.Parts(file, image, run, transform, background)));
            for (var i = 0; i < chunk.Length; i++)
            {
                if (images[i] is not { Image: var image, Parts: var parts }) continue;
                _context.Host.Cancellation.ThrowIfCancellationRequested();
                var labels = predictor.PredictMasks(parts.SelectMany(part => part).ToArray(), parts.Length);
                var mask = transform?.UncoverMask(labels, image.Height, image.Width) ?? labels;
                isResized |= (image.Height, image.Width) != (input.Height, input.Width);
                isInParts |= parts.Length > 1;
                var name = targets[from + i];
                var (maskFile, overlayFile) = (Path.Combine(folder, $"{name}.png"), Path.Combine(folder, $"{name}-overlay.png"));
                ImageCodec.SaveIndexedPng(maskFile, new ByteImage(image.Height, image.Width, 1, mask), MaskColors.Palette);
                ImageCodec.SavePng(overlayFile, MaskColors.Overlay(image, mask));
                var shares = names.Select((_, c) => mask.AsSpan().Count((byte)c) / (double)mask.Length).ToArray();
                var all = new JsonRecord();
                for (var c = 0; c < names.Count; c++) all.Add(names[c], shares[c]);
                records.Add(new JsonRecord().Add("image", chunk[i]).Add("mask", maskFile).Add("overlay", overlayFile).Add("height", image.Height)
                    .Add("width", image.Width).Add("parts", parts.Length).Add("shares", all));
                table.Add(chunk[i], $"{image.Height}x{image.Width}", maskFile, string.Join(", ", Enumerable.Range(0, names.Count).Where(c => shares[c] > 0)
                    .OrderByDescending(c => shares[c]).Select(c => $"{names[c]} {Units.Percent(shares[c], 1)}")));
            }

            from += chunk.Length;
        }

        _context.Reporter.Table(table);
        _context.Reporter.Line($"Wrote {Units.Count(records.Count, "mask")} with overlays to {folder}, each in the size of its image.");
        if (isResized)
        {
            var how = transform!.Fit switch
            {
                ImageFit.Crop when isInParts => $"scaled as in training, and covered by parts of {input.Height}x{input.Width} from the center outward",
                ImageFit.Pad => $"scaled and padded to {input.Height}x{input.Width} as in training",
                ImageFit.Stretch => $"stretched to {input.Height}x{input.Width} as in training",
                _ => $"scaled to {input.Height}x{input.Width} as in training",
            };
            _context.Reporter.Line($"The images were {how}; the masks are scaled back by the nearest neighbor.");
        }

        _context.Reporter.Result(new JsonRecord().Add("run", path).Add("device", device.Id).Add("classes", names).Add("predictions", records));
    }

    private sealed record MaskInput(ByteImage Image, byte[][] Parts);

    // A reconstruction of each image, in the size of the network's input, and its root mean squared error.
    private void Reconstruct(ParseResult parsed, string path, RunFolder run, string[] files, ImageTransform? transform, RgbColor background)
    {
        var folder = parsed.GetValue(_out) ?? "predictions";
        var targets = FileNames(files);
        RequireOwn(targets.Select(target => $"{target}.png"), folder);
        using var device = _device.Open(parsed, _context);
        using var predictor = Predictor.Open(path, device, BatchSize);
        Directory.CreateDirectory(folder);
        var table = new ReportTable([ReportTable.Path("image"), ReportTable.Path("reconstruction"), ReportTable.Number("RMSE (0 to 255)")]);
        List<JsonRecord> records = [];
        var from = 0;
        foreach (var chunk in files.Chunk(BatchSize))
        {
            _context.Host.Cancellation.ThrowIfCancellationRequested();
            var images = Read(
                chunk, background, parsed.GetValue(_skipUnreadable), (file, image) => NetworkInput.Pixels(file, image, run, transform, background));
            var read = Enumerable.Range(0, chunk.Length).Where(i => images[i] is not null).ToArray();
            var given = images.OfType<byte[]>().SelectMany(image => image).ToArray();
            var made = read.Length == 0 ? [] : predictor.Reconstruct(given, read.Length);
            for (var i = 0; i < read.Length; i++)
            {
                var size = given.Length / read.Length;
                var file = Path.Combine(folder, $"{targets[from + read[i]]}.png");
                var (height, width, channels) = run.Model.Output is { IsImage: true } output ? (output.Height, output.Width, output.Channels) : throw
                    new TrainingException($"The model '{run.Model.Name}' gives {run.Model.Output}, no image.");
                ImageCodec.SavePng(file, new ByteImage(height, width, channels, made[(i * size)..((i + 1) * size)]));
                var error = Math.Sqrt(Enumerable.Range(i * size, size).Average(k => Math.Pow(given[k] - made[k], 2)));
                table.Add(chunk[read[i]], file, Units.Fixed(error, 2));
                records.Add(new JsonRecord().Add("image", chunk[read[i]]).Add("reconstruction", file).Add("rmse", error));
            }

            from += chunk.Length;
        }

        _context.Reporter.Table(table);
        _context.Reporter.Line($"Wrote {Units.Count(records.Count, "reconstruction")} to {folder}");
        _context.Reporter.Result(new JsonRecord().Add("run", path).Add("device", device.Id).Add("predictions", records));
    }

    // If --out is the folder of the pictures, their names are taken.
    private static void RequireOwn(IEnumerable<string> names, string folder)
    {
        foreach (var name in names) OutputFile.RequireOwn(Path.Combine(folder, name));
    }

    // The names of the files without their endings; with a number where several files have the same.
    private static string[] FileNames(string[] files)
    {
        var used = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        return [.. files.Select(file =>
        {
            var stem = Path.GetFileNameWithoutExtension(file);
            var name = stem;
            for (var number = 2; !used.Add(name); number++) name = $"{stem}-{number}";
            return name;
        })];
    }

    private void Run(ParseResult parsed)
    {
        var path = parsed.GetRequiredValue(_run);
        var run = RunArgument.Open(path);
        if (run.Configuration.Table is { } schema)
        {
            RunTable(parsed, path, schema);
            return;
        }

        if (run.Configuration.Task == TaskKind.Generation)
        {
            throw new UsageException(
                $"The run '{path}' is that of a generator, which takes no images. To draw some: gputrainer generate {ShellQuote.Quote(path)}");
        }

        var names = NetworkInput.ClassNames(run);
        var files = parsed.GetRequiredValue(_images).SelectMany(Expand).ToArray();
        // Reported before the device is opened, which can take long.
        if (files.Where(file => !File.Exists(file)).ToArray() is { Length: > 0 } absent && !parsed.GetValue(_skipUnreadable))
        {
            throw new ImageException(absent.Length == 1
                ? $"The image file '{absent[0]}' does not exist. Check the path, or predict the others with --skip-unreadable."
                : $"{absent.Length} image files do not exist. Check the paths, or predict the others with --skip-unreadable:{NameList.Lines(absent)}");
        }

        var background = parsed.GetValue(_background) ?? run.Configuration.Options.Background;
        var transform = NetworkInput.TransformOf(run);
        var views = parsed.GetValue(_tta) ?? TestTimeAugmentation.None;
        if (run.Configuration.Task == TaskKind.Segmentation)
        {
            if (TrainOptions.IsGiven(parsed, _top.Name))
                throw new UsageException($"{_top.Name} is for classes of whole images, but the run '{path}' was trained on masks. Omit it.");
            if (views != TestTimeAugmentation.None)
                throw new UsageException($"{_tta.Name} is for classes of whole images, but the run '{path}' was trained on masks. Omit it.");
            PredictMasks(parsed, path, run, files, transform, background);
            return;
        }

        if (run.Configuration.Task == TaskKind.Autoencoding)
        {
            if (new[] { _top.Name, _tta.Name }.FirstOrDefault(name => TrainOptions.IsGiven(parsed, name)) is { } useless)
                throw new UsageException($"{useless} is for classes, but the run '{path}' is that of an autoencoder. Omit it.");
            Reconstruct(parsed, path, run, files, transform, background);
            return;
        }

        if (TrainOptions.IsGiven(parsed, _out.Name))
            throw new UsageException($"{_out.Name} is for masks, but the run '{path}' predicts a class for each image, which is printed. Omit it.");
        var shown = Math.Min(parsed.GetInt(_top) ?? 3, names.Length);
        using var device = _device.Open(parsed, _context);
        using var predictor = Predictor.Open(path, device, Math.Min(files.Length, BatchSize));
        var columns = Enumerable.Range(1, shown).SelectMany(
            rank => new[] { ReportTable.Text($"top {rank}", rank - 1), ReportTable.Number("probability", rank - 1) });
        var table = new ReportTable([ReportTable.Path("image"), .. columns]);
        List<JsonRecord> records = [];
        foreach (var chunk in files.Chunk(BatchSize))
        {
            _context.Host.Cancellation.ThrowIfCancellationRequested();
            var images = Read(
                chunk, background, parsed.GetValue(_skipUnreadable), (file, image) => NetworkInput.Pixels(file, image, run, transform, background));
            var read = chunk.Where((_, i) => images[i] is not null).ToArray();
            if (read.Length == 0) continue;
            var probabilities = predictor.Predict(images.OfType<byte[]>().SelectMany(image => image).ToArray(), read.Length, views);
            for (var i = 0; i < read.Length; i++)
            {
                var best = Enumerable.Range(0, names.Length).OrderByDescending(c => probabilities[i, c]).Take(shown).ToArray();
                table.Add([read[i], .. best.SelectMany(c => new[] { names[c], Units.Percent(probabilities[i, c], 1) })]);
                var all = new JsonRecord();
                for (var c = 0; c < names.Length; c++) all.Add(names[c], probabilities[i, c]);
                records.Add(new JsonRecord().Add("image", read[i]).Add("class", names[best[0]]).Add("probability", probabilities[i, best[0]])
                    .Add("probabilities", all));
            }
        }

        _context.Reporter.Table(table);
        _context.Reporter.Result(new JsonRecord().Add("run", path).Add("device", device.Id).Add("predictions", records));
    }
}
