namespace Gpu.Training.Search;

/// <summary>Chooses a setting from the results of a search.</summary>
/// <param name="Best">The setting with the lowest mean loss.</param>
/// <param name="OneStandardError">
/// The most regularized setting whose mean loss is at most one standard error above that of <paramref name="Best"/> (Breiman et al., "Classification and
/// Regression Trees", 1984). The most regularized is the one with the highest training loss, which needs no knowledge of what an option means. Null if the
/// error is unknown, because there is one run for each setting.
/// </param>
public sealed record SearchChoice(SettingResult Best, SettingResult? OneStandardError)
{
    /// <summary>Chooses from the complete settings that did not diverge.</summary>
    /// <returns>The choice; null if there is no such setting.</returns>
    public static SearchChoice? From(IEnumerable<SettingResult> results)
    {
        var valid = results.Where(result => result.IsComplete && double.IsFinite(result.Loss.Mean)).ToArray();
        if (valid.MinBy(result => result.Loss.Mean) is not { } best) return null;
        var limit = best.Loss.Mean + best.Loss.Error;
        return new SearchChoice(best, double.IsNaN(limit) ? null : valid.Where(result => result.Loss.Mean <= limit).MaxBy(result => result.TrainLoss.Mean));
    }

    /// <summary>
    /// Whether the mean losses of two settings differ by more than chance explains: the 95 % confidence interval of the mean difference of their runs on the
    /// same folds and seeds excludes 0. With folds the variance is corrected for their overlapping training sets (Nadeau and Bengio, 2003).
    /// </summary>
    /// <returns>The answer; null if it is unknown, because there is one run for each setting.</returns>
    public static bool? Differs(SettingResult first, SettingResult second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        var differences = first.Trials.Join(
            second.Trials, trial => (trial.Fold, trial.Seed), trial => (trial.Fold, trial.Seed), (a, b) => b.Loss - a.Loss).ToArray();
        var statistics = SampleStatistics.Of(differences);
        if (statistics.Count < 2) return null;
        var folds = first.Trials.Select(trial => trial.Fold).Distinct().Count();
        // Test samples per training sample.
        var overlap = folds > 1 ? 1.0 / (folds - 1) : 0;
        var error = statistics.Deviation * Math.Sqrt(1.0 / statistics.Count + overlap);
        return Math.Abs(statistics.Mean) > SampleStatistics.ConfidenceFactor(statistics.Count) * error;
    }
}
