using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Images;
using Gpu.Training.Models;

namespace Gpu.Training.Loop;

/// <summary>
/// Options of a training run. Null means the value of the model's recipe (<see cref="Models.TrainingRecipe"/>), or "off" if the recipe has no such value.
/// <see cref="Trainer"/> checks the ranges.
/// </summary>
public sealed record TrainingOptions
{
    /// <summary>Number of passes over the training images, 1 or more.</summary>
    public int Epochs { get; init; } = 5;

    /// <summary>Number of optimizer steps, 1 or more; overrides <see cref="Epochs"/>.</summary>
    public int? Steps { get; init; }

    /// <summary>Batch size in samples, 1 or more.</summary>
    public int Batch { get; init; } = 128;

    /// <summary>
    /// The optimizer. If it is not the recipe's, unset hyperparameters come from <see cref="OptimizerOptions.DefaultsFor"/>; weight decay comes from the recipe
    /// unless the optimizer has a default of its own.
    /// </summary>
    public OptimizerKind? Optimizer { get; init; }

    /// <summary>Base learning rate, above 0.</summary>
    public float? LearningRate { get; init; }

    /// <summary>Momentum, 0 &lt;= x &lt; 1.</summary>
    public double? Momentum { get; init; }

    /// <summary>Decay rate of the first moment, 0 &lt;= x &lt; 1.</summary>
    public double? Beta1 { get; init; }

    /// <summary>Decay rate of the second moment, 0 &lt;= x &lt; 1.</summary>
    public double? Beta2 { get; init; }

    /// <summary>The optimizer's epsilon, above 0.</summary>
    public double? Epsilon { get; init; }

    /// <summary>Learning-rate schedule.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Constant;

    /// <summary>Optimizer steps of linear warm-up before the schedule starts, 0 or more.</summary>
    public int Warmup { get; init; }

    /// <summary>Weight decay coefficient, 0 or more.</summary>
    public float? WeightDecay { get; init; }

    /// <summary>How weight decay is applied.</summary>
    public DecayMode? DecayMode { get; init; }

    /// <summary>Which parameters weight decay and the L1 penalty apply to.</summary>
    public DecayTarget? DecayOn { get; init; }

    /// <summary>What <see cref="WeightDecay"/> means.</summary>
    public DecayConvention? DecayConvention { get; init; }

    /// <summary>What decoupled decay is multiplied by in each step.</summary>
    public DecaySchedule? DecaySchedule { get; init; }

    /// <summary>Whether decoupled decay applies only where the update moves a parameter towards 0, too.</summary>
    public bool? CautiousDecay { get; init; }

    /// <summary>
    /// Weight decay of the parameters that match a pattern as in <see cref="Freeze"/>, instead of <see cref="WeightDecay"/> and of that of their layer; the
    /// last match applies.
    /// </summary>
    public IReadOnlyList<DecayOverride> DecayFor { get; init; } = [];

    /// <summary>
    /// Finds the weight decay in the run, by the hypergradient of the validation loss; it starts from <see cref="WeightDecay"/>, or a usual value if that is 0.
    /// Needs a validation part. A batch of it is run in every tenth step. Source: Luketina et al., "Scalable gradient-based tuning of continuous regularization
    /// hyperparameters", 2016.
    /// </summary>
    public bool AutoDecay { get; init; }

    /// <summary>Coefficient of the L1 penalty, 0 or more.</summary>
    public float? L1 { get; init; }

    /// <summary>How the L1 penalty is applied.</summary>
    public L1Mode? L1Mode { get; init; }

    /// <summary>Largest L2 norm of the incoming weights of each unit or filter, 0 or more; 0 for none.</summary>
    public float? MaxNorm { get; init; }

    /// <summary>Largest singular value of the weights of each dense or convolution layer, 0 or more; 0 for none.</summary>
    public float? SpectralNorm { get; init; }

    /// <summary>
    /// The activation in place of every one of the model, except that of its last layer (<see cref="Models.Model.With(Activation)"/>); null keeps them.
    /// </summary>
    public ActivationKind? Activation { get; init; }

    /// <summary>Weight standardization of every convolution (<see cref="Layers.Conv2dLayer.WeightStandardization"/>).</summary>
    public bool WeightStandardization { get; init; }

    /// <summary>Drop probability of every dropout layer, 0 &lt;= x &lt; 1 (0: off); null keeps those of the model.</summary>
    public float? Dropout { get; init; }

