using Gpu.Kernels;

namespace Gpu.Training.Planning;

/// <summary>Settings of a plan besides the model and the batch size.</summary>
public sealed record PlanSettings
{
    /// <summary>The seed of the dropout masks.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Replaces the probability of all dropout layers; null to use those of the layers.</summary>
    public float? Dropout { get; init; }

    /// <summary>Whether dropout layers of images drop whole channels instead of single values.</summary>
    public bool SpatialDropout { get; init; }

    /// <summary>The probability to skip the body of the last residual block in training; earlier blocks have proportionally less. 0: off.</summary>
    public float StochasticDepth { get; init; }

    /// <summary>Label smoothing in training: the share of the target that is spread evenly over all classes, 0 (off) to 1.</summary>
    public float LabelSmoothing { get; init; }

    /// <summary>Factors of the training loss of each class, one for each output of the model; null for 1.</summary>
    public IReadOnlyList<float>? ClassWeights { get; init; }

    /// <summary>Whether a training batch has two labels and a weight for each sample: mixup or CutMix.</summary>
    public bool MixesSamples { get; init; }

    /// <summary>The algorithm of all convolutions.</summary>
    public Conv2dAlgorithm Convolution { get; init; }

    /// <summary>
    /// Whether evaluation computes each batch normalization into the weights of the convolution or dense layer before it, where only the normalization reads
    /// the output of that layer. The weights are read once, so they must not change afterwards. The outputs differ from unfolded ones by rounding. Training
    /// never folds.
    /// </summary>
    public bool FoldBatchNorm { get; init; }

    /// <summary>
    /// Whether evaluation packs the weights of convolutions and dense layers once (<see cref="PackedConv2d"/>), on the CPU. The weights are read once, so they
    /// must not change afterwards. The outputs differ from those without by rounding. Training never does.
    /// </summary>
    public bool PackWeights { get; init; }

    /// <summary>
    /// Full names of parameters that do not change. A layer whose parameters are all frozen computes no gradients for them, and batch normalization then
    /// uses its running statistics in training, too, and keeps them.
    /// </summary>
    public IReadOnlySet<string> Frozen { get; init; } = new HashSet<string>();

    /// <summary>Whether the backward pass computes the gradient of the input of the model.</summary>
    internal bool InputNeedsGradient { get; init; }

    /// <summary>The weight of the divergence of a variational autoencoder; 1 is the evidence lower bound.</summary>
    public float KlWeight { get; init; } = 1;

    /// <summary>The factor of the divergence in the loss of a sample: losses are means over the outputs, so it is divided by their number.</summary>
    internal float DivergenceFactor(Models.Model model) => KlWeight / model.Output.Length;

    /// <summary>k of the top-k accuracy.</summary>
    public int TopK { get; init; } = 5;

    /// <summary>
    /// With a loss on targets: counts yes-or-no decisions for the accuracy, where an output above this number stands for yes. Null counts none.
    /// </summary>
    public float? BinaryThreshold { get; init; }
}
