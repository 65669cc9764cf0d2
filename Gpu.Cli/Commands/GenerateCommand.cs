using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Generation;
using Gpu.Training.Images;

namespace Gpu.Cli.Commands;

/// <summary><c>generate RUN</c>: draws images that a trained network makes from noise.</summary>
internal sealed class GenerateCommand
{
    private const int MostImages = 10_000, MostColumns = 64, DefaultCount = 64, DefaultRows = 8, Steps = 12;

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
                + "autoencode "
                + "--model vae_small.");
        }

        var interpolates = parsed.GetValue(_interpolate);
        if (interpolates && TrainOptions.IsGiven(parsed, _columns.Name))
            throw new UsageException($"{_columns.Name} does not apply to --interpolate, whose rows have {Steps} images. Omit it.");
        var count = parsed.GetInt(_count) ?? (interpolates ? DefaultRows : DefaultCount);
        var seed = (ulong)(parsed.GetValue(_seed) ?? 1);
        var file = parsed.GetValue(_out) ?? "generated.png";
        var columns = interpolates ? Steps : parsed.GetInt(_columns) ?? 8;
        using var device = _device.Open(parsed, _context);
        using var generator = ImageGenerator.Open(path, device);
        var images = interpolates ? generator.Interpolate(count, Steps, seed) : generator.Generate(count, seed);
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
            .Add("out", Path.GetFullPath(file)));
    }
}
