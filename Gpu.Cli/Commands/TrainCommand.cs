using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Images;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Runs;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Commands;

/// <summary><c>train [DATASET]</c>: trains a network.</summary>
internal sealed class TrainCommand
{
    // The losses of every step are for comparing short runs.
    private const int MaxRecordedSteps = 1000;

    private const int FewSteps = 200;
    private const int EnoughSteps = 1000;

    private readonly CommandContext _context;
    private readonly DeviceOptions _device = new();
    private readonly TrainOptions _options = new();
    private readonly DataArguments _data = new();
    private readonly Argument<string?> _dataset = new("DATASET")
    {
        Description = "Data set name (see 'data list'), folder of images, or table (.csv, .tsv) (default: digits)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _model = Options.Text(
        "--model", "NAME|FILE", "Built-in network (see 'models') or JSON model file", "by the data; cnn2 for digits");

    private readonly Option<string?> _out = Options.Text(
        "--out", "DIR", "Run folder to create, for settings, history, weights and checkpoint", "runs/MODEL-TIME");
    private readonly Option<string?> _resume = Options.Text("--resume", "RUN",
        "Resume the run in this folder from its last checkpoint, also within an epoch");

    private readonly Option<string?> _loss = Options.OneOf(
        "--loss", "Loss for numbers and yes-or-no targets: mse, the mean squared error, or half-mse, half of it; for masks: cross-entropy of the pixels, dice, "
            + "focal (with gamma 2) or the sum cross-entropy+dice; for autoencoders: mse or cross-entropy of each "
            + "pixel value from 0 to 1; for --task gan: non-saturating or hinge",
        "the model's", "mse", "half-mse", "cross-entropy", "dice", "focal", "cross-entropy+dice", "non-saturating", "hinge");

    private readonly Option<string?> _recipe = Options.Text(
        Recipe.Option, "NAME", "Options of a published network, which those given here replace: "
        + string.Join("; ", Recipe.All.Select(recipe => $"{recipe.Name}: {recipe.Description}")), "none");
    private readonly Option<bool> _override = Options.Flag(
        "--override", "With --resume: allow options that change the result, such as --lr, --schedule and --dropout, to differ from those of the run");

    private readonly Option<bool> _resetOptimizer = Options.Flag(
        "--reset-optimizer", "With --resume: drop the state of the optimizer, which may then be another one");

    private readonly Option<bool> _tensorBoard = Options.Flag("--tensorboard", "Write an event file for TensorBoard into the run folder, too");

    private readonly Option<bool> _dryRun = Options.Flag(
        "--dry-run", "Print the plan of the run (data, layers, steps, optimizer, learning rate, memory) without training or creating a run folder");

    private readonly Option<string?> _plot = Options.PictureFile("--plot", "With --dry-run: draw the learning rate over the steps to a picture", "none");

    // Loading takes longest, and the settings of a sweep often share the data.
    private readonly Dictionary<string, (Dataset Data, Model Model)> _loaded = [];

    // A device that was opened to know its memory; only by a run that trains on it.
    private ComputeDevice? _early;
    private bool _mayOpenEarly;

    private TrainCommand(CommandContext context) => _context = context;

    /// <summary>The options that select the device.</summary>
    public DeviceOptions Device => _device;

    /// <summary>Adds arguments, options and action.</summary>
    public static void Build(Command command, CommandContext context) => Create(command, context);

    /// <summary>Adds arguments, options and action; returns the command, for callers that prepare runs themselves.</summary>
    public static TrainCommand Create(Command command, CommandContext context)
    {
        var train = new TrainCommand(context);
        command.Arguments.Add(train._dataset);
        command.Options.Add(train._recipe);
        command.Options.Add(train._model);
        train._device.AddTo(command);
        train._options.AddTo(command);
        train._data.AddTo(command);
        command.Options.Add(train._loss);
        command.Options.Add(train._out);
        command.Options.Add(train._resume);
        command.Options.Add(train._override);
        command.Options.Add(train._resetOptimizer);
        command.Options.Add(train._tensorBoard);
        command.Options.Add(train._dryRun);
        command.Options.Add(train._plot);
        command.SetAction(train.Run);
        return train;
    }

