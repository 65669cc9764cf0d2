using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Runs;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Commands;

/// <summary><c>train [DATASET]</c>.</summary>
internal sealed class TrainCommand
{
    // Reading the loss of every step is for comparing runs, which are short.
    private const int MaxRecordedSteps = 1000;

    private readonly CommandContext _context;
    private readonly DeviceOptions _device = new();
    private readonly TrainOptions _options = new();
    private readonly Argument<string?> _dataset = new("DATASET")
    {
        Description = "A name that 'data list' shows, or a folder (default: digits)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _model = Options.Text(
        "--model", "NAME|FILE", "A name that 'models' shows, or a JSON file that describes a network", "by the size of the images; cnn2 for digits");

    private readonly Option<string?> _out = Options.Text("--out", "DIR", "The folder of the run: settings, history, weights, checkpoint", "runs/MODEL-TIME");
    private readonly Option<string?> _resume = Options.Text("--resume", "RUN",
        "Goes on with the run in this folder from its last checkpoint; options given here replace its own");

    private TrainCommand(CommandContext context) => _context = context;

    /// <summary>Adds what the command takes.</summary>
    public static void Build(Command command, CommandContext context)
    {
        var train = new TrainCommand(context);
        command.Arguments.Add(train._dataset);
        command.Options.Add(train._model);
        train._device.AddTo(command);
        train._options.AddTo(command);
        command.Options.Add(train._out);
        command.Options.Add(train._resume);
        command.SetAction(train.Run);
    }

    private int Run(ParseResult parsed)
    {
        // From here on Ctrl+C asks for a checkpoint.
        var cancellation = _context.Host.Cancellation;
        var display = new TrainingDisplay(_context.Reporter, TrainOptions.IsGiven(parsed, "--log-every"));

        // The device is opened last: a GPU's driver takes its time, and a mistake in the command should be found before.
        var prepare = parsed.GetValue(_resume) is { } run ? Resume(parsed, run, display) : Start(parsed, display);
        using var device = _device.Open(parsed, _context);
        TrainingResult result;
        using (var trainer = prepare(device)) result = trainer.Run(cancellation);
        display.Finish(result);
        return result.End == TrainingEnd.Cancelled ? ExitCode.Cancelled : ExitCode.Success;
    }

    private Func<ComputeDevice, Trainer> Start(ParseResult parsed, TrainingDisplay display)
    {
        var options = WithRecordedLosses(_options.Apply(parsed, TrainOptions.Defaults)) with { Precision = _device.Precision(parsed) };
        // A mistake in the name is found before the images are read.
        var named = parsed.GetValue(_model) is { } name ? ModelArgument.Find(name) : null;
        var source = parsed.GetValue(_dataset) ?? "digits";
        var data = DatasetLoader.Load(source, background: options.Background);
        var model = named ?? BuiltInModels.DefaultFor(data.Height, data.Width, data.Channels, data.Classes);
        if (options.Patience is not null && options.Validation is null && data.Validation is null)
            throw new UsageException("--patience needs a validation part: add --validation 0.1, say.");
        var folder = parsed.GetValue(_out) ?? RunFolder.NewName(model.Name);
        return device => new Trainer(model, data, device, options with { OutputFolder = folder, DatasetSource = RunArgument.Source(source) }, display);
    }

    private Func<ComputeDevice, Trainer> Resume(ParseResult parsed, string run, TrainingDisplay display)
    {
        foreach (var name in new[] { "--model", "--out", "--init" })
        {
            if (TrainOptions.IsGiven(parsed, name)) throw new UsageException($"{name} does not go with --resume: the run in '{run}' has its own.");
        }

        var folder = RunArgument.Open(run);
        if (!folder.HasCheckpoint) throw new UsageException($"The run in '{run}' has no checkpoint to resume from. Start a new run.");
        var background = _options.Apply(parsed, folder.Configuration.Options).Background;
        var data = DatasetLoader.Load(parsed.GetValue(_dataset) ?? RunArgument.DatasetOf(folder.Configuration), background: background);
        return device => Trainer.Resume(run, data, device, Change, display);

        TrainingOptions Change(TrainingOptions basis) =>
            WithRecordedLosses(_options.Apply(parsed, basis)) with { Precision = _device.Precision(parsed) ?? basis.Precision };
    }

    private TrainingOptions WithRecordedLosses(TrainingOptions options) =>
        options with { RecordLosses = _context.Reporter is JsonReporter && (options.Steps <= MaxRecordedSteps || options.LogEvery == 1) };
}
