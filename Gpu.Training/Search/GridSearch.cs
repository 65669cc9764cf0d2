using System.Diagnostics;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Loop;
using Gpu.Training.Models;

namespace Gpu.Training.Search;

/// <summary>Where a search stands.</summary>
/// <param name="Trial">the point, from 1</param>
/// <param name="Trials">how many points</param>
/// <param name="Fold">the fold of the point, from 1</param>
/// <param name="Folds">how many folds</param>
/// <param name="Step">where its training stands</param>
public readonly record struct SearchProgress(int Trial, int Trials, int Fold, int Folds, StepProgress Step);

/// <summary>
/// Tries settings and judges them by training images that are held out. The test images are never looked at: whoever chose settings by them could
/// not tell any more how good the network is.
/// </summary>
public sealed class GridSearch
{
    private readonly Model _model;
    private readonly ComputeDevice _device;
    private readonly TrainingOptions _options;
    private readonly IReadOnlyList<ImageDataset> _folds;

    /// <summary>Divides the training images.</summary>
    /// <param name="model">what to train</param>
    /// <param name="data">where the training images are</param>
    /// <param name="device">where to train</param>
    /// <param name="options">how, apart from what is searched; its validation and run folder are not used</param>
    /// <param name="folds">folds of cross-validation; 1 holds out one part</param>
    /// <param name="heldOut">share that is held out when there is one fold, above 0 and below 1</param>
    /// <exception cref="DatasetException">there are too few images to divide</exception>
    public GridSearch(Model model, ImageDataset data, ComputeDevice device, TrainingOptions options, int folds, double heldOut)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 1);
        (_model, _device) = (model, device);
        _options = options with { Validation = null, Patience = null, OutputFolder = null, LimitTrain = null, LimitTest = null, RecordLosses = false };
        var images = options.LimitTrain is { } limit ? data.Train.Take(limit) : data.Train;
        var divided = folds > 1 ? StratifiedKFold.Split(images, folds, options.Seed) : [images.Divide(heldOut, options.Seed)];
        _folds = [.. divided.Select(pair => new ImageDataset(data.Name, data.ClassNames, pair.Item1, pair.Item2))];
    }

    /// <summary>Trains each point on each fold, one after another.</summary>
    /// <param name="points">what to try</param>
    /// <param name="progress">called after every step; null for nobody</param>
    /// <param name="cancellation">ends the search; points that are not complete are left out</param>
    /// <returns>the points that were completed, in their order, each as soon as it is</returns>
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

    /// <summary>The best of some trials: the smallest loss; one that diverged is never the best.</summary>
    /// <returns>null when there is none</returns>
    public static SearchTrial? Best(IEnumerable<SearchTrial> trials) => trials.Where(trial => double.IsFinite(trial.Loss)).MinBy(trial => trial.Loss);

    private (double Loss, double Accuracy, bool IsComplete) Train(SearchPoint point, ImageDataset part, Observer observer, CancellationToken cancellation)
    {
        using var trainer = new Trainer(_model, part, _device, point.ApplyTo(_options), observer);
        try
        {
            var result = trainer.Run(cancellation);
            return (result.TestLoss, result.TestAccuracy, result.End != TrainingEnd.Cancelled);
        }
        catch (TrainingException)
        {
            // The loss is no longer a number. A setting that does not work is a result of the search, not the end of it.
            return (double.NaN, 0, true);
        }
    }

    private sealed class Observer(int trial, int trials, int fold, int folds, Action<SearchProgress>? progress) : ITrainingObserver
    {
        public void OnStep(in StepProgress step) => progress?.Invoke(new SearchProgress(trial, trials, fold, folds, step));
    }
}
