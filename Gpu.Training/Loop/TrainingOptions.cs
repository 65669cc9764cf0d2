using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Training.Loop;

/// <summary>
/// What a training run is asked for. A value of null means "as the model's recipe says" (<see cref="Models.TrainingRecipe"/>), or none where a recipe
/// does not speak of it. <see cref="Trainer"/> checks the ranges and says what is wrong.
/// </summary>
public sealed record TrainingOptions
{
    /// <summary>Passes over the training images, 1 or more.</summary>
    public int Epochs { get; init; } = 5;

    /// <summary>Stops after so many optimizer steps, 1 or more; it then replaces <see cref="Epochs"/>.</summary>
    public int? Steps { get; init; }

    /// <summary>Samples a batch, 1 or more.</summary>
    public int Batch { get; init; } = 128;

    /// <summary>The optimizer; when it is not the recipe's, the customary numbers of the chosen one apply (<see cref="OptimizerOptions.DefaultsFor"/>).</summary>
    public OptimizerKind? Optimizer { get; init; }

    /// <summary>The learning rate, above 0.</summary>
    public float? LearningRate { get; init; }

    /// <summary>Momentum, 0 up to 1.</summary>
    public double? Momentum { get; init; }

    /// <summary>Decay of the first moment, 0 up to 1.</summary>
    public double? Beta1 { get; init; }

    /// <summary>Decay of the second moment, 0 up to 1.</summary>
    public double? Beta2 { get; init; }

    /// <summary>The optimizer's epsilon, above 0.</summary>
    public double? Epsilon { get; init; }

    /// <summary>How the learning rate goes over the run.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Constant;

    /// <summary>Optimizer steps over which the learning rate rises linearly from near 0, before the schedule begins.</summary>
    public int Warmup { get; init; }

    /// <summary>Weight decay, 0 or more.</summary>
    public float? WeightDecay { get; init; }

    /// <summary>How the decay enters.</summary>
    public DecayMode? DecayMode { get; init; }

    /// <summary>What decays.</summary>
    public DecayTarget? DecayOn { get; init; }

    /// <summary>Factor of the L1 penalty, 0 or more.</summary>
    public float? L1 { get; init; }

    /// <summary>Replaces the probability of every dropout layer, 0 (off) up to 1.</summary>
    public float? Dropout { get; init; }

    /// <summary>Share of the target that is spread over all classes, 0 up to 1.</summary>
    public float? LabelSmoothing { get; init; }

    /// <summary>How convolutions are computed. The ways differ by roundings.</summary>
    public Conv2dAlgorithm Convolution { get; init; }

    /// <summary>Scales the gradient down to this Euclidean length where it is longer, above 0.</summary>
    public float? ClipNorm { get; init; }

    /// <summary>
    /// Keeps a running average of the parameters, a = ema * a + (1 - ema) * p, 0 up to 1; evaluation and the saved weights then are the average.
    /// </summary>
    public float? Ema { get; init; }

    /// <summary>Mirrors half of the training images left to right.</summary>
    public bool AugmentFlip { get; init; }

    /// <summary>Moves training images by up to so many pixels each way, 0 for none.</summary>
    public int AugmentShift { get; init; }

    /// <summary>Batches whose gradients are averaged before an optimizer step, 1 or more.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>
    /// Share of the training images that is held out for validation, above 0 and below 1; none: no validation, unless the data set brings its own.
    /// </summary>
    public double? Validation { get; init; }

    /// <summary>Stops after so many epochs without a better validation loss, and keeps the best weights. Needs a validation part.</summary>
    public int? Patience { get; init; }

    /// <summary>Uses only the first so many training images.</summary>
    public int? LimitTrain { get; init; }

    /// <summary>Uses only the first so many test images.</summary>
    public int? LimitTest { get; init; }

    /// <summary>Decides initial weights, the order of the samples, dropout and the validation split.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Draws a new order of the samples each epoch.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>A safetensors file whose weights replace the initial ones.</summary>
    public string? InitFile { get; init; }

    /// <summary>How the initial weights are drawn; null: as each layer says.</summary>
    public Initialization.Initializer? Initializer { get; init; }

    /// <summary>Steps between two readings of the loss from the device, 1 or more.</summary>
    public int LogEvery { get; init; } = 50;

    /// <summary>Reads the loss after every optimizer step and keeps it (<see cref="TrainingResult.Losses"/>).</summary>
    public bool RecordLosses { get; init; }

    /// <summary>Counts a sample as correct "in the top k" when its class is among the k most probable, 1 or more.</summary>
    public int TopK { get; init; } = 5;

    /// <summary>The run folder to write (created, must not hold a run yet); null writes nothing.</summary>
    public string? OutputFolder { get; init; }

    /// <summary>The name or folder that the data set was loaded from, for the run folder; null: unknown.</summary>
    public string? DatasetSource { get; init; }

    /// <summary>
    /// How matrix products and convolutions multiply (<see cref="ComputeDevice.Precision"/>); null: as the device is set, which is fp32 unless someone changed it. With fp16 the loss is scaled
    /// (<see cref="LossScaling"/>).
    /// </summary>
    public MatrixPrecision? Precision { get; init; }

    /// <summary>Epochs between two checkpoints, 1 or more.</summary>
    public int CheckpointEvery { get; init; } = 1;
}