    /// <summary>
    /// Loads the data and the network of a new run, and checks its options. Data is loaded once for all calls with the same data, size and network.
    /// </summary>
    /// <param name="parsed">the command line of <c>train</c></param>
    /// <param name="reporter">receives notes</param>
    /// <exception cref="UsageException">an option does not apply, or contradicts another</exception>
    public (Model Model, Dataset Data, TrainingOptions Options) Prepare(ParseResult parsed, Reporter reporter)
    {
        var options = _options.Apply(parsed, TrainOptions.Defaults) with { Precision = _device.Precision(parsed) };
        var recipe = parsed.GetValue(_recipe) is { } name ? Recipe.Find(name) : null;
        var source = parsed.GetValue(_dataset) ?? recipe?.Dataset ?? "digits";
        CheckBeforeLoading(parsed, options, source);
        var key = string.Join('\n', [source, $"{options.Background}", parsed.GetValue(_model), .. _data.Tokens(parsed)]);
        if (!_loaded.TryGetValue(key, out var loaded))
            _loaded[key] = loaded = Load(parsed, recipe, source, options, reporter);

        var (data, model) = (loaded.Data, WithLoss(loaded.Model, loaded.Data, parsed.GetValue(_loss)));
        // The trainer does it, too; the checks and displays before it need the same network.
        if (options.Activation is { } activation) model = model.With(new Activation(activation));
        if (options.WeightStandardization) model = WithWeightStandardization(model);
        TrainOptions.CheckOptimizer(parsed, options, model.Recipe.Optimizer);
        TrainOptions.CheckDecay(parsed, options, model);
        if (data.Task == TaskKind.Segmentation) options = TrainOptions.ForMasks(parsed, options);
        var samples = (int)TrainingSamples(data, options);
        if (samples == 0)
        {
            var given = Math.Min(data.Train.Count, options.LimitTrain ?? int.MaxValue);
            throw new UsageException($"--validation {options.Validation} of {Units.Count(given, "training sample")} leaves none to train on. Give less.");
        }

        options = TrainOptions.FitBatch(parsed, options, model.Recipe.Optimizer, samples, reporter);
        if (options.Patience is not null && options.Validation is null && data.Validation is null)
            throw new UsageException("--patience needs a validation split. Add one, such as --validation 0.1.");
        if (options.AutoDecay && options.Validation is null && data.Validation is null)
            throw new UsageException("--auto-decay needs a validation part, whose loss it follows. Add one, such as --validation 0.2.");
        if (options.AutoDecay) CheckAutoDecay(options, model, samples);
        return (model, data, options with { DatasetSource = RunArgument.Source(source) });
    }

    /// <summary>Whether a command line trains a generator against a discriminator.</summary>
    public bool TrainsGenerator(ParseResult parsed) => _data.Task(parsed) == TaskKind.Generation;

    private (Dataset Data, Model Model) Load(ParseResult parsed, Recipe? recipe, string source, TrainingOptions options, Reporter reporter)
    {
        try
        {
            return _data.Load(
                parsed, source, parsed.GetValue(_model), options.Background, reporter, (model, images) => RequireMemory(parsed, model, images));
        }
        catch (UsageException mistake) when (
            recipe?.Model is { } model && model == parsed.GetValue(_model) && mistake.Message.Contains(ModelArgument.OmitOrChoose, StringComparison.Ordinal))
        {
            // The command line has no --model that could be omitted.
            throw new UsageException(
                mistake.Message.Replace(ModelArgument.OmitOrChoose, "Omit --recipe, or add --model with one of", StringComparison.Ordinal), mistake);
        }
    }

