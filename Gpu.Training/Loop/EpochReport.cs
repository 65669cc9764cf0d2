namespace Gpu.Training.Loop;

/// <summary>Results of one epoch. Losses are means per sample; accuracies are in [0, 1].</summary>
public sealed record EpochReport
{
    /// <summary>The epoch, starting at 1.</summary>
    public required int Epoch { get; init; }

    /// <summary>Number of epochs of the run.</summary>
    public required int Epochs { get; init; }

    /// <summary>Optimizer steps completed in the run, including those before a resume.</summary>
    public required long Step { get; init; }

    /// <summary>Mean loss over the epoch's training batches, measured while training: dropout is on and the weights change from batch to batch.</summary>
    public required double TrainLoss { get; init; }

    /// <summary>The penalty on the training weights at the end of the epoch, and the share of zeros among them.</summary>
    public WeightPenalty Penalty { get; init; }

    /// <summary>The weight decay at the end of the epoch, if the run finds it (<see cref="TrainingOptions.AutoDecay"/>); else null.</summary>
    public double? WeightDecay { get; init; }

    /// <summary><see cref="TrainLoss"/>, which is that of the data alone, plus the penalty.</summary>
    public double TotalLoss => TrainLoss + Penalty.Value;

    /// <summary>Accuracy over the epoch's training batches, measured while training.</summary>
    public required double TrainAccuracy { get; init; }

    /// <summary>The split that <see cref="Loss"/> and <see cref="Accuracy"/> were measured on: <c>validation</c> or <c>test</c>.</summary>
    public required string EvaluatedOn { get; init; }

    /// <summary>Mean loss on that split in evaluation mode.</summary>
    public required double Loss { get; init; }

    /// <summary>Accuracy on that split in evaluation mode.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Top-k accuracy: fraction of samples whose class is among the k highest outputs.</summary>
    public required double TopKAccuracy { get; init; }

    /// <summary>k of <see cref="TopKAccuracy"/>.</summary>
    public required int TopK { get; init; }

    /// <summary>Root mean squared error on that split, in the unit of the target; NaN unless the task is regression.</summary>
    public double Rmse { get; init; } = double.NaN;

    /// <summary>
    /// Coefficient of determination on that split: 1 - (sum of squared errors) / (sum of squared deviations from the mean target); NaN unless the task is
    /// regression, or if all targets are equal.
    /// </summary>
    public double R2 { get; init; } = double.NaN;

    /// <summary>Mean intersection over union on that split, 0 to 1; NaN unless the task is segmentation, where accuracies are those of pixels.</summary>
    public double MeanIou { get; init; } = double.NaN;

    /// <summary>Mean intersection over union over the epoch's training batches; NaN unless the task is segmentation.</summary>
    public double TrainMeanIou { get; init; } = double.NaN;

    /// <summary>The Kullback-Leibler divergence of the latent values on that split, nats per sample; NaN unless the model draws them.</summary>
    public double Divergence { get; init; } = double.NaN;

    /// <summary>The divergence over the epoch's training batches; NaN unless the model draws latent values.</summary>
    public double TrainDivergence { get; init; } = double.NaN;

    /// <summary><see cref="Loss"/> without the divergence: the mean over the values of an image; NaN unless the model draws latent values.</summary>
    public double Reconstruction { get; init; } = double.NaN;

    /// <summary><see cref="TrainLoss"/> without the divergence; NaN unless the model draws latent values.</summary>
    public double TrainReconstruction { get; init; } = double.NaN;

    /// <summary>How much generated images vary, by that of the data: the quotient of the mean variances of a pixel value; NaN without generator.</summary>
    public double Diversity { get; init; } = double.NaN;

    /// <summary>The Fréchet distance of generated images from the test images; NaN if it was not computed.</summary>
    public double Frechet { get; init; } = double.NaN;

    /// <summary>The share of generated images that are like test images (<see cref="Generation.PrecisionRecall"/>); NaN if it was not computed.</summary>
    public double Precision { get; init; } = double.NaN;

    /// <summary>The share of test images that are like generated ones; NaN if it was not computed.</summary>
    public double Recall { get; init; } = double.NaN;

    /// <summary>The loss of the discriminator over the epoch's batches: the sum of the means for real and generated images; NaN without one.</summary>
    public double DiscriminatorLoss { get; init; } = double.NaN;

    /// <summary>The fraction of real and generated images, 0 to 1, that the discriminator told right; NaN without one.</summary>
    public double DiscriminatorAccuracy { get; init; } = double.NaN;

    /// <summary><see cref="Loss"/> minus <see cref="TrainLoss"/>: how much worse the network is on samples that it was not trained on.</summary>
    public double LossGap => Loss - TrainLoss;

    /// <summary><see cref="TrainAccuracy"/> minus <see cref="Accuracy"/>.</summary>
    public double AccuracyGap => TrainAccuracy - Accuracy;

    /// <summary>Statistics of each parameter tensor; null if the epoch was not measured (<see cref="TrainingOptions.Statistics"/>).</summary>
    public IReadOnlyList<LayerStatistics>? Layers { get; init; }

    /// <summary>True if these weights are the best so far, and are the ones saved in <c>best.safetensors</c>.</summary>
    public required bool IsBest { get; init; }

    /// <summary>The learning rate of the epoch's last step.</summary>
    public required float LearningRate { get; init; }

    /// <summary>The mean learning rate of the epoch's steps; NaN in the files of versions that did not store it.</summary>
    public double MeanLearningRate { get; init; } = double.NaN;

    /// <summary>Training time of the epoch in seconds, without evaluation.</summary>
    public required double TrainSeconds { get; init; }

    /// <summary>Evaluation time in seconds.</summary>
    public required double EvaluationSeconds { get; init; }

    /// <summary>Training samples per second in this epoch.</summary>
    public required double SamplesPerSecond { get; init; }
}
