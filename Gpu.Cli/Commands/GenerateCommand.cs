using System.CommandLine;
using System.Globalization;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Data;
using Gpu.Training.Generation;
using Gpu.Training.Images;
using Gpu.Training.Runs;

namespace Gpu.Cli.Commands;

/// <summary><c>generate RUN</c>: draws images that a trained network makes from noise.</summary>
internal sealed class GenerateCommand
{
    private const int MostImages = 10_000, MostColumns = 64, DefaultCount = 64, DefaultRows = 8, MostRows = 100, Steps = 12, MostNames = 20;

    private readonly CommandContext _context;
    private readonly DeviceOptions _device = new();
    private readonly Argument<string> _run = new("RUN") { Description = "Run folder of a network that makes images from noise, such as vae_small" };
    private readonly Option<long?> _count = Options.Integer(
        "--count", "Number of images; with --interpolate, of rows", 1, MostImages, $"{DefaultCount}; {DefaultRows} rows");

    private readonly Option<long?> _seed = Options.Integer("--seed", "Seed of the noise; image N is the same for every --count", 0, long.MaxValue, "1");
    private readonly Option<string?> _out = Options.PngFile("--out", "PNG file for the grid of images", "generated.png");
    private readonly Option<long?> _columns = Options.Integer("--columns", "Images per row", 1, MostColumns, "8");
    private readonly Option<bool> _interpolate = Options.Flag(
        "--interpolate", $"Draw rows of {Steps} images, from one noise to another, instead of single images");

    private readonly Option<string?> _class = Options.Text(
        "--class", "NAME|N", "Class of all images, by its name or number, for a network trained with --conditional", "a row for each class");

    private GenerateCommand(CommandContext context) => _context = context;

    /// <summary>Adds arguments, options and action.</summary>
    public static void Build(Command command, CommandContext context)
    {
        var generate = new GenerateCommand(context);
        command.Arguments.Add(generate._run);
        generate._device.AddTo(command);
        command.Options.Add(generate._count);
        command.Options.Add(generate._seed);
        command.Options.Add(generate._out);
        command.Options.Add(generate._columns);
        command.Options.Add(generate._interpolate);
        command.Options.Add(generate._class);
        command.SetAction(generate.Run);
    }

    private void Run(ParseResult parsed)
    {
        var path = parsed.GetRequiredValue(_run);
        var run = RunArgument.Open(path);
        if (!ImageGenerator.Supports(run.Model))
        {
            throw new UsageException(
                $"The run '{path}' generates no images: its network '{run.Model.Name}' makes none from noise. Train one that does, such as with --task "
                + "autoencode --model vae_small.");
        }

        var interpolates = parsed.GetValue(_interpolate);
        if (interpolates && TrainOptions.IsGiven(parsed, _columns.Name))
            throw new UsageException($"{_columns.Name} does not apply to --interpolate, whose rows have {Steps} images. Omit it.");
        var chosen = ClassOf(parsed, run);
        var seed = (ulong)(parsed.GetValue(_seed) ?? 1);
        var file = parsed.GetValue(_out) ?? "generated.png";
        OutputFile.RequireOwn(file);
        var columns = interpolates ? Steps : parsed.GetInt(_columns) ?? 8;
        var isConditional = run.Model.ConditionClasses > 0;
        var rows = isConditional && chosen is null;
        var count = parsed.GetInt(_count) ?? (interpolates ? rows ? Math.Min(MostRows, run.Model.ConditionClasses) : DefaultRows
            : rows ? Math.Min(MostRows, run.Model.ConditionClasses) * columns : DefaultCount);
        using var device = _device.Open(parsed, _context);
        using var generator = ImageGenerator.Open(path, device);
        var images = interpolates ? generator.Interpolate(count, Steps, seed, row => chosen ?? row % generator.Classes)
            : generator.Generate(count, seed, image => chosen ?? image / columns % generator.Classes);
        ByteImage grid;
        try
        {
            grid = ImageGrid.Render(images, generator.Shape, columns);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"The picture would be too large: {e.Message}. Use a smaller {_count.Name}, or more {_columns.Name}.", e);
        }

        ImageCodec.SavePng(file, grid);
        var number = images.Length / generator.Shape.Length;
        _context.Reporter.Line($"Wrote {Units.Count(number, "image")} of {generator.Shape} to {Path.GetFullPath(file)}");
        _context.Reporter.Result(new JsonRecord()
            .Add("run", path).Add("device", device.Id).Add("count", number).Add("seed", seed).Add("columns", columns).Add("interpolate", interpolates)
            .Add("class", chosen is { } index ? NameOf(run, index) : null).Add("out", Path.GetFullPath(file)));
    }

    // The number of the class; null for all of them.
    private int? ClassOf(ParseResult parsed, RunFolder run)
    {
        if (parsed.GetValue(_class) is not { } text) return null;
        var (classes, names) = (run.Model.ConditionClasses, run.Configuration.ClassNames);
        if (classes == 0)
            throw new UsageException($"{_class.Name} needs a network that is told the class, but that of '{run.Path}' is not. Train one with --conditional.");
        for (var i = 0; i < Math.Min(classes, names.Count); i++)
            if (names[i] == text) return i;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < classes) return number;
        var nearest = NearestName.Find(text, names) is { } name ? $" Did you mean '{name}'?" : "";
        throw new UsageException(
            $"{_class.Name}: the run '{run.Path}' has no class '{text}'.{nearest} Expected a name, or a number from 0 to {classes - 1}: "
            + $"{string.Join(", ", Enumerable.Range(0, Math.Min(classes, MostNames)).Select(i => NameOf(run, i)))}{(classes > MostNames ? ", ..." : "")}.");
    }

    private static string NameOf(RunFolder run, int index) => index < run.Configuration.ClassNames.Count ? run.Configuration.ClassNames[index] : $"{index}";
}