    private static Model WithWeightStandardization(Model model)
    {
        try
        {
            return model.WithWeightStandardization();
        }
        catch (ModelException mistake)
        {
            throw new UsageException(mistake.Message, mistake);
        }
    }

    // What --limit-train and --validation leave, before it is rounded.
    private static double TrainingSamples(Dataset data, TrainingOptions options)
    {
        var share = data.Validation is null && options.Validation is { } validation ? 1 - validation : 1;
        return share * Math.Min(data.Train.Count, options.LimitTrain ?? int.MaxValue);
    }

    private static long StepsPerEpoch(double samples, TrainingOptions options) =>
        (long)Math.Max(1, Math.Ceiling(samples / options.Batch / (double)options.Accumulate));

    private static void CheckAutoDecay(TrainingOptions options, Model model, int samples)
    {
        var steps = options.Steps ?? StepsPerEpoch(samples, options) * options.Epochs;
        if (steps < TrainingOptions.AutoDecayPeriod)
        {
            throw new UsageException(
                $"--auto-decay changes the weight decay after every {TrainingOptions.AutoDecayPeriod} steps, but the run has "
                + $"{Units.Count(steps, "step")}. Add --epochs or --steps, or omit --auto-decay.");
        }

        var (least, most) = TrainingOptions.AutoDecayRange(options.OptimizerFor(model.Recipe.Optimizer));
        if (options.WeightDecay is null or 0 || (options.WeightDecay >= least && options.WeightDecay <= most)) return;
        throw new UsageException(
            $"--auto-decay finds weight decays from {Units.Scientific(least)} to {Units.Scientific(most)}, where a step takes a tenth of a weight, but the "
            + $"start --weight-decay is {Units.Scientific(options.WeightDecay.Value)}. Give one in this range, or omit it.");
    }

    /// <summary>Trains a new run in a folder.</summary>
    /// <param name="parsed">the command line of <c>train</c></param>
    /// <param name="folder">the run folder</param>
    /// <param name="observer">receives progress</param>
    /// <param name="cancellation">ends the run with a checkpoint</param>
    public TrainingResult Train(ParseResult parsed, string folder, ITrainingObserver observer, CancellationToken cancellation)
    {
        var (model, data, options) = Prepare(parsed, _context.Reporter);
        using var device = _device.Open(parsed, _context);
        using var trainer = new Trainer(model, data, device, options with { OutputFolder = folder }, observer);
        return trainer.Run(cancellation);
    }

    private int Run(ParseResult parsed)
    {
        // From here on, Ctrl+C saves a checkpoint.
        var cancellation = _context.Host.Cancellation;
        var display = new TrainingDisplay(_context.Reporter, TrainOptions.IsGiven(parsed, "--log-every"), parsed.GetValue(_tensorBoard));
        if (parsed.GetValue(_dryRun)) return ShowPlan(parsed);
        if (parsed.GetValue(_plot) is not null)
            throw new UsageException("--plot needs --dry-run, which draws the learning rate instead of training. Add it, or omit --plot.");

        _mayOpenEarly = true;
        // GPU drivers start slowly, so a device that exists anyway is opened last. One that was asked for may be missing, which is told before data is decoded.
        var device = _device.MayBeMissing(parsed) ? _device.Open(parsed, _context) : null;
        try
        {
            var (prepare, data) = parsed.GetValue(_resume) is { } run ? Resume(parsed, run, display) : Start(parsed, display);
            device ??= _early ?? _device.Open(parsed, _context);
            TrainingResult result;
            using (var trainer = prepare(device)) result = trainer.Run(cancellation);
            display.Finish(result, data, device, cancellation);
            return result.End == TrainingEnd.Cancelled ? ExitCode.Cancelled : ExitCode.Success;
        }
        finally
        {
            (device ?? _early)?.Dispose();
        }
    }