    /// <summary>Whether dropout layers of images drop whole channels of a sample instead of single values.</summary>
    public bool SpatialDropout { get; init; }

    /// <summary>
    /// Stochastic depth: the probability, 0 &lt;= x &lt; 1, to skip the body of the last residual block for a sample; block l of L has l / L of it. Bodies that
    /// are kept are scaled by 1 / (1 - probability). Null: off.
    /// </summary>
    public float? StochasticDepth { get; init; }

    /// <summary>Label smoothing: target probability spread evenly over all classes, 0 &lt;= x &lt; 1.</summary>
    public float? LabelSmoothing { get; init; }

    /// <summary>
    /// Weight of the divergence of the latent values of a variational autoencoder, 0 or more; null for 1, the evidence lower bound. Only for models with a
    /// latent-sample layer.
    /// </summary>
    public float? KlWeight { get; init; }

    /// <summary>Base learning rate of the discriminator of a generator, above 0; null for that of its recipe.</summary>
    public float? DiscriminatorLearningRate { get; init; }

    /// <summary>Weight decay of the discriminator, 0 or more; null for that of its recipe. <see cref="WeightDecay"/> is that of the generator.</summary>
    public float? DiscriminatorDecay { get; init; }

    /// <summary>Largest singular value of the weights of the discriminator, 0 or more; 0 for none, null for that of its recipe.</summary>
    public float? DiscriminatorSpectralNorm { get; init; }

    /// <summary>Epochs from one Fréchet distance of generated images to the next (<see cref="Generation.FrechetDistance"/>), 1 or more; null: off.</summary>
    public int? FrechetEvery { get; init; }

    /// <summary>Class weights of the training loss; null: off.</summary>
    public ClassWeighting? ClassWeights { get; init; }

    /// <summary>Convolution algorithm. Algorithms differ only by rounding errors.</summary>
    public Conv2dAlgorithm Convolution { get; init; }

    /// <summary>Gradient clipping: if the L2 norm of all gradients exceeds this, above 0, they are scaled down to it. Null: off.</summary>
    public float? ClipNorm { get; init; }

    /// <summary>Gradient clipping by value: each gradient is limited to this absolute value, above 0, before the norm is. Null: off.</summary>
    public float? ClipValue { get; init; }

    /// <summary>
    /// Decay of an exponential moving average of the parameters, a = ema * a + (1 - ema) * p, 0 &lt;= ema &lt; 1. Evaluation and saved weights then use the
    /// average. Null: off. In the first steps the decay is smaller, min(ema, (1 + t) / (10 + t)) at step t, so that a short run is not judged by its initial
    /// weights (TensorFlow's ExponentialMovingAverage with num_updates).
    /// </summary>
    public float? Ema { get; init; }

    /// <summary>Augmentation: flips training images horizontally with probability 1/2.</summary>
    public bool AugmentFlip { get; init; }

    /// <summary>Augmentation: shifts training images randomly by up to this many pixels in each direction, 0 for none.</summary>
    public int AugmentShift { get; init; }

    /// <summary>Augmentation: other random changes of training images.</summary>
    public ImageAugmentation Augment { get; init; } = new();

    /// <summary>
    /// Mixup: the parameter of the Beta distribution of the weights, above 0, at most 100; see <see cref="Augmentation.Mixup"/>. The training accuracy counts
    /// the heavier label. Null: off.
    /// </summary>
    public float? Mixup { get; init; }

    /// <summary>CutMix: the parameter of the Beta distribution of the areas, above 0, at most 100; see <see cref="Augmentation.Cutmix"/>. Null: off.</summary>
    public float? Cutmix { get; init; }

    /// <summary>Gradient accumulation: number of batches averaged per optimizer step, 1 or more.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>
    /// Fraction of the training images held out for validation, above 0 and below 1. Null: no validation, unless the data set has a validation split.
    /// </summary>
    public double? Validation { get; init; }

    /// <summary>
    /// Early stopping: ends the run after this many epochs, 1 or more, without a better validation loss. Needs a validation split. Null: off.
    /// </summary>
    public int? Patience { get; init; }

    /// <summary>Uses only the first N training images, 1 or more; null for all.</summary>
    public int? LimitTrain { get; init; }

    /// <summary>Uses only the first N test images, 1 or more; null for all.</summary>
    public int? LimitTest { get; init; }

