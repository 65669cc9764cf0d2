using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Models;

namespace Gpu.Training.Losses;

/// <summary>A loss as a plan needs it: what it reads, and how it records itself.</summary>
internal abstract class LossFunction
{
    /// <summary>True when it reads a class a sample, false when it reads a number for each output.</summary>
    public abstract bool UsesLabels { get; }

    /// <summary>True when it can multiply the gradient by the derivative of the activation that gave the output.</summary>
    public virtual bool CanGate => false;

    /// <summary>The loss of a kind.</summary>
    public static LossFunction Of(LossKind kind) => kind switch
    {
        LossKind.MeanSquaredError => new SquaredErrorLoss(),
        LossKind.BinaryCrossEntropy => new BinaryCrossEntropyLoss(),
        _ => new SoftmaxCrossEntropyLoss(),
    };

    /// <summary>
    /// Records the loss of each sample, what is counted of it, and, where a gradient is wanted, the gradient of the mean loss.
    /// </summary>
    public abstract void Record(IExecutor executor, LossArguments arguments);

    private sealed class SoftmaxCrossEntropyLoss : LossFunction
    {
        public override bool UsesLabels => true;

        public override void Record(IExecutor executor, LossArguments a) =>
            SoftmaxCrossEntropy.RunAndCount(
                executor, a.Batch, a.Outputs, a.Output, a.Labels, a.Gradient, a.SampleLosses, a.Metrics, a.TopK, a.LabelSmoothing);
    }

    private sealed class SquaredErrorLoss : LossFunction
    {
        public override bool UsesLabels => false;

        public override bool CanGate => true;

        public override void Record(IExecutor executor, LossArguments a)
        {
            MeanSquaredError.Run(executor, a.Batch, a.Outputs, a.Output, a.Targets, a.Gradient, a.SampleLosses, a.Gate);
            Metrics.AccumulateLosses(executor, a.Batch, a.SampleLosses, a.Metrics);
        }
    }

    private sealed class BinaryCrossEntropyLoss : LossFunction
    {
        public override bool UsesLabels => false;

        public override void Record(IExecutor executor, LossArguments a)
        {
            BinaryCrossEntropy.Run(executor, a.Batch, a.Outputs, a.Output, a.Targets, a.Gradient, a.SampleLosses);
            Metrics.AccumulateLosses(executor, a.Batch, a.SampleLosses, a.Metrics);
        }
    }
}

/// <summary>What a loss works on.</summary>
internal readonly record struct LossArguments
{
    /// <summary>Samples.</summary>
    public required int Batch { get; init; }

    /// <summary>Numbers a sample that the model puts out.</summary>
    public required int Outputs { get; init; }

    /// <summary>[batch, outputs].</summary>
    public required DeviceView Output { get; init; }

    /// <summary>[batch] integers.</summary>
    public required DeviceView Labels { get; init; }

    /// <summary>[batch, outputs]; empty where the loss uses labels.</summary>
    public required DeviceView Targets { get; init; }

    /// <summary>[batch, outputs]; empty in evaluation.</summary>
    public required DeviceView Gradient { get; init; }

    /// <summary>[batch].</summary>
    public required DeviceView SampleLosses { get; init; }

    /// <summary>The counters; see <see cref="MetricLayout"/>.</summary>
    public required DeviceView Metrics { get; init; }

    /// <summary>k of the top-k count, where the loss uses labels.</summary>
    public required int TopK { get; init; }

    /// <summary>The activation that gave the output, where the loss is to multiply by its derivative.</summary>
    public required Activation Gate { get; init; }

    /// <summary>Share of the target that is spread over all classes.</summary>
    public required float LabelSmoothing { get; init; }
}