    // Before images are decoded, which can take minutes. The batch may become smaller than the default, but not smaller than this.
    private void RequireMemory(ParseResult parsed, Model model, int images)
    {
        const int smallest = 8;
        var batch = TrainOptions.IsGiven(parsed, "--batch") ? _options.Apply(parsed, TrainOptions.Defaults).Batch : smallest;
        batch = Math.Min(batch, images);
        var what = $"Training {model.Name} on batches of {Units.Count(batch, "image")} of {model.Input.Height}x{model.Input.Width}";
        if (Trainer.LeastBytes(model, batch) is not { } bytes)
        {
            throw new UsageException(
                $"{what} needs more than {Units.Count(int.MaxValue)} values in one piece, which is the most that can be addressed. Use a smaller --size, "
                + "--batch or --model.");
        }

        var host = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (bytes <= host || !_mayOpenEarly) return;
        // A GPU may have more.
        _early ??= _device.Open(parsed, _context);
        if (bytes <= (_early.FreeBytes ?? host)) return;
        throw new UsageException(
            $"{what} needs {Units.Bytes(bytes)} or more, but {_early.Description} has {Units.Bytes(_early.FreeBytes ?? host)}. Use a smaller --size, --batch "
            + "or --model.");
    }

    private int ShowPlan(ParseResult parsed)
    {
        if (parsed.GetValue(_resume) is not null)
            throw new UsageException("--dry-run shows the plan of a new run, and cannot be combined with --resume. Omit one of them.");
        if (parsed.GetValue(_out) is { } wanted) RunFolder.RequireFree(wanted);
        if (parsed.GetValue(_plot) is { } picture) OutputFile.RequireOwn(picture, _plot.Name);
        var (model, data, options) = Prepare(parsed, _context.Reporter);
        CheckOptions(options, model, data);
        NoteFewSteps(data, options);
        using var device = _device.Open(parsed, _context);
        using var trainer = new Trainer(model, data, device, options);
        TrainingPlanDisplay.Show(_context.Reporter, model, options, trainer, parsed.GetValue(_plot));
        return ExitCode.Success;
    }

    private (Func<ComputeDevice, Trainer> Start, Dataset Data) Start(ParseResult parsed, TrainingDisplay display)
    {
        foreach (var option in new[] { _override, _resetOptimizer })
        {
            if (parsed.GetValue(option))
                throw new UsageException($"{option.Name} needs --resume, the run whose options may differ. Omit it.");
        }

        // Before the data is loaded and the device opened, which can take long.
        if (parsed.GetValue(_out) is { } wanted) RunFolder.RequireFree(wanted);
        var (model, data, options) = Prepare(parsed, _context.Reporter);
        CheckOptions(options, model, data);
        options = WithRecordedLosses(options) with { Commands = [CommandOf(parsed)] };
        ClassCounts.Check(data, _context.Reporter);
        NoteFewSteps(data, options);
        return (device => parsed.GetValue(_out) is { } folder
            ? new Trainer(model, data, device, options with { OutputFolder = folder }, display)
            : StartUnnamed(folder => new Trainer(model, data, device, options with { OutputFolder = folder }, display), model.Name),
            data.Limit(options.LimitTrain, options.LimitTest));
    }

    // As for a shell, so that it can be run again.
    private static string CommandOf(ParseResult parsed) => ShellQuote.Join(parsed.Tokens.Select(token => token.Value)
        .Where(text => text is not (CommandTree.Json or CommandTree.Plain or CommandTree.Verbose)).Prepend("gputrainer"));