    /// <summary>Random seed of the initial weights, shuffling, dropout, augmentation and the validation split.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Shuffles the training images before every epoch.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>
    /// A safetensors file with initial weights, or a run folder, whose best weights are taken; null for random initialization. Tensors are matched by name and
    /// shape; parameters without a matching tensor keep their random initialization, and <see cref="ITrainingObserver.OnMessage"/> names them.
    /// </summary>
    public string? InitFile { get; init; }

    /// <summary>The names and layouts in <see cref="InitFile"/>.</summary>
    public Weights.WeightLayout InitLayout { get; init; }

    /// <summary>
    /// Patterns of parameters that do not change, such as <c>conv1.*</c>: the full name of a parameter or layer, with * for any text and ? for one letter. A
    /// layer whose parameters are all frozen computes no gradients for them; batch normalization then keeps and uses its running statistics.
    /// </summary>
    public IReadOnlyList<string> Freeze { get; init; } = [];

    /// <summary>
    /// Sets the weights of the first layer, a convolution, to whitening filters of the patches of training images, and freezes them; its bias is trained. Up to
    /// twice as many filters as a patch has values: the eigenvectors of the patches, and then their negatives.
    /// </summary>
    public bool Whiten { get; init; }

    /// <summary>Lookahead around the optimizer (<see cref="Gpu.Kernels.Lookahead"/>). Null: off.</summary>
    public LookaheadOptions? Lookahead { get; init; }

    /// <summary>Factors of the learning rate for the parameters that match a pattern as in <see cref="Freeze"/>; the last match applies.</summary>
    public IReadOnlyList<LearningRateScale> LearningRateScales { get; init; } = [];

    /// <summary>Random initialization of all weights; null for that of each layer.</summary>
    public Initialization.Initializer? Initializer { get; init; }

    /// <summary>Steps between two readings of the loss from the device, 1 or more. Reading waits for the device.</summary>
    public int LogEvery { get; init; } = 50;

    /// <summary>Reads and records the loss of every optimizer step (<see cref="TrainingResult.Losses"/>).</summary>
    public bool RecordLosses { get; init; }

    /// <summary>
    /// Measures every parameter tensor in the last step of each epoch (<see cref="EpochReport.Layers"/>), or of some epochs if that would take more
    /// than about 2 % of the time. Does not change the result. Needs device memory for a copy of the parameters.
    /// </summary>
    public bool Statistics { get; init; }

    /// <summary>The command lines that started and continued the run, for its report; empty if unknown.</summary>
    public IReadOnlyList<string> Commands { get; init; } = [];

    /// <summary>k of the top-k accuracy, 1 or more.</summary>
    public int TopK { get; init; } = 5;

    /// <summary>The run folder to create. It must not contain a run. Null writes no files.</summary>
    public string? OutputFolder { get; init; }

    /// <summary>Name or folder that the data set was loaded from, stored in the run folder; null if unknown.</summary>
    public string? DatasetSource { get; init; }

    /// <summary>The background that transparent images of the data set were composited on, for the run folder; predictions use it, too.</summary>
    public RgbColor Background { get; init; } = RgbColor.White;

    /// <summary>
    /// Precision of matrix products and convolutions (<see cref="ComputeDevice.Precision"/>). Null keeps the device's setting, fp32 by default. With fp16
    /// the loss is scaled dynamically (<see cref="LossScaling"/>).
    /// </summary>
    public MatrixPrecision? Precision { get; init; }

    /// <summary>Epochs between two checkpoints, 1 or more. Others are written within an epoch, see <see cref="CheckpointInterval"/>.</summary>
    public int CheckpointEvery { get; init; } = 1;

    /// <summary>Time or steps between two checkpoints within an epoch; every 60 seconds by default.</summary>
    public CheckpointInterval CheckpointInterval { get; init; } = CheckpointInterval.Default;

    /// <summary>What happens when the loss or a weight is no longer a finite number.</summary>
    public DivergenceAction OnDivergence { get; init; }

    /// <summary>Whether a divergence is traced to its step and layer, which repeats the steps since the last checkpoint.</summary>
    internal bool LocatesDivergence { get; init; } = true;

    /// <summary>After every so many optimizer steps <see cref="AutoDecay"/> changes the weight decay.</summary>
    public static int AutoDecayPeriod => Loop.AutoDecay.Period;

