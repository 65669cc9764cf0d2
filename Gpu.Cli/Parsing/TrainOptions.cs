using System.CommandLine;
using System.Globalization;
using System.Numerics;
using Gpu.Cli.Output;
using Gpu.Kernels;
using Gpu.Training.Images;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Weights;

namespace Gpu.Cli.Parsing;

/// <summary>Options of <c>train</c> and <c>sweep</c> that set <see cref="TrainingOptions"/>.</summary>
internal sealed class TrainOptions
{
    private const string Recipe = "the model's recipe";

    private static readonly string[] Activations =
        ["relu", "leaky-relu", "sigmoid", "tanh", "gelu", "silu", "softplus"];

    private readonly Option<long?> _epochs = Options.Integer(
        "--epochs", "Number of passes over the training images", 1, 1_000_000, $"{Defaults.Epochs}; {EpochsForMasks} for masks");
    private readonly Option<long?> _steps = Options.Integer("--steps", "Number of optimizer steps; overrides --epochs", 1, 1_000_000_000, "none");
    private readonly Option<long?> _batch = Options.Integer(
        "--batch", "Batch size in samples", 1, 65_536, $"{Defaults.Batch}; {BatchForMasks} for masks; fewer below {10 * Defaults.Batch} samples");

    private readonly Option<string?> _optimizer = Options.OneOf(
        "--optimizer", "Optimization algorithm", Recipe, "sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "lion");

    private readonly Option<double?> _learningRate = Options.Number("--lr", "Base learning rate, scaled by schedule and warm-up", Interval.Positive, Recipe);
    private readonly Option<double?> _momentum = Options.Number(
        "--momentum", "Momentum coefficient of momentum, nesterov and rmsprop", Interval.BelowOne, Recipe);

    private readonly Option<(double, double)?> _betas;
    private readonly Option<double?> _epsilon = Options.Number(
        "--epsilon", "Term added to the denominator of adam, adamw and rmsprop for numerical stability", Interval.Positive, Recipe);

    private readonly Option<LearningRateSchedule?> _schedule;
    private readonly Option<long?> _warmup = Options.Integer(
        "--warmup", "Number of linear warm-up steps before the schedule starts", 0, 1_000_000_000, "0");

    private readonly Option<double?> _weightDecay = Options.Number("--weight-decay", "Weight decay coefficient", Interval.NonNegative, Recipe);

    private readonly Option<bool> _autoDecay = Options.Flag(
        "--auto-decay",
        "Find the weight decay in this run, from --weight-decay on, by the derivative of the validation loss (hypergradient; Luketina et al. 2016, Baydin et "
        + "al. 2018); needs a validation part, such as --validation 0.2");

    private readonly Option<string?> _decayMode = Options.OneOf(
        "--decay-mode", "How to apply weight decay: l2 adds it to the gradient, decoupled shrinks the weights directly", Recipe, "l2", "decoupled");

    private readonly Option<string?> _decayOn = Options.OneOf(
        "--decay-on", "Parameters that weight decay and the L1 penalty apply to: weights of convolution and dense layers, or all", Recipe, "weights", "all");

    private readonly Option<string?> _decayConvention = Options.OneOf(
        "--decay-convention", "Meaning of a weight decay L: half for the penalty L/2 w^2 (PyTorch), full for L w^2 (Keras)", Recipe, "half", "full");

    private readonly Option<string?> _decaySchedule = Options.OneOf(
        "--decay-schedule",
        "What decoupled decay is multiplied by in each step: rate, the learning rate (PyTorch); schedule, only the factor of the schedule (Loshchilov and "
        + "Hutter 2019); constant, nothing",
        Recipe, "rate", "schedule", "constant");

    private readonly Option<bool> _cautiousDecay = Options.Flag(
        "--cautious-decay", "Apply decoupled decay only where the update moves a weight towards 0, too (cautious weight decay, 2025)");

    private readonly Option<DecayOverride[]> _decayFor;

    private readonly Option<double?> _l1 = Options.Number("--l1", "Coefficient of the L1 penalty", Interval.NonNegative, Recipe);

    private readonly Option<string?> _l1Mode = Options.OneOf(
        "--l1-mode", "How to apply the L1 penalty: subgradient adds it to the gradient, proximal moves weights to exactly 0 after the step (soft threshold)",
        Recipe, "subgradient", "proximal");

    private readonly Option<double?> _maxNorm = Options.Number(
        "--max-norm", "Largest L2 norm of the incoming weights of each unit or filter, kept after each step; 0 for none", Interval.NonNegative, Recipe);

    private readonly Option<double?> _spectralNorm = Options.Number(
        "--spectral-norm", "Largest singular value of the weights of each dense or convolution layer, by one power iteration per step; 0 for none",
        Interval.NonNegative, Recipe);

    private readonly Option<string?> _activation = Options.OneOf(
        "--activation", "Activation in place of every one of the network, except that of its last layer", "as in the model", Activations);

    private readonly Option<bool> _weightStandardization = Options.Flag(
        "--weight-standardization",
        "Give the weights of each filter of the convolutions mean 0 and variance 1 before they are used (Qiao et al. 2019), for networks with normalization");

    private readonly Option<double?> _dropout = Options.Number(
        "--dropout", "Drop probability of all dropout layers", Interval.BelowOne, "as in the model");

    private readonly Option<bool> _spatialDropout = Options.Flag("--spatial-dropout", "Let dropout layers of images drop whole channels of an image");

    private readonly Option<double?> _stochasticDepth = Options.Number(
        "--stochastic-depth", "Probability to skip the body of the last residual block for an image; earlier blocks have proportionally less",
        Interval.BelowOne, "0");

    private readonly Option<double?> _labelSmoothing = Options.Number(
        "--label-smoothing", "Label smoothing: target probability spread evenly over all classes", Interval.BelowOne, Recipe);

    private readonly Option<double?> _klWeight = Options.Number(
        "--kl-weight", "Weight of the divergence of the latent values of a variational autoencoder; 1 is the evidence lower bound", Interval.NonNegative, "1");

    private readonly Option<double?> _discriminatorRate = Options.Number(
        "--discriminator-lr", "Base learning rate of the discriminator of --task gan; --lr is that of the generator", Interval.Positive, Recipe);

    private readonly Option<double?> _discriminatorDecay = Options.Number(
        "--discriminator-decay", "Weight decay of the discriminator of --task gan; --weight-decay is that of the generator", Interval.NonNegative, Recipe);

    private readonly Option<double?> _discriminatorSpectralNorm = Options.Number(
        "--discriminator-spectral-norm", "Largest singular value of the weights of each layer of the discriminator; 0 for none", Interval.NonNegative, Recipe);

    private readonly Option<long?> _frechetEvery = Options.Integer(
        "--frechet-every",
        "After every N epochs, and the last, the Fr\u00E9chet distance of generated images from the test images, by the features of a classifier that is "
        + "trained on the labels for it", 1, 1_000_000, "off");

    private readonly Option<ClassWeighting?> _classWeights = ClassWeightsOption.Create();

    private readonly Option<double?> _clipValue = Options.Number(
        "--clip-value", "Clip each gradient to this absolute value, before --clip-norm", Interval.Positive, "off");

    private readonly Option<double?> _clipNorm = Options.Number(
        "--clip-norm", "Clip the L2 norm of all gradients to this value", Interval.Positive, "off");

    private readonly Option<long?> _accumulate = Options.Integer("--accumulate", "Average the gradients of N batches per optimizer step", 1, 65_536, "1");

    private readonly Option<double?> _ema = Options.Number(
        "--ema",
        "Evaluate and save an exponential moving average of the parameters, a = X a + (1 - X) p; X warms up: it is at most (1 + t) / (10 + t) at step t",
        Interval.BelowOne,
        "off");

    private readonly Option<LookaheadOptions?> _lookahead = Options.Checked(
        "--lookahead", "K[:X[:falling]]",
        "Lookahead: after every K steps move a slow copy of the weights by the part X (0.5) of the way to them, and go on from there; with falling, the part "
        + "falls from 1 to X in the run", "off",
        LookaheadOptions? (text) => ParseLookahead(text));

    private readonly Option<bool> _whiten = Options.Flag(
        "--whiten", "Set the weights of the first layer, a convolution, to whitening filters of patches of the training images, and freeze them");

    private readonly AugmentationOptions _augmentation = new();

    private readonly Option<RgbColor?> _background = BackgroundOption.Create();

    private readonly Option<double?> _validation = Options.Number(
        "--validation",
        "Fraction of the training images to hold out for validation; the run keeps the weights with the lowest validation loss",
        new Interval(0, 1, true, true),
        "none");

    private readonly Option<long?> _patience = Options.Integer("--patience", "Stop after N epochs without a lower validation loss", 1, 1_000_000, "off");
    private readonly Option<long?> _limitTrain = Options.Integer("--limit-train", "Use only the first N training images", 1, int.MaxValue, "all");
    private readonly Option<long?> _limitTest = Options.Integer("--limit-test", "Use only the first N test images", 1, int.MaxValue, "all");

    private readonly Option<long?> _seed = Options.Integer(
        "--seed", "Random seed of initial weights, shuffling, dropout, augmentation and the validation split", 0, long.MaxValue, $"{Defaults.Seed}");

    private readonly Option<bool> _noShuffle = Options.Flag("--no-shuffle", "Do not shuffle the training images");
    private readonly Option<string?> _init = Options.Text(
        "--init", "FILE|RUN|NAME",
        "Initial weights: a safetensors file, a run folder, or pretrained weights (see 'model get'); tensors are matched by name and shape, the others "
        + "stay random",
        "random weights");

    private readonly Option<string?> _initLayout = Options.OneOf(
        "--init-layout", "Names and layouts of the tensors in the file of --init: those of this program, or PyTorch's", "native", "native", "torch");

    private readonly Option<string[]> _freeze;
    private readonly Option<LearningRateScale[]> _scales;
    private readonly Option<long?> _logEvery = Options.Integer(
        "--log-every", "Read the loss from the device every N steps", 1, 1_000_000, $"{Defaults.LogEvery}");

    private readonly Option<bool> _noStatistics = Options.Flag(
        "--no-statistics", "Do not measure norms, updates and histograms of the layers in the last step of each epoch, which takes memory for their weights");

    private readonly Option<CheckpointInterval?> _checkpointEvery;
    private readonly Option<string?> _onDivergence = Options.OneOf(
        "--on-divergence",
        "If the loss or a weight is no longer a finite number: stop, or rewind to the last checkpoint with half the learning rate, up to 5 times",
        "stop", "stop", "rewind");

    /// <summary>Creates the options.</summary>
    public TrainOptions()
    {
        _freeze = Options.Repeated(
            "--freeze", "PATTERN", "Keep the parameters with matching names unchanged: layer or parameter, * for any text; repeatable", "none", text => text);
        _scales = Options.Repeated(
            "--lr-scale", "PATTERN=X", "Multiply the learning rate of matching parameters by X (above 0); repeatable, the last match applies", "1",
            ParseScale);
        _decayFor = Options.Repeated(
            "--decay-for", "PATTERN=X", "Weight decay of matching parameters instead of --weight-decay; repeatable, the last match applies", "none",
            ParseDecay);
        _betas = Options.Checked(
            "--betas",
            "A,B",
            "Decay rates of the first and second moment of adam, adamw and lion (rmsprop uses the second), each at least 0 and below 1",
            Recipe,
            ParseBetas);
        _checkpointEvery = Options.Checked(
            "--checkpoint-every",
            "INTERVAL",
            "Save a checkpoint within an epoch by time or steps, such as 60s, 5m, 1h or 1000steps, or off; one after each epoch is always saved",
            $"{CheckpointInterval.Default}",
            CheckpointInterval? (text) => CheckpointInterval.Parse(text));
        _schedule = Options.Checked(
            "--schedule",
            "NAME[:k=v,...]",
            "Learning-rate schedule: " + string.Join(", ", LearningRateSchedule.All),
            Defaults.Schedule.ToString(),
            LearningRateSchedule? (text) => LearningRateSchedule.Parse(text));
    }

    /// <summary>Options of <c>train</c> without arguments, suitable for the bundled digits.</summary>
    public static TrainingOptions Defaults { get; } = new()
    {
        Epochs = 6,
        Batch = 64,
        Schedule = LearningRateSchedule.Parse("cosine"),
        Statistics = true,
    };

    // For images with masks.
    private const int BatchForMasks = 16, EpochsForMasks = 12;

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] all =
        [
            _epochs, _steps, _batch, _optimizer, _learningRate, _momentum, _betas, _epsilon, _schedule, _warmup, _weightDecay, _autoDecay, _decayMode, _decayOn,
            _decayConvention, _decaySchedule, _cautiousDecay, _decayFor, _l1, _l1Mode, _maxNorm, _spectralNorm, _activation, _weightStandardization,
            _dropout, _spatialDropout, _stochasticDepth, _labelSmoothing, _klWeight, _discriminatorRate, _discriminatorDecay, _discriminatorSpectralNorm,
            _frechetEvery, _classWeights, _clipNorm, _clipValue, _accumulate, _ema, _lookahead, _whiten,
            .. _augmentation.All, _background, _validation, _patience, _limitTrain, _limitTest, _seed, _noShuffle, _init, _initLayout, _freeze, _scales,
            _logEvery, _noStatistics, _checkpointEvery, _onDivergence,
        ];
        foreach (var option in all) command.Options.Add(option);
    }

    /// <summary>Whether the command line contains an option.</summary>
    public static bool IsGiven(ParseResult parsed, string name) => parsed.GetResult(name) is System.CommandLine.Parsing.OptionResult { Implicit: false };

    /// <summary>Returns <paramref name="basis"/> with the options of the command line applied.</summary>
    /// <exception cref="UsageException">the file of <c>--init</c> does not exist</exception>
    public TrainingOptions Apply(ParseResult parsed, TrainingOptions basis)
    {
        var betas = parsed.GetValue(_betas);
        var options = _augmentation.Apply(parsed, basis) with
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
            AutoDecay = parsed.GetValue(_autoDecay) || basis.AutoDecay,
            DecayMode = Named<DecayMode>(parsed, _decayMode) ?? basis.DecayMode,
            DecayOn = Named<DecayTarget>(parsed, _decayOn) ?? basis.DecayOn,
            DecayConvention = Named<DecayConvention>(parsed, _decayConvention) ?? basis.DecayConvention,
            DecaySchedule = Named<DecaySchedule>(parsed, _decaySchedule) ?? basis.DecaySchedule,
            CautiousDecay = parsed.GetValue(_cautiousDecay) ? true : basis.CautiousDecay,
            DecayFor = parsed.GetValue(_decayFor) is { Length: > 0 } decays ? decays : basis.DecayFor,
            L1 = parsed.GetSingle(_l1) ?? basis.L1,
            L1Mode = Named<L1Mode>(parsed, _l1Mode) ?? basis.L1Mode,
            MaxNorm = parsed.GetSingle(_maxNorm) ?? basis.MaxNorm,
            SpectralNorm = parsed.GetSingle(_spectralNorm) ?? basis.SpectralNorm,
            Activation = Named<ActivationKind>(parsed, _activation) ?? basis.Activation,
            WeightStandardization = parsed.GetValue(_weightStandardization) || basis.WeightStandardization,
            Dropout = parsed.GetSingle(_dropout) ?? basis.Dropout,
            LabelSmoothing = parsed.GetSingle(_labelSmoothing) ?? basis.LabelSmoothing,
            KlWeight = parsed.GetSingle(_klWeight) ?? basis.KlWeight,
            DiscriminatorLearningRate = parsed.GetSingle(_discriminatorRate) ?? basis.DiscriminatorLearningRate,
            DiscriminatorDecay = parsed.GetSingle(_discriminatorDecay) ?? basis.DiscriminatorDecay,
            DiscriminatorSpectralNorm = parsed.GetSingle(_discriminatorSpectralNorm) ?? basis.DiscriminatorSpectralNorm,
            FrechetEvery = parsed.GetInt(_frechetEvery) ?? basis.FrechetEvery,
            ClassWeights = parsed.GetValue(_classWeights) ?? basis.ClassWeights,
            SpatialDropout = parsed.GetValue(_spatialDropout) || basis.SpatialDropout,
            StochasticDepth = parsed.GetSingle(_stochasticDepth) ?? basis.StochasticDepth,
            ClipValue = parsed.GetSingle(_clipValue) ?? basis.ClipValue,
            ClipNorm = parsed.GetSingle(_clipNorm) ?? basis.ClipNorm,
            Accumulate = parsed.GetInt(_accumulate) ?? basis.Accumulate,
            Ema = parsed.GetSingle(_ema) ?? basis.Ema,
            Lookahead = parsed.GetValue(_lookahead) ?? basis.Lookahead,
            Whiten = parsed.GetValue(_whiten) || basis.Whiten,
            Background = parsed.GetValue(_background) ?? basis.Background,
            Validation = parsed.GetValue(_validation) ?? basis.Validation,
            Patience = parsed.GetInt(_patience) ?? basis.Patience,
            LimitTrain = parsed.GetInt(_limitTrain) ?? basis.LimitTrain,
            LimitTest = parsed.GetInt(_limitTest) ?? basis.LimitTest,
            Seed = parsed.GetValue(_seed) is { } seed ? (ulong)seed : basis.Seed,
            Shuffle = !parsed.GetValue(_noShuffle) && basis.Shuffle,
            InitFile = parsed.GetValue(_init) is { } init ? FindInit(init) : basis.InitFile,
            InitLayout = Named<WeightLayout>(parsed, _initLayout) ?? basis.InitLayout,
            Freeze = parsed.GetValue(_freeze) is { Length: > 0 } freeze ? freeze : basis.Freeze,
            LearningRateScales = parsed.GetValue(_scales) is { Length: > 0 } scales ? scales : basis.LearningRateScales,
            LogEvery = parsed.GetInt(_logEvery) ?? basis.LogEvery,
            Statistics = !parsed.GetValue(_noStatistics) && basis.Statistics,
            CheckpointInterval = parsed.GetValue(_checkpointEvery) ?? basis.CheckpointInterval,
            OnDivergence = Named<DivergenceAction>(parsed, _onDivergence) ?? basis.OnDivergence,
        };
        if (parsed.GetValue(_initLayout) is not null && options.InitFile is null)
            throw new UsageException("--init-layout needs --init, the file whose layout it tells.");
        return options;
    }

    /// <summary>The options with the default batch and epochs for images with masks, whose many labels make small batches better.</summary>
    /// <param name="parsed">the command line</param>
    /// <param name="options">the training options</param>
    public static TrainingOptions ForMasks(ParseResult parsed, TrainingOptions options) => options with
    {
        Batch = IsGiven(parsed, "--batch") ? options.Batch : BatchForMasks,
        Epochs = IsGiven(parsed, "--epochs") ? options.Epochs : EpochsForMasks,
    };

    // A file or folder here comes before pretrained weights of the same name.
    private static string FindInit(string init)
    {
        if (File.Exists(init) || Directory.Exists(init)) return init;
        if (PretrainedCatalog.Find(init) is not { } entry)
        {
            throw new UsageException(
                $"--init: there is no file '{init}', and no folder of that name. Give the path of a safetensors file or of a run, or the name of pretrained "
                + $"weights: {string.Join(", ", PretrainedCatalog.Entries.Select(known => known.Name))}.");
        }

        var file = PretrainedCatalog.FileOf(entry, PretrainedCatalog.UserCache);
        return File.Exists(file) ? file : throw new UsageException(
            $"--init: the weights '{entry.Name}' are not on this machine. Download them first: gputrainer model get {entry.Name}");
    }

    /// <summary>
    /// Reduces the batch of a small training set, unless <c>--batch</c> is given: with a whole epoch in one batch, a run of some epochs has too few steps.
    /// The learning rate of the recipe is scaled with it, linearly for rules without an adaptive step (Goyal et al., "Accurate, large minibatch SGD", 2017).
    /// </summary>
    /// <param name="parsed">the command line</param>
    /// <param name="options">the training options</param>
    /// <param name="recipe">the optimizer of the model</param>
    /// <param name="samples">number of training samples</param>
    /// <param name="reporter">receives what was chosen</param>
    public static TrainingOptions FitBatch(ParseResult parsed, TrainingOptions options, OptimizerOptions recipe, int samples, Reporter reporter)
    {
        const int smallest = 8, stepsPerEpoch = 10;
        if (IsGiven(parsed, "--batch")) return options;
        var batch = samples >= stepsPerEpoch * options.Batch ? options.Batch
            : Math.Min(options.Batch, Math.Max(smallest, (int)BitOperations.RoundUpToPowerOf2((uint)(samples / stepsPerEpoch + 1)) / 2));
        // A single sample in the last batch of an epoch has no variance for batch normalization.
        while (batch > 1 && samples > 1 && samples % batch == 1) batch++;
        if (batch == options.Batch) return options;
        var isScaled = batch < options.Batch && options.LearningRate is null && options.Optimizer is null
            && recipe.Kind is OptimizerKind.Sgd or OptimizerKind.Momentum or OptimizerKind.Nesterov;
        var rate = isScaled ? recipe.LearningRate * ((float)batch / options.Batch) : options.LearningRate;
        var scaled = isScaled ? $", and the learning rate {Units.Short(rate!.Value)}" : "";
        reporter.Note($"The batch is {batch} for {Units.Count(samples, "training sample")}{scaled} (--batch, --lr).");
        return options with { Batch = batch, LearningRate = rate };
    }

    /// <summary>Refuses options that have no effect with the optimizer, or contradict it.</summary>
    /// <param name="parsed">the command line</param>
    /// <param name="options">the training options</param>
    /// <param name="recipe">the optimizer of the model, which is used unless the options name one</param>
    /// <exception cref="UsageException">an option does not apply</exception>
    public static void CheckOptimizer(ParseResult parsed, TrainingOptions options, OptimizerOptions recipe)
    {
        var kind = options.Optimizer ?? recipe.Kind;
        Only("--momentum", OptimizerKind.Momentum, OptimizerKind.Nesterov, OptimizerKind.RmsProp);
        Only("--betas", OptimizerKind.Adam, OptimizerKind.AdamW, OptimizerKind.Lion, OptimizerKind.RmsProp);
        Only("--epsilon", OptimizerKind.Adam, OptimizerKind.AdamW, OptimizerKind.RmsProp);
        if (kind == OptimizerKind.AdamW && options.DecayMode == DecayMode.L2)
            throw new UsageException("adamw is adam with decoupled weight decay, which --decay-mode l2 contradicts. Use --optimizer adam, or omit it.");

        void Only(string name, params OptimizerKind[] kinds)
        {
            if (kinds.Contains(kind) || !IsChosen(parsed, name)) return;
            throw new UsageException(
                $"{name} has no effect with the optimizer {Text(kind)}; it applies to {string.Join(", ", kinds.Select(Text))}. Omit it, or choose one of these "
                + "with --optimizer.");
        }

        static string Text(OptimizerKind kind) => kind.ToString().ToLowerInvariant();
    }

    /// <summary>Refuses options of weight decay and L1 that have no effect, because nothing decays.</summary>
    /// <param name="parsed">the command line</param>
    /// <param name="options">the training options</param>
    /// <param name="model">the model, whose recipe and layers apply where the options say nothing</param>
    /// <exception cref="UsageException">an option has no effect</exception>
    public static void CheckDecay(ParseResult parsed, TrainingOptions options, Model model)
    {
        var optimizer = options.OptimizerFor(model.Recipe.Optimizer);
        var layers = model.Nodes.SelectMany(node => node.Flatten()).Select(node => node.Layer).ToArray();
        var decays = options.AutoDecay || optimizer.WeightDecay > 0 || options.DiscriminatorDecay > 0
            || options.DecayFor.Any(rule => rule.WeightDecay > 0) || layers.Any(layer => layer.WeightDecay > 0);
        var hasL1 = optimizer.L1 > 0 || layers.Any(layer => layer.L1 > 0);
        foreach (var name in new[] { "--decay-mode", "--decay-convention", "--decay-schedule", "--cautious-decay" })
            Require(name, decays, "weight decay is 0. Add --weight-decay");
        Require("--decay-on", decays || hasL1, "weight decay and the L1 penalty are 0. Add --weight-decay or --l1");
        Require("--l1-mode", hasL1, "the L1 penalty is 0. Add --l1");
        var isDecoupled = optimizer.DecayMode == DecayMode.Decoupled;
        foreach (var name in new[] { "--decay-schedule", "--cautious-decay" })
            Require(name, isDecoupled, "weight decay is added to the gradient. Add --decay-mode decoupled");

        void Require(string name, bool hasEffect, string reason)
        {
            if (!hasEffect && IsChosen(parsed, name)) throw new UsageException($"{name} has no effect, because {reason}, or omit it.");
        }
    }

    // What only the recipe gives may have no effect: other options may replace what it belongs to.
    private static bool IsChosen(ParseResult parsed, string name) => IsGiven(parsed, name) && !Parsing.Recipe.Gives(parsed, name);

    private static T? Named<T>(ParseResult parsed, Option<string?> option)
        where T : struct, Enum => parsed.GetValue(option) is { } name ? Enum.Parse<T>(name.Replace("-", "", StringComparison.Ordinal), ignoreCase: true) : null;

    private static LearningRateScale ParseScale(string text)
    {
        var (pattern, value) = ParsePattern(text, Interval.Positive, "residual1.*=0.1");
        return new(pattern, value);
    }

    private static DecayOverride ParseDecay(string text)
    {
        var (pattern, value) = ParsePattern(text, Interval.NonNegative, "dense*=1e-3");
        return new(pattern, value);
    }

    private static (string Pattern, float Value) ParsePattern(string text, Interval range, string example)
    {
        var equals = text.LastIndexOf('=');
        if (equals > 0 && Options.TryParseNumber(text[(equals + 1)..], range, out var value)) return (text[..equals], (float)value);
        throw new FormatException($"expected PATTERN=X with a number X ({range}), such as {example}, but got '{text}'.");
    }

    private static LookaheadOptions ParseLookahead(string text)
    {
        var parts = text.Split(':', 3);
        var rate = 0.5;
        if (int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var period) && period >= 1
            && (parts.Length == 1 || Options.TryParseNumber(parts[1], new Interval(0, 1, ExcludesMinimum: true), out rate))
            && (parts.Length < 3 || parts[2] == "falling"))
        {
            return new(period, (float)rate) { Falls = parts.Length == 3 };
        }

        throw new FormatException(
            $"expected a number of steps, 1 or more, optionally a part above 0, at most 1, and then optionally falling, such as 5, 5:0.5 or 5:0.2:falling, "
            + $"but got '{text}'.");
    }

    private static (double, double)? ParseBetas(string text)
    {
        var parts = text.Split(',');
        if (parts.Length == 2
            && Options.TryParseNumber(parts[0], Interval.BelowOne, out var first)
            && Options.TryParseNumber(parts[1], Interval.BelowOne, out var second))
        {
            return (first, second);
        }

        throw new FormatException($"expected two numbers ({Interval.BelowOne}) separated by a comma, such as 0.9,0.999, but got '{text}'.");
    }
}
