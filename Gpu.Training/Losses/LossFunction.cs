using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Models;

namespace Gpu.Training.Losses;

/// <summary>A loss function that records its kernels in a plan.</summary>
internal abstract class LossFunction
{
    /// <summary>True if the loss reads one class per sample, false if it reads one target value per output.</summary>
    public abstract bool UsesLabels { get; }

    /// <summary>Whether the loss can multiply its gradient by the derivative of the activation that produced the output.</summary>
    public virtual bool CanGate => false;

    /// <summary>What the squared error is multiplied by.</summary>
    public virtual float Factor => 1;

    /// <summary>Whether each pixel of the output has a label; else each sample has one.</summary>
    public virtual bool HasPixelLabels => false;

    /// <summary>Whether the targets are the inputs of the model, as in an autoencoder.</summary>
    public virtual bool TargetsInput => false;

    /// <summary>Whether a batch has samples that are not the input of the model: those that a discriminator compares with generated ones.</summary>
    public virtual bool ReadsSamples => false;

    /// <summary>Whether the loss compares the output with values that the data set gives.</summary>
    public virtual bool HasTargets => !UsesLabels && !TargetsInput && !ReadsSamples;

    /// <summary>Records what fills the input of a training plan, if that is not the batch.</summary>
    public virtual void RecordInput(IExecutor executor, DeviceView input, DeviceView labels, DeviceView stepState, ulong seed)
    {
    }

    /// <summary>Labels of a sample; 0 for a loss on targets.</summary>
    public int LabelsPerSample(Model model) => !UsesLabels ? 0 : HasPixelLabels ? model.Output.Length / Classes(model) : 1;

    /// <summary>Classes that labels choose from.</summary>
    public int Classes(Model model) => HasPixelLabels && model.Output.IsImage ? model.Output.Channels : model.Output.Length;

    /// <summary>Words of memory that the loss needs besides for a batch.</summary>
    public virtual long WorkspaceLength(Model model, int batch) => 0;

    /// <summary>The loss function of a kind.</summary>
    public static LossFunction Of(LossKind kind) => kind switch
    {
        LossKind.MeanSquaredError => new SquaredErrorLoss(1),
        LossKind.HalfMeanSquaredError => new SquaredErrorLoss(0.5f),
        LossKind.BinaryCrossEntropy => new BinaryCrossEntropyLoss(),
        LossKind.NonSaturating or LossKind.Hinge => new GeneratorLoss(kind),
        LossKind.ReconstructionError => new SquaredErrorLoss(1, targetsInput: true),
        LossKind.ReconstructionCrossEntropy => new BinaryCrossEntropyLoss(targetsInput: true),
        LossKind.PixelCrossEntropy => new SegmentationLoss(new PixelLossTerms { CrossEntropy = 1 }),
        LossKind.Dice => new SegmentationLoss(new PixelLossTerms { Dice = 1 }),
        LossKind.Focal => new SegmentationLoss(new PixelLossTerms { Focal = 1 }),
        LossKind.PixelCrossEntropyDice => new SegmentationLoss(new PixelLossTerms { CrossEntropy = 1, Dice = 1 }),
        _ => new SoftmaxCrossEntropyLoss(),
    };

    /// <summary>
    /// Records the kernels that compute the loss of each sample, add to the metrics, and compute the gradient of the mean loss if
    /// <see cref="LossArguments.Gradient"/> is not empty.
    /// </summary>
    public abstract void Record(IExecutor executor, LossArguments arguments);

    // Adds the losses of a loss on targets to the metrics, and the correct decisions if there are any.
    private static void Count(IExecutor executor, LossArguments arguments)
    {
        if (!arguments.Divergence.IsEmpty)
        {
            LatentSample.AddDivergence(executor, arguments.Batch, arguments.DivergenceFactor, arguments.Divergence, arguments.SampleLosses);
            Metrics.AccumulateLosses(executor, arguments.Batch, arguments.Divergence, arguments.DivergenceMetrics);
        }

        if (arguments.BinaryThreshold is { } threshold)
        {
            Metrics.AccumulateBinary(
                executor, arguments.Batch, arguments.Outputs, arguments.Output, arguments.Targets, threshold, arguments.SampleLosses, arguments.Metrics);
            return;
        }

        Metrics.AccumulateLosses(executor, arguments.Batch, arguments.SampleLosses, arguments.Metrics);
    }

    private sealed class SoftmaxCrossEntropyLoss : LossFunction
    {
        public override bool UsesLabels => true;

        public override void Record(IExecutor executor, LossArguments arguments)
        {
            if (arguments.SecondLabels.IsEmpty)
            {
                SoftmaxCrossEntropy.RunAndCount(
                    executor, arguments.Batch, arguments.Outputs, arguments.Output, arguments.Labels, arguments.Gradient, arguments.SampleLosses,
                    arguments.Metrics, arguments.TopK, arguments.LabelSmoothing, arguments.ClassWeights);
                return;
            }

            SoftmaxCrossEntropy.RunMixed(
                executor, arguments.Batch, arguments.Outputs, arguments.Output, arguments.Labels, arguments.SecondLabels, arguments.LabelWeights,
                arguments.Gradient, arguments.SampleLosses, arguments.LabelSmoothing, arguments.ClassWeights);
            // A sample counts as correct if its heavier label is predicted.
            Metrics.Accumulate(
                executor, arguments.Batch, arguments.Outputs, arguments.Output, arguments.Labels, arguments.SampleLosses, arguments.Metrics, arguments.TopK);
        }
    }

