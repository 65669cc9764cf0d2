namespace Gpu.Training.Loop;

/// <summary>What an epoch came to. Losses are means a sample; accuracies lie between 0 and 1.</summary>
public sealed record EpochReport
{
    /// <summary>The epoch, from 1.</summary>
    public required int Epoch { get; init; }

    /// <summary>Epochs of the run.</summary>
    public required int Epochs { get; init; }

    /// <summary>Optimizer steps made in the run.</summary>
    public required long Step { get; init; }

    /// <summary>Mean loss over the epoch's batches, as they were trained (dropout on, weights changing).</summary>
    public required double TrainLoss { get; init; }

    /// <summary>Accuracy over the epoch's batches, as they were trained.</summary>
    public required double TrainAccuracy { get; init; }

    /// <summary>What <see cref="Loss"/> and <see cref="Accuracy"/> were measured on: <c>validation</c> or <c>test</c>.</summary>
    public required string EvaluatedOn { get; init; }

    /// <summary>Mean loss in evaluation.</summary>
    public required double Loss { get; init; }

    /// <summary>Accuracy in evaluation.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Share of samples whose class is among the k most probable.</summary>
    public required double TopKAccuracy { get; init; }

    /// <summary>The k of <see cref="TopKAccuracy"/>.</summary>
    public required int TopK { get; init; }

    /// <summary>True when these are the best weights so far: those that <c>best.safetensors</c> holds.</summary>
    public required bool IsBest { get; init; }

    /// <summary>The learning rate of the epoch's last step.</summary>
    public required float LearningRate { get; init; }

    /// <summary>Seconds of training in this epoch, without evaluation.</summary>
    public required double TrainSeconds { get; init; }

    /// <summary>Seconds of evaluation.</summary>
    public required double EvaluationSeconds { get; init; }

    /// <summary>Training samples a second in this epoch.</summary>
    public required double SamplesPerSecond { get; init; }
}