    // Contradictions are told before the data is decoded, as far as the network is known by then.
    private void CheckBeforeLoading(ParseResult parsed, TrainingOptions options, string source)
    {
        if (_data.ImageTask(parsed) is { } task) CheckImageTask(options, task);
        if ((options.LabelSmoothing > 0 || options.Mixup > 0 || options.Cutmix > 0) && DatasetLoader.HasMasks(source))
        {
            if (options.LabelSmoothing > 0)
                throw new UsageException($"--label-smoothing does not apply to '{source}': the losses of masks have no label smoothing. Omit it.");
            var mixing = options.Mixup > 0 ? "--mixup" : "--cutmix";
            throw new UsageException(
                $"{mixing} does not apply to '{source}', which has masks: a pixel has one class, not a mixture. Omit it; --augment moves masks like their "
                + "images.");
        }

        var model = parsed.GetValue(_model) is { } name ? ModelArgument.Find(name) : null;
        if (model is not null || options.Optimizer is not null)
            TrainOptions.CheckOptimizer(parsed, options, model?.Recipe.Optimizer ?? new OptimizerOptions { Kind = options.Optimizer!.Value });
        if (model is not null) TrainOptions.CheckDecay(parsed, options, model);
    }

    private static void CheckImageTask(TrainingOptions options, TaskKind task)
    {
        (string Name, bool IsGiven)[] forClasses =
        [
            ("--label-smoothing", options.LabelSmoothing > 0), ("--class-weights", options.ClassWeights is not null), ("--mixup", options.Mixup > 0),
            ("--cutmix", options.Cutmix > 0),
        ];
        if (forClasses.FirstOrDefault(option => option.IsGiven).Name is { } useless)
            throw new UsageException($"{useless} is for classes, but --task {TableArguments.NameOf(task)} learns images. Omit it.");
        if (task != TaskKind.Generation) return;
        if (options.AutoDecay)
        {
            throw new UsageException(
                "--auto-decay follows the loss of a validation part, but an adversarial network has none: its loss depends on the discriminator. "
                + "Omit it, and compare the Fr\u00E9chet distances of runs with other --weight-decay (--frechet-every 1).");
        }

        (string Name, bool IsGiven, string Reason)[] others =
        [
            ("--validation", options.Validation is not null, "which has no validation loss"),
            ("--patience", options.Patience is not null, "which has no validation loss"),
            ("--accumulate", options.Accumulate > 1, "which trains the generator and the discriminator in turn on each batch"),
        ];
        if (others.FirstOrDefault(option => option.IsGiven) is { Name: { } other, Reason: var reason })
            throw new UsageException($"{other} does not apply to --task gan, {reason}. Omit it.");
    }

    // Before the device is opened. The options come from the command line, or from the recipe of a model file that it names.
    private static void CheckOptions(TrainingOptions options, Model model, Dataset data)
    {
        try
        {
            options.CheckFor(model, data);
        }
        catch (TrainingException e)
        {
            throw new UsageException(e.Message);
        }
    }

    // The defaults suit data sets with thousands of samples.
    private void NoteFewSteps(Dataset data, TrainingOptions options)
    {
        if (data is not TableDataset || options.Steps is not null) return;
        var perEpoch = StepsPerEpoch(TrainingSamples(data, options), options);
        var steps = perEpoch * options.Epochs;
        if (steps >= FewSteps) return;
        _context.Reporter.Note(
            $"{Units.Count(steps, "optimizer step")} in all are few: {Units.Count(perEpoch)} in each of {Units.Count(options.Epochs, "epoch")}. For "
            + $"{Units.Count(EnoughSteps)} add --epochs {(EnoughSteps + perEpoch - 1) / perEpoch}.");
    }

