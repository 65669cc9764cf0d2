using System.CommandLine;
using System.Globalization;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Data;
using Gpu.Training.Onnx;
using Gpu.Training.Runs;

namespace Gpu.Cli.Commands;

/// <summary><c>import FILE.onnx</c>: makes a run folder of a network of another program.</summary>
internal sealed class ImportCommand
{
    private readonly CommandContext _context;
    private readonly Argument<string> _file = new("FILE") { Description = "ONNX file of a classifier, such as torch.onnx.export and tf2onnx write it" };
    private readonly Option<string?> _out = Options.Text("--out", "DIR", "Run folder to create", "runs/MODEL-TIME");
    private readonly Option<(int, int)?> _size = Options.Checked(
        "--size", "N|HxW", "Size of the images, if the file leaves it open", "that of the file", (int, int)? (text) => ModelCommand.ParseSize(text));

    private readonly Option<float[]?> _mean = Options.Checked(
        "--mean", "X,...", "Mean of each channel, of pixels from 0 to 1", "that in the file, else 0", text => Numbers(text, least: -1000));

    private readonly Option<float[]?> _deviation = Options.Checked(
        "--deviation", "X,...", "Standard deviation of each channel, of pixels from 0 to 1", "that in the file, else 1", text => Numbers(text, least: 1e-6));

    private readonly Option<string?> _classNames = Options.Text("--class-names", "FILE", "Text file with one class name per line", "those in the file");

    private ImportCommand(CommandContext context) => _context = context;

    /// <summary>Adds arguments, options and action.</summary>
    public static void Build(Command command, CommandContext context)
    {
        var import = new ImportCommand(context);
        command.Arguments.Add(import._file);
        foreach (var option in new Option[] { import._out, import._size, import._mean, import._deviation, import._classNames }) command.Options.Add(option);
        command.SetAction(import.Run);
    }

    private void Run(ParseResult parsed)
    {
        var file = parsed.GetRequiredValue(_file);
        if (!File.Exists(file)) throw new UsageException($"There is no file '{file}'. Give the path of an ONNX file.");
        // An option that is not given has an empty list.
        var (mean, deviation) = (parsed.GetValue(_mean) ?? [], parsed.GetValue(_deviation) ?? []);
        if (mean.Length != deviation.Length)
            throw new UsageException("--mean and --deviation belong together: give both, with the same number of channels.");
        if (parsed.GetValue(_out) is { } wanted) RunFolder.RequireFree(wanted);
        var imported = OnnxImporter.Read(file, parsed.GetValue(_size));
        var folder = parsed.GetValue(_out) ?? RunFolder.NewName(imported.Model.Name);
        var names = parsed.GetValue(_classNames) is { } list ? ClassNameFile.Read(list) : null;
        var remarks = RunImport.Write(imported, folder, file, mean.Length == 0 ? null : new ChannelStatistics(mean, deviation), names);
        var reporter = _context.Reporter;
        ModelCommand.ShowLayers(reporter, imported.Model);
        foreach (var remark in imported.Remarks.Concat(remarks)) reporter.Note(remark);
        reporter.Line($"Imported to {folder}. Next: gputrainer predict {ShellQuote.Quote(folder)} IMAGE");
        var model = ShellQuote.Quote(Path.Combine(folder, RunFolder.ModelFile));
        reporter.Line($"Fine-tune: gputrainer train DATA --model {model} --init {ShellQuote.Quote(folder)}");
        reporter.Result(new JsonRecord().Add("run", folder).Add("model", imported.Model.Name).Add("input", $"{imported.Model.Input}")
            .Add("outputs", imported.Model.Output.Length)
            .Add("task", $"{RunFolder.Open(folder).Configuration.Task}".ToLowerInvariant()).Add("parameters", imported.Model.ParameterCount)
            .Add("remarks", imported.Remarks.Concat(remarks)));
    }

    private static float[] Numbers(string text, double least)
    {
        var numbers = text.Split(',').Select(part =>
            float.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : float.NaN).ToArray();
        if (numbers.Length <= 16 && numbers.All(number => number >= least && number <= 1000)) return numbers;
        throw new FormatException($"expected a number from {least} to 1000 for each channel, such as 0.485,0.456,0.406, but got '{text}'.");
    }
}