    private sealed class SegmentationLoss(PixelLossTerms terms) : LossFunction
    {
        public override bool UsesLabels => true;

        public override bool HasPixelLabels => true;

        public override long WorkspaceLength(Model model, int batch) => PixelLoss.WorkspaceLength(batch, LabelsPerSample(model), Classes(model));

        public override void Record(IExecutor executor, LossArguments arguments)
        {
            var pixels = arguments.Outputs / arguments.Classes;
            PixelLoss.Run(
                executor, arguments.Batch, pixels, arguments.Classes, arguments.Output, arguments.Labels, arguments.Gradient, arguments.SampleLosses,
                arguments.Workspace.First(PixelLoss.WorkspaceLength(arguments.Batch, pixels, arguments.Classes)), terms, arguments.ClassWeights);
            Metrics.AccumulateLosses(executor, arguments.Batch, arguments.SampleLosses, arguments.Metrics);
            PixelConfusion.Accumulate(
                executor, arguments.Batch * pixels, arguments.Classes, arguments.Output, arguments.Labels, arguments.PixelCounts);
        }
    }

    private sealed class SquaredErrorLoss(float factor, bool targetsInput = false) : LossFunction
    {
        public override bool TargetsInput => targetsInput;

        public override bool UsesLabels => false;

        public override float Factor => factor;

        public override bool CanGate => true;

        public override void Record(IExecutor executor, LossArguments arguments)
        {
            MeanSquaredError.Run(
                executor, arguments.Batch, arguments.Outputs, arguments.Output, arguments.Targets, arguments.Gradient, arguments.SampleLosses,
                arguments.Gate, factor);
            Count(executor, arguments);
        }
    }

    private sealed class BinaryCrossEntropyLoss(bool targetsInput = false) : LossFunction
    {
        public override bool TargetsInput => targetsInput;

        public override bool UsesLabels => false;

        public override void Record(IExecutor executor, LossArguments arguments)
        {
            BinaryCrossEntropy.Run(
                executor, arguments.Batch, arguments.Outputs, arguments.Output, arguments.Targets, arguments.Gradient, arguments.SampleLosses);
            Count(executor, arguments);
        }
    }
}

/// <summary>The arguments of <see cref="LossFunction.Record"/>.</summary>
internal readonly record struct LossArguments
{
    /// <summary>Samples in the batch.</summary>
    public required int Batch { get; init; }

    /// <summary>Outputs of the model per sample.</summary>
    public required int Outputs { get; init; }

    /// <summary>The output of the model, [batch, outputs].</summary>
    public required DeviceView Output { get; init; }

    /// <summary>Classes that labels choose from.</summary>
    public required int Classes { get; init; }

    /// <summary>The class of each sample or pixel, integers.</summary>
    public required DeviceView Labels { get; init; }

    /// <summary>The second class of each sample, [batch] integers; empty if samples are not mixed.</summary>
    public required DeviceView SecondLabels { get; init; }

    /// <summary>The weight of the first class of each sample, [batch]; empty if samples are not mixed.</summary>
    public required DeviceView LabelWeights { get; init; }

    /// <summary>The samples of the batch, for a loss that reads them besides the input; else the input.</summary>
    public required DeviceView Samples { get; init; }

    /// <summary>The target values, [batch, outputs]; empty if the loss uses labels.</summary>
    public required DeviceView Targets { get; init; }

    /// <summary>Receives the gradient of the mean loss with respect to the output, [batch, outputs]; empty in evaluation.</summary>
    public required DeviceView Gradient { get; init; }

    /// <summary>Receives the loss of each sample, [batch].</summary>
    public required DeviceView SampleLosses { get; init; }

    /// <summary>The metrics, which are added to; see <see cref="MetricLayout"/>.</summary>
    public required DeviceView Metrics { get; init; }

    /// <summary>The counters of pixels, which are added to; see <see cref="PixelConfusion"/>. Empty unless pixels have labels.</summary>
    public required DeviceView PixelCounts { get; init; }

    /// <summary>The divergence of the latent values of each sample, [batch], which the loss adds; empty unless the model draws them.</summary>
    public required DeviceView Divergence { get; init; }

    /// <summary>The factor of the divergence in the loss of a sample.</summary>
    public required float DivergenceFactor { get; init; }

    /// <summary>Counters of the divergence; see <see cref="MetricLayout"/>. Empty as <see cref="Divergence"/>.</summary>
    public required DeviceView DivergenceMetrics { get; init; }

    /// <summary>Memory for the loss, at least <see cref="LossFunction.WorkspaceLength"/> words.</summary>
    public required DeviceView Workspace { get; init; }

    /// <summary>k of the top-k accuracy; only for a loss that uses labels.</summary>
    public required int TopK { get; init; }

    /// <summary>See <see cref="Planning.PlanSettings.BinaryThreshold"/>.</summary>
    public required float? BinaryThreshold { get; init; }

    /// <summary>
    /// The activation by whose derivative the gradient is multiplied; <see cref="Activation.None"/> for none. Only for <see cref="LossFunction.CanGate"/>.
    /// </summary>
    public required Activation Gate { get; init; }

    /// <summary>Label smoothing: the share of the target that is spread evenly over all classes, 0 (off) to 1.</summary>
    public required float LabelSmoothing { get; init; }

    /// <summary>Factors of the samples of each class, [classes]; empty for 1. Only for a loss that uses labels.</summary>
    public required DeviceView ClassWeights { get; init; }
}