    private static Model WithLoss(Model model, Dataset data, string? name)
    {
        if (name is null) return model;
        var loss = name switch
        {
            "mse" => data.Task == TaskKind.Autoencoding ? LossKind.ReconstructionError : LossKind.MeanSquaredError,
            "half-mse" => LossKind.HalfMeanSquaredError,
            "cross-entropy" => data.Task switch
            {
                TaskKind.Segmentation => LossKind.PixelCrossEntropy,
                TaskKind.Autoencoding => LossKind.ReconstructionCrossEntropy,
                _ => LossKind.SoftmaxCrossEntropy,
            },
            "non-saturating" => LossKind.NonSaturating,
            "hinge" => LossKind.Hinge,
            "dice" => LossKind.Dice,
            "focal" => LossKind.Focal,
            _ => LossKind.PixelCrossEntropyDice,
        };
        if (!TaskModel.Accepts(data.Task, loss))
        {
            if (data.Task == TaskKind.Generation)
                throw new UsageException($"--loss {name} does not apply to --task gan. Choose non-saturating or hinge.");
            if (TaskModel.IsAdversarialLoss(loss))
                throw new UsageException($"--loss {name} is for --task gan. Omit it, or add --task gan.");
            if (data.Task == TaskKind.Autoencoding)
                throw new UsageException($"--loss {name} does not apply to an autoencoder. Choose mse or cross-entropy.");
            if (data.Task == TaskKind.Segmentation)
                throw new UsageException($"--loss {name} does not apply to masks. Choose cross-entropy, dice, focal or cross-entropy+dice.");
            if (TaskModel.IsPixelLoss(loss))
                throw new UsageException($"--loss {name} is for masks, but the data set '{data.Name}' has none. Omit it.");
            if (loss == LossKind.SoftmaxCrossEntropy)
                throw new UsageException($"--loss {name} is for classes, but the task of '{data.Name}' is {data.Task.ToString().ToLowerInvariant()}. Omit it.");
            throw new UsageException(
                $"--loss {name} is for numbers and yes-or-no targets, but the data set '{data.Name}' has classes, which need softmax cross-entropy. Omit it.");
        }

        return model.With(model.Recipe with { Loss = loss });
    }

    // A run that starts in the same second may take the name first.
    private static Trainer StartUnnamed(Func<string, Trainer> start, string model)
    {
        while (true)
        {
            var folder = RunFolder.NewName(model);
            try
            {
                return start(folder);
            }
            catch (RunLockedException) when (Directory.Exists(folder))
            {
            }
        }
    }

    private (Func<ComputeDevice, Trainer> Resume, Dataset Data) Resume(ParseResult parsed, string run, TrainingDisplay display)
    {
        foreach (var name in _data.Given(parsed).Concat(["--model", "--loss", "--out", "--init", "--init-layout"]))
        {
            if (TrainOptions.IsGiven(parsed, name))
                throw new UsageException($"{name} cannot be combined with --resume: the run in '{run}' has its own. Omit it.");
        }

        var folder = RunArgument.Open(run, toResume: true);
        var options = _options.Apply(parsed, folder.Configuration.Options);
        TrainOptions.CheckOptimizer(parsed, options, folder.Model.Recipe.Optimizer);
        TrainOptions.CheckDecay(parsed, options, folder.Model);
        var source = parsed.GetValue(_dataset) ?? RunArgument.DatasetOf(folder.Configuration);
        var data = Reload(parsed, folder, source, options.Background);
        var allowed = new ResumeOptions { Override = parsed.GetValue(_override), ResetOptimizer = parsed.GetValue(_resetOptimizer) };
        return (device => Trainer.Resume(run, data, device, Change, display, allowed), data.Limit(null, options.LimitTest));

        TrainingOptions Change(TrainingOptions basis) => WithRecordedLosses(_options.Apply(parsed, basis)) with
        {
            Precision = _device.Precision(parsed) ?? basis.Precision,
            Commands = basis.Commands.Contains(CommandOf(parsed)) ? basis.Commands : [.. basis.Commands, CommandOf(parsed)],
            // Where the data is now.
            DatasetSource = parsed.GetValue(_dataset) is { } given ? RunArgument.Source(given) : basis.DatasetSource,
        };
    }

    private Dataset Reload(ParseResult parsed, RunFolder run, string source, RgbColor background) => RunArgument.LoadData(
        parsed.GetValue(_dataset), $"train DATASET --resume {ShellQuote.Quote(run.Path)}",
        () => _data.Reload(parsed, run, source, background, _context.Reporter));

    private TrainingOptions WithRecordedLosses(TrainingOptions options) =>
        options with { RecordLosses = _context.Reporter is JsonReporter && (options.Steps <= MaxRecordedSteps || options.LogEvery == 1) };
}