    /// <summary>The least and the greatest weight decay that <see cref="AutoDecay"/> finds with an optimizer.</summary>
    /// <param name="optimizer">the optimizer</param>
    public static (double Least, double Most) AutoDecayRange(OptimizerOptions optimizer) => Loop.AutoDecay.RangeFor(optimizer);

    /// <summary>Checks that the options fit a model and a data set, as <see cref="Trainer"/> does, without a device.</summary>
    /// <param name="model">the model</param>
    /// <param name="data">the data</param>
    /// <exception cref="TrainingException">an option is out of range or has no effect; the message names it</exception>
    public void CheckFor(Model model, Dataset data)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ResolvedOptions.Resolve(this, model);
        if (Validation is { } share) RequireValidation(data, share);
        if (data is not ImageDataset images) return;
        if (FrechetEvery is not null) Generation.FeatureClassifier.RequireLabels(images);
        TrainingData.RequireAugmentation(images, this);
        if (images.Task == TaskKind.Segmentation && (Mixup > 0 || Cutmix > 0))
            throw new TrainingException("Images with masks cannot be mixed, since a pixel has one class. Omit mixup and cutmix.");
    }

    private void RequireValidation(Dataset data, double share)
    {
        try
        {
            (LimitTrain is { } limit ? data.Train.Take(limit) : data.Train).DrawPart(share, Seed);
        }
        catch (DatasetException e)
        {
            throw new TrainingException($"validation cannot be {share}. {e.Message}", e);
        }
    }

    /// <summary>The optimizer that these options give with a recipe: where they say nothing, the recipe's, or the defaults of another kind.</summary>
    /// <param name="recipe">the optimizer of the model's recipe</param>
    public OptimizerOptions OptimizerFor(OptimizerOptions recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var optimizer = Optimizer is { } kind && kind != recipe.Kind
            // Not the recipe's optimizer: use its default hyperparameters, but keep the recipe's weight decay unless the optimizer has a default of its own.
            ? WithRecipeDecay(OptimizerOptions.DefaultsFor(kind), recipe)
            : recipe;
        return optimizer with
        {
            LearningRate = LearningRate ?? optimizer.LearningRate,
            Momentum = Momentum ?? optimizer.Momentum,
            Beta1 = Beta1 ?? optimizer.Beta1,
            Beta2 = Beta2 ?? optimizer.Beta2,
            Epsilon = Epsilon ?? optimizer.Epsilon,
            WeightDecay = WeightDecay ?? optimizer.WeightDecay,
            DecayMode = DecayMode ?? optimizer.DecayMode,
            DecayOn = DecayOn ?? optimizer.DecayOn,
            DecayConvention = DecayConvention ?? optimizer.DecayConvention,
            DecaySchedule = DecaySchedule ?? optimizer.DecaySchedule,
            CautiousDecay = CautiousDecay ?? optimizer.CautiousDecay,
            L1 = L1 ?? optimizer.L1,
            L1Mode = L1Mode ?? optimizer.L1Mode,
            MaxNorm = MaxNorm ?? optimizer.MaxNorm,
            SpectralNorm = SpectralNorm ?? optimizer.SpectralNorm,
        };
    }

    /// <summary>
    /// The optimizer that these options give a discriminator: as <see cref="OptimizerFor"/>, with its own learning rate, decay and spectral norm.
    /// </summary>
    /// <param name="recipe">the optimizer of the discriminator's recipe</param>
    public OptimizerOptions OptimizerForDiscriminator(OptimizerOptions recipe) => (this with
    {
        LearningRate = DiscriminatorLearningRate, WeightDecay = DiscriminatorDecay, SpectralNorm = DiscriminatorSpectralNorm, L1 = null, MaxNorm = null,
    }).OptimizerFor(recipe);

    private static OptimizerOptions WithRecipeDecay(OptimizerOptions chosen, OptimizerOptions recipe) => chosen with
    {
        WeightDecay = chosen.WeightDecay > 0 ? chosen.WeightDecay : recipe.WeightDecay,
        DecayConvention = chosen.WeightDecay > 0 ? chosen.DecayConvention : recipe.DecayConvention,
        DecayOn = recipe.DecayOn,
        L1 = recipe.L1,
        L1Mode = recipe.L1Mode,
        MaxNorm = recipe.MaxNorm,
        SpectralNorm = recipe.SpectralNorm,
    };
}
