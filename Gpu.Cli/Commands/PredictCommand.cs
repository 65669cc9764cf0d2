using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Images;
using Gpu.Training.Loop;
using Gpu.Training.Runs;

namespace Gpu.Cli.Commands;

/// <summary><c>predict RUN IMAGE...</c>: predicts class probabilities of image files.</summary>
internal sealed class PredictCommand
{
    private const int BatchSize = 256;
    private const int MostNamed = 20;

    private readonly CommandContext _context;
    private readonly DeviceOptions _device = new();
    private readonly Argument<string> _run = new("RUN") { Description = "Run folder" };
    private readonly Argument<string[]> _images = new("IMAGE") { Description = "Image files, or folders of image files", Arity = ArgumentArity.OneOrMore };
    private readonly Option<long?> _top = Options.Integer("--top", "Show the N most probable classes", 1, 1000, "3");

    private readonly Option<RgbColor?> _background = BackgroundOption.Create("that of the run");

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
        command.Options.Add(predict._background);
        command.Options.Add(predict._skipUnreadable);
        command.SetAction(predict.Run);
    }

    private static IEnumerable<string> Expand(string path)
    {
        if (!Directory.Exists(path)) return [path];
        var files = Directory.GetFiles(path).Where(file => ImageCodec.HasImageExtension(file) && !Path.GetFileName(file).StartsWith('.'))
            .Order(StringComparer.Ordinal).ToArray();
        return files.Length > 0 ? files : throw new UsageException(
            $"The folder '{path}' contains no image files ({string.Join(", ", ImageCodec.Extensions)}). Subfolders are not searched.");
    }

    // A network with a flat input accepts any gray or color image with as many values.
    private static byte[] Pixels(string file, RunFolder run, ImageTransform? transform, RgbColor background)
    {
        var image = ImageCodec.Load(file, background);
        image = transform?.Apply(image, background) ?? image;
        var input = run.Model.Input;
        var channels = input.IsImage ? input.Channels : run.Configuration.Normalization.Mean.Length;
        if (channels is not (1 or 3) || image.Height * image.Width * channels != input.Length || (input.IsImage && image.Height != input.Height))
        {
            throw new ImageException(
                $"The image '{file}' is {image.Height}x{image.Width} (height x width), but the network expects {input}. "
                + "Scale the image to that size, as the training images were.");
        }

        return image.ToChannels(channels).Pixels;
    }

    // Decodes in parallel; null for files that cannot be read.
    private byte[]?[] Read(string[] files, RunFolder run, ImageTransform? transform, RgbColor background, bool skips)
    {
        var (pixels, errors) = (new byte[]?[files.Length], new ImageException?[files.Length]);
        Parallel.For(0, files.Length, i =>
        {
            try
            {
                pixels[i] = Pixels(files[i], run, transform, background);
            }
            catch (ImageException e)
            {
                errors[i] = e;
            }
        });
        var bad = errors.OfType<ImageException>().ToArray();
        if (bad.Length == 0) return pixels;
        if (skips)
        {
            foreach (var error in bad) _context.Reporter.Note($"Skipped: {error.Message}");
            return pixels;
        }

        if (bad.Length == 1) throw bad[0];
        var list = string.Concat(bad.Take(MostNamed).Select(error => $"{Environment.NewLine}  {error.Message}"));
        var more = bad.Length > MostNamed ? $"{Environment.NewLine}  and {bad.Length - MostNamed} more" : "";
        throw new ImageException($"{bad.Length} images cannot be read; --skip-unreadable leaves them out:{list}{more}");
    }

    private void Run(ParseResult parsed)
    {
        var path = parsed.GetRequiredValue(_run);
        var run = RunArgument.Open(path);
        var (input, outputs) = (run.Model.Input, run.Model.Output.Length);
        var classes = run.Configuration.ClassNames;
        string[] names = [.. classes, .. Enumerable.Range(0, outputs).Skip(classes.Count).Select(i => $"(output {i})")];
        var files = parsed.GetRequiredValue(_images).SelectMany(Expand).ToArray();
        var background = parsed.GetValue(_background) ?? run.Configuration.Options.Background;
        var transform = run.Configuration.Transform
            ?? (input.IsImage ? new ImageTransform { Height = input.Height, Width = input.Width } : null);
        var shown = Math.Min(parsed.GetInt(_top) ?? 3, names.Length);
        using var device = _device.Open(parsed, _context);
        using var predictor = Predictor.Open(path, device, Math.Min(files.Length, BatchSize));
        var columns = Enumerable.Range(1, shown).SelectMany(rank => new[] { ReportTable.Text($"top {rank}"), ReportTable.Number("probability") });
        var table = new ReportTable([ReportTable.Text("image"), .. columns]);
        List<JsonRecord> records = [];
        foreach (var chunk in files.Chunk(BatchSize))
        {
            _context.Host.Cancellation.ThrowIfCancellationRequested();
            var images = Read(chunk, run, transform, background, parsed.GetValue(_skipUnreadable));
            var read = chunk.Where((_, i) => images[i] is not null).ToArray();
            if (read.Length == 0) continue;
            var probabilities = predictor.Predict(images.OfType<byte[]>().SelectMany(image => image).ToArray(), read.Length);
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
