using System.CommandLine;
using Gpu.Kernels;
using Gpu.Training.Images;
using Gpu.Training.Loop;

namespace Gpu.Cli.Parsing;

/// <summary>The options of <c>train</c> that become <see cref="TrainingOptions"/>; <c>sweep</c> has them, too.</summary>
internal sealed class TrainOptions
{
    private const string Recipe = "the model's recipe";

    private readonly Option<long?> _epochs = Options.Integer("--epochs", "Passes over the training images", 1, 1_000_000, $"{Defaults.Epochs}");
    private readonly Option<long?> _steps = Options.Integer("--steps", "Stops after so many optimizer steps, whatever --epochs says", 1, 1_000_000_000, "none");
    private readonly Option<long?> _batch = Options.Integer("--batch", "Images a batch", 1, 65_536, $"{Defaults.Batch}");

    private readonly Option<string?> _optimizer = Options.OneOf(
        "--optimizer", "How weights are updated", Recipe, "sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "lion");

    private readonly Option<double?> _learningRate = Options.Number("--lr", "Learning rate, before schedule and warm-up", Interval.Positive, Recipe);
    private readonly Option<double?> _momentum = Options.Number("--momentum", "Momentum of momentum, nesterov and rmsprop", Interval.BelowOne, Recipe);

    private readonly Option<(double, double)?> _betas;
    private readonly Option<double?> _epsilon = Options.Number(
        "--epsilon", "What adam, adamw and rmsprop add to the root of the squared gradients", Interval.Positive, Recipe);

    private readonly Option<LearningRateSchedule?> _schedule;
    private readonly Option<long?> _warmup = Options.Integer(
        "--warmup", "Optimizer steps over which the learning rate rises, before the schedule begins", 0, 1_000_000_000, "0");

    private readonly Option<double?> _weightDecay = Options.Number("--weight-decay", "Weight decay", Interval.NonNegative, Recipe);

    private readonly Option<string?> _decayMode = Options.OneOf(
        "--decay-mode", "Whether decay is added to the gradient or shrinks the weight beside the update", Recipe, "l2", "decoupled");

    private readonly Option<string?> _decayOn = Options.OneOf(
        "--decay-on", "Which parameters decay; weights are those of convolution and dense layers", Recipe, "weights", "all");

    private readonly Option<double?> _l1 = Options.Number("--l1", "Factor of the L1 penalty", Interval.NonNegative, Recipe);

    private readonly Option<double?> _dropout = Options.Number(
        "--dropout", "Replaces the probability of every dropout layer", Interval.BelowOne, "as in the model");

    private readonly Option<double?> _labelSmoothing = Options.Number(
        "--label-smoothing", "Share of the target that is spread over all classes", Interval.BelowOne, Recipe);

    private readonly Option<double?> _clipNorm = Options.Number(
        "--clip-norm", "Scales the gradient down to this Euclidean length where it is longer", Interval.Positive, "off");

    private readonly Option<long?> _accumulate = Options.Integer("--accumulate", "Batches whose gradients are averaged for an optimizer step", 1, 65_536, "1");

    private readonly Option<double?> _ema = Options.Number(
        "--ema", "Keeps a running average a = X a + (1 - X) p of the parameters, and evaluates and saves that", Interval.BelowOne, "off");

    private readonly Option<AugmentationOption?> _augment;

    private readonly Option<RgbColor?> _background = BackgroundOption.Create();

    private readonly Option<double?> _validation = Options.Number(
        "--validation", "Share of the training images that is held out to choose the best weights by", new Interval(0, 1, true, true), "none");

    private readonly Option<long?> _patience = Options.Integer("--patience", "Stops after so many epochs without a better validation loss", 1, 1_000_000, "off");
    private readonly Option<long?> _limitTrain = Options.Integer("--limit-train", "Uses only the first so many training images", 1, int.MaxValue, "all");
    private readonly Option<long?> _limitTest = Options.Integer("--limit-test", "Uses only the first so many test images", 1, int.MaxValue, "all");

    private readonly Option<long?> _seed = Options.Integer(
        "--seed", "Decides initial weights, order of the images, dropout and the validation part", 0, long.MaxValue, $"{Defaults.Seed}");

    private readonly Option<bool> _noShuffle = Options.Flag("--no-shuffle", "Takes the images in the order of the data set in every epoch");
    private readonly Option<string?> _init = Options.Text("--init", "FILE", "A safetensors file whose weights replace the initial ones", "random weights");
    private readonly Option<long?> _logEvery = Options.Integer("--log-every", "Steps between two readings of the loss", 1, 1_000_000, $"{Defaults.LogEvery}");

    private readonly string[] _excluded;

    /// <param name="without">the names of options that the command does not have</param>
    public TrainOptions(params string[] without)
    {
        _excluded = without;
        _betas = Options.Checked("--betas", "A,B", "Decay of the first and second moment of adam, adamw and lion, each 0 up to, not including, 1", Recipe,
            ParseBetas);
        _schedule = Options.Checked(
            "--schedule",
            "NAME[:k=v,...]",
            "The learning rate over the run: " + string.Join(", ", LearningRateSchedule.All),
            Defaults.Schedule.ToString(),
            LearningRateSchedule? (text) => LearningRateSchedule.Parse(text));
        _augment = Options.Checked(
            "--augment",
            "LIST",
            "Changes training images at random: flip mirrors half of them, shift:N moves them by up to N pixels each way; or none",
            "none",
            AugmentationOption? (text) => AugmentationOption.Parse(text));
    }

    /// <summary>What is done when nothing is said: a few minutes' worth of nothing special, good on the bundled digits.</summary>
    public static TrainingOptions Defaults { get; } = new()
    {
        Epochs = 6,
        Batch = 64,
        Schedule = LearningRateSchedule.Parse("cosine"),
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] all =
        [
            _epochs, _steps, _batch, _optimizer, _learningRate, _momentum, _betas, _epsilon, _schedule, _warmup, _weightDecay, _decayMode, _decayOn, _l1,
            _dropout, _labelSmoothing, _clipNorm, _accumulate, _ema, _augment, _background, _validation, _patience, _limitTrain, _limitTest, _seed,
            _noShuffle, _init, _logEvery,
        ];
        foreach (var option in all.Where(option => !_excluded.Contains(option.Name))) command.Options.Add(option);
    }

