using System.Diagnostics;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Loop;
using Gpu.Training.Models;

namespace Gpu.Training.Search;

/// <summary>Progress of a grid search.</summary>
/// <param name="Trial">Current trial, starting at 1.</param>
/// <param name="Trials">Number of trials.</param>
/// <param name="Fold">Current fold of the trial, starting at 1.</param>
/// <param name="Folds">Number of folds.</param>
/// <param name="Step">Progress of the current training run.</param>
public readonly record struct SearchProgress(int Trial, int Trials, int Fold, int Folds, StepProgress Step);

/// <summary>
/// Compares hyperparameter settings on held-out training images. The test images are never used: choosing hyperparameters on them would bias the test result.
/// </summary>
public sealed class GridSearch
{
    private readonly Model _model;
    private readonly ComputeDevice _device;
    private readonly TrainingOptions _options;
    private readonly IReadOnlyList<Dataset> _folds;

    /// <summary>Splits the training images.</summary>
    /// <param name="model">The model to train.</param>
    /// <param name="data">The data set; only its training images are used.</param>
    /// <param name="device">The device to train on. The caller disposes it.</param>
    /// <param name="options">Options other than those searched. Validation, patience, run folder, test limit and loss recording are ignored.</param>
    /// <param name="folds">Folds of stratified cross-validation; 1 uses a single held-out set.</param>
    /// <param name="heldOut">Fraction held out if <paramref name="folds"/> is 1, above 0 and below 1.</param>
    /// <exception cref="DatasetException">There are too few images to split.</exception>
    public GridSearch(Model model, Dataset data, ComputeDevice device, TrainingOptions options, int folds, double heldOut)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 1);
        (_model, _device) = (model, device);
        _options = options with { Validation = null, Patience = null, OutputFolder = null, LimitTrain = null, LimitTest = null, RecordLosses = false,
            OnDivergence = DivergenceAction.Stop, LocatesDivergence = false };
        var samples = options.LimitTrain is { } limit ? data.Train.Take(limit) : data.Train;
        var splits = folds > 1 ? StratifiedKFold.Indices(samples, folds, options.Seed) : [samples.DrawPart(heldOut, options.Seed)];
        _folds = [.. splits.Select(split => data.With(samples.Select(split.Item1), samples.Select(split.Item2), null))];
    }

    /// <summary>Trains every point on every fold, one after another. The search runs as the result is enumerated.</summary>
    /// <param name="points">The settings to try.</param>
    /// <param name="progress">Called after every optimizer step; null for none.</param>
    /// <param name="cancellation">Ends the search. The incomplete trial is dropped.</param>
    /// <returns>The completed trials in the order of <paramref name="points"/>, each as soon as it completes. A diverged one has a NaN loss.</returns>
    public IEnumerable<SearchTrial> Run(IReadOnlyList<SearchPoint> points, Action<SearchProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(points);
        for (var trial = 0; trial < points.Count; trial++)
        {
            var (losses, accuracies, clock) = (new List<double>(), new List<double>(), Stopwatch.StartNew());
            for (var fold = 0; fold < _folds.Count; fold++)
            {
                var observer = new Observer(trial + 1, points.Count, fold + 1, _folds.Count, progress);
                var (loss, accuracy, isComplete) = Train(points[trial], _folds[fold], observer, cancellation);
                if (!isComplete) yield break;
                losses.Add(loss);
                accuracies.Add(accuracy);
            }

            yield return new SearchTrial(points[trial], losses, accuracies, clock.Elapsed.TotalSeconds);
        }
    }

    /// <summary>Finds the trial with the smallest loss, ignoring diverged ones.</summary>
    /// <returns>The best trial; null if there is none.</returns>
    public static SearchTrial? Best(IEnumerable<SearchTrial> trials) => trials.Where(trial => double.IsFinite(trial.Loss)).MinBy(trial => trial.Loss);

    private (double Loss, double Accuracy, bool IsComplete) Train(SearchPoint point, Dataset data, Observer observer, CancellationToken cancellation)
    {
        using var trainer = new Trainer(_model, data, _device, point.ApplyTo(_options), observer);
        try
        {
            var result = trainer.Run(cancellation);
            return (result.TestLoss, result.TestAccuracy, result.End != TrainingEnd.Cancelled);
        }
        catch (DivergenceException)
        {
            // That is a result of the search, not a reason to end it.
            return (double.NaN, 0, true);
        }
    }

    private sealed class Observer(int trial, int trials, int fold, int folds, Action<SearchProgress>? progress) : ITrainingObserver
    {
        public void OnStep(in StepProgress step) => progress?.Invoke(new SearchProgress(trial, trials, fold, folds, step));
    }
}
