namespace Gpu.Training.Search;

/// <summary>The runs of one setting, one for each fold and seed, in that order.</summary>
/// <param name="Setting">The setting.</param>
/// <param name="Trials">Its runs. With successive halving, those with the most epochs.</param>
/// <param name="IsComplete">Whether the setting was trained for all its epochs; false if successive halving stopped it before.</param>
public sealed record SettingResult(SearchSetting Setting, IReadOnlyList<SearchTrial> Trials, bool IsComplete)
{
    /// <summary>Loss on the held-out samples; NaN if a run diverged.</summary>
    public SampleStatistics Loss => SampleStatistics.Of([.. Trials.Select(trial => trial.Loss)]);

    /// <summary>Accuracy on the held-out samples, 0 to 1; NaN in regression.</summary>
    public SampleStatistics Accuracy => SampleStatistics.Of([.. Trials.Select(trial => trial.Accuracy)]);

    /// <summary>Mean intersection over union on the held-out images, 0 to 1; NaN unless the task is segmentation.</summary>
    public SampleStatistics MeanIou => SampleStatistics.Of([.. Trials.Select(trial => trial.MeanIou ?? double.NaN)]);

    /// <summary>Loss on the training samples; NaN if a run diverged.</summary>
    public SampleStatistics TrainLoss => SampleStatistics.Of([.. Trials.Select(trial => trial.TrainLoss)]);

    /// <summary>Time of all runs in seconds.</summary>
    public double Seconds => Trials.Sum(trial => trial.Seconds);
}