    /// <summary>Whether the user gave the option of a name.</summary>
    public static bool IsGiven(ParseResult parsed, string name) => parsed.GetResult(name) is System.CommandLine.Parsing.OptionResult { Implicit: false };

    /// <summary>The options with what the user gave put over <paramref name="basis"/>.</summary>
    /// <exception cref="UsageException">two options do not go together</exception>
    public TrainingOptions Apply(ParseResult parsed, TrainingOptions basis)
    {
        var betas = parsed.GetValue(_betas);
        var augment = parsed.GetValue(_augment);
        var options = basis with
        {
            Epochs = parsed.GetInt(_epochs) ?? basis.Epochs,
            Steps = parsed.GetInt(_steps) ?? basis.Steps,
            Batch = parsed.GetInt(_batch) ?? basis.Batch,
            Optimizer = Named<OptimizerKind>(parsed, _optimizer) ?? basis.Optimizer,
            LearningRate = parsed.GetSingle(_learningRate) ?? basis.LearningRate,
            Momentum = parsed.GetValue(_momentum) ?? basis.Momentum,
            Beta1 = betas?.Item1 ?? basis.Beta1,
            Beta2 = betas?.Item2 ?? basis.Beta2,
            Epsilon = parsed.GetValue(_epsilon) ?? basis.Epsilon,
            Schedule = parsed.GetValue(_schedule) ?? basis.Schedule,
            Warmup = parsed.GetInt(_warmup) ?? basis.Warmup,
            WeightDecay = parsed.GetSingle(_weightDecay) ?? basis.WeightDecay,
            DecayMode = Named<DecayMode>(parsed, _decayMode) ?? basis.DecayMode,
            DecayOn = Named<DecayTarget>(parsed, _decayOn) ?? basis.DecayOn,
            L1 = parsed.GetSingle(_l1) ?? basis.L1,
            Dropout = parsed.GetSingle(_dropout) ?? basis.Dropout,
            LabelSmoothing = parsed.GetSingle(_labelSmoothing) ?? basis.LabelSmoothing,
            ClipNorm = parsed.GetSingle(_clipNorm) ?? basis.ClipNorm,
            Accumulate = parsed.GetInt(_accumulate) ?? basis.Accumulate,
            Ema = parsed.GetSingle(_ema) ?? basis.Ema,
            AugmentFlip = augment?.Flip ?? basis.AugmentFlip,
            AugmentShift = augment?.Shift ?? basis.AugmentShift,
            Background = parsed.GetValue(_background) ?? basis.Background,
            Validation = parsed.GetValue(_validation) ?? basis.Validation,
            Patience = parsed.GetInt(_patience) ?? basis.Patience,
            LimitTrain = parsed.GetInt(_limitTrain) ?? basis.LimitTrain,
            LimitTest = parsed.GetInt(_limitTest) ?? basis.LimitTest,
            Seed = parsed.GetValue(_seed) is { } seed ? (ulong)seed : basis.Seed,
            Shuffle = !parsed.GetValue(_noShuffle) && basis.Shuffle,
            InitFile = parsed.GetValue(_init) ?? basis.InitFile,
            LogEvery = parsed.GetInt(_logEvery) ?? basis.LogEvery,
        };
        if (options.InitFile is { } file && !File.Exists(file)) throw new UsageException($"--init: there is no file '{file}'.");
        return options;
    }

    private static T? Named<T>(ParseResult parsed, Option<string?> option)
        where T : struct, Enum => parsed.GetValue(option) is { } name ? Enum.Parse<T>(name, ignoreCase: true) : null;

    private static (double, double)? ParseBetas(string text)
    {
        var parts = text.Split(',');
        if (parts.Length == 2 && Options.TryParseNumber(parts[0], Interval.BelowOne, out var first) && Options.TryParseNumber(parts[1], Interval.BelowOne, out var second))
            return (first, second);
        throw new FormatException($"two numbers from 0 up to, not including, 1 are needed, with a comma between them, as in 0.9,0.999; got '{text}'.");
    }
}
