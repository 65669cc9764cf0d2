using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Data;
using Gpu.Training.Onnx;
using Gpu.Training.Runs;

namespace Gpu.Cli.Commands;

/// <summary><c>export RUN --format NAME</c>: writes the best weights of a run for other programs.</summary>
internal sealed class ExportCommand
{
    private const string ToOnnx = "onnx", ToCSharp = "csharp";

    private static readonly (string Name, ExportFormat Format)[] Formats =
    [
        (ToOnnx, ExportFormat.Onnx), ("safetensors", ExportFormat.SafeTensors), ("torch-names", ExportFormat.TorchNames), ("json", ExportFormat.Json),
        (ToCSharp, ExportFormat.CSharp),
    ];

    private readonly CommandContext _context;
    private readonly Argument<string> _run = new("RUN") { Description = "Run folder" };
    private readonly Option<string?> _format = Options.OneOf(
        "--format", "File format: an ONNX graph; weights as safetensors in the names of this program or of PyTorch; everything as JSON; a C# class "
        + "for Gpu.Kernels", ToOnnx,
        [.. Formats.Select(format => format.Name)]);

    private readonly Option<string?> _out = Options.Text("--out", "FILE", "File to write", "MODEL.onnx and the like in the run folder");
    private readonly Option<bool> _fold = Options.Flag(
        "--fold-batch-norm", "With onnx and csharp: compute batch normalizations into the weights of the layers before them");

    private readonly Option<string?> _preprocessing = Options.OneOf(
        "--with-preprocessing", "With onnx: the graph normalizes its input, pixels as bytes (0 to 255) or as unit (floats from 0 to 1)",
        "normalized input", "bytes", "unit");

    private readonly Option<bool> _probabilities = Options.Flag(
        "--probabilities", "With onnx: the graph ends in probabilities (softmax, or sigmoid for yes-or-no targets) instead of logits");

    private ExportCommand(CommandContext context) => _context = context;

    /// <summary>Adds arguments, options and action.</summary>
    public static void Build(Command command, CommandContext context)
    {
        var export = new ExportCommand(context);
        command.Arguments.Add(export._run);
        foreach (var option in new Option[] { export._format, export._out, export._fold, export._preprocessing, export._probabilities })
            command.Options.Add(option);
        command.SetAction(export.Run);
    }

    private void Run(ParseResult parsed)
    {
        var name = parsed.GetValue(_format) ?? ToOnnx;
        if (name != ToOnnx)
        {
            foreach (var option in new Option[] { _fold, _preprocessing, _probabilities })
            {
                if (TrainOptions.IsGiven(parsed, option.Name) && !(option == _fold && name == ToCSharp))
                    throw new UsageException($"{option.Name} changes the graph of an ONNX file, but --format is {name}, which has none. Omit it.");
            }
        }

        var run = RunArgument.Open(parsed.GetRequiredValue(_run));
        if (parsed.GetValue(_preprocessing) is not null && run.Configuration.Table is not null)
        {
            throw new UsageException(
                "--with-preprocessing normalizes pixels, but the run was trained on a table, whose columns the metadata of the file describes. Omit it.");
        }

        var task = run.Configuration.Task;
        if (task == TaskKind.Generation && parsed.GetValue(_preprocessing) is not null)
            throw new UsageException("--with-preprocessing normalizes pixels, but the input of a generator is noise. Omit it.");
        if (task is TaskKind.Generation or TaskKind.Autoencoding)
        {
            if (parsed.GetValue(_probabilities)) throw new UsageException("--probabilities is for classes, but the run makes images. Omit it.");
            if (name == ToCSharp)
                throw new UsageException("--format csharp writes a class that classifies images, but the run makes images. Use --format onnx.");
        }

        if (parsed.GetValue(_probabilities) && task == TaskKind.Regression)
            throw new UsageException("--probabilities is for classes, but the run predicts numbers. Omit it.");
        var format = Formats.First(known => known.Name == name).Format;
        if (format == ExportFormat.CSharp && run.Configuration.Table is not null)
            throw new UsageException($"--format {name} writes a class that takes images, but the run '{run.Path}' takes rows of a table. Use --format onnx.");
        if (parsed.GetValue(_out) is { } wanted) OutputFile.RequireEnding(wanted, $"--format {name}", $".{RunExport.FileName(run, format).Split('.')[^1]}");
        var path = parsed.GetValue(_out) ?? Path.Combine(run.Path, RunExport.FileName(run, format));
        OutputFile.RequireOwn(path);
        // The weights are numbers without a name; those of an exported class are its own.
        if (format == ExportFormat.CSharp && !File.Exists(path) && File.Exists(RunExport.WeightsPath(path)))
            throw new UsageException($"The file '{RunExport.WeightsPath(path)}', which the class would read, exists. Choose another --out, or move it away.");
        RunExport.Write(run, format, path, new OnnxOptions
        {
            FoldBatchNorm = parsed.GetValue(_fold),
            Probabilities = parsed.GetValue(_probabilities),
            Input = parsed.GetValue(_preprocessing) switch { "bytes" => OnnxInput.Bytes, "unit" => OnnxInput.Unit, _ => OnnxInput.Normalized },
        });
        var bytes = new FileInfo(path).Length;
        _context.Reporter.Line($"Written: {path} ({name}, {Units.Bytes(bytes)})");
        if (format == ExportFormat.CSharp) _context.Reporter.Line($"Written: {RunExport.WeightsPath(path)}, which the class reads");
        _context.Reporter.Result(new JsonRecord().Add("file", Path.GetFullPath(path)).Add("format", name).Add("bytes", bytes)
            .Add("model", run.Model.Name));
    }
}
