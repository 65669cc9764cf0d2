using System.Collections.Concurrent;
using System.IO.Hashing;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Runs;

namespace Gpu.Training.Search;

/// <summary>
/// Compares settings on held-out training samples. All settings have the same folds and seeds. The test samples are never used: choosing hyperparameters on
/// them would bias the test result.
/// </summary>
/// <example><code>var results = new HyperparameterSearch(settings, new SearchOptions { Folds = 5 }).Run([device]);</code></example>
public sealed class HyperparameterSearch
{
    private readonly IReadOnlyList<SearchSetting> _settings;
    private readonly SearchOptions _options;
    private readonly Dictionary<Dataset, Lazy<FoldData>[]> _folds = [];
    private readonly ConcurrentDictionary<string, string> _hashes = new();

    /// <summary>Checks the options and draws the folds.</summary>
    /// <param name="settings">The settings to compare, at least one.</param>
    /// <param name="options">How to judge them.</param>
    /// <exception cref="DatasetException">There are too few samples to split.</exception>
    /// <exception cref="TrainingException">Successive halving has too few epochs.</exception>
    public HyperparameterSearch(IReadOnlyList<SearchSetting> settings, SearchOptions options)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfZero(settings.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Folds, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Seeds, 1);
        _options = options;
        _settings = [.. settings.Select(setting => setting with
        {
            Options = setting.Options with
            {
                Validation = null, Patience = null, OutputFolder = null, LimitTest = null, RecordLosses = false, DatasetSource = null,
                OnDivergence = DivergenceAction.Stop, LocatesDivergence = false, Statistics = false,
            },
        })];
        foreach (var setting in _settings)
            if (!_folds.ContainsKey(setting.Data)) _folds.Add(setting.Data, Split(setting.Data, setting.Options.LimitTrain));
        Rungs = options.Halving is { } rate ? Shares(rate) : [1];
    }

    /// <summary>The parts of their epochs that settings are trained for, ascending to 1; more than one with successive halving.</summary>
    public IReadOnlyList<double> Rungs { get; }

    /// <summary>The most runs of the search: those of all rungs, if no setting diverges.</summary>
    public int RunCount => Rungs.Select((_, rung) => SettingsAt(rung)).Sum() * _options.Folds * _options.Seeds;

    /// <summary>Trains all settings.</summary>
    /// <param name="devices">One device for each run that is made at the same time. The caller disposes them.</param>
    /// <param name="store">Where results are kept; null for none.</param>
    /// <param name="onProgress">Called after every step, one at a time, with the number of runs done and the progress of the run; null for none.</param>
    /// <param name="onResult">Called when a setting is finished, one at a time; null for none.</param>
    /// <param name="onTrial">Called when a run is finished, one at a time: the number of runs done, and whether it was read from the store.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>
    /// The settings with finished runs, in their order. The same for any number of devices of a kind. After a cancellation: those that were finished before.
    /// </returns>
    public IReadOnlyList<SettingResult> Run(
        IReadOnlyList<ComputeDevice> devices, TrialStore? store = null, Action<int, StepProgress>? onProgress = null, Action<SettingResult>? onResult = null,
        Action<int, bool>? onTrial = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(devices);
        ArgumentOutOfRangeException.ThrowIfZero(devices.Count);
        var results = new SettingResult?[_settings.Count];
        var alive = Enumerable.Range(0, _settings.Count).ToArray();
        var (done, gate) = (0, new Lock());
        for (var rung = 0; rung < Rungs.Count && !cancellation.IsCancellationRequested; rung++)
        {
            RunRung(rung);
            if (rung + 1 < Rungs.Count)
            {
                alive = [.. alive.Where(index => results[index] is { } result && double.IsFinite(result.Loss.Mean))
                    .OrderBy(index => results[index]!.Loss.Mean).Take(SettingsAt(rung + 1)).Order()];
            }
        }

        return [.. results.OfType<SettingResult>()];

        void RunRung(int rung)
        {
            var perSetting = _options.Folds * _options.Seeds;
            var trials = alive.ToDictionary(index => index, _ => new SearchTrial?[perSetting]);
            var work = new ConcurrentQueue<(int Setting, int Run)>(alive.SelectMany(index => Enumerable.Range(0, perSetting).Select(run => (index, run))));
            using var failure = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            Each(devices, device =>
            {
                while (!failure.IsCancellationRequested && work.TryDequeue(out var item))
                {
                    SearchTrial? trial;
                    bool isStored;
                    try
                    {
                        (trial, isStored) = Train(_settings[item.Setting], item.Run, Rungs[rung], device, store, Report, failure.Token);
                    }
                    catch
                    {
                        failure.Cancel();
                        throw;
                    }

                    if (trial is null) return;
                    lock (gate)
                    {
                        trials[item.Setting][item.Run] = trial;
                        onTrial?.Invoke(++done, isStored);
                        if (trials[item.Setting].Any(one => one is null)) continue;
                        var result = new SettingResult(_settings[item.Setting], trials[item.Setting]!, rung == Rungs.Count - 1);
                        results[item.Setting] = result;
                        onResult?.Invoke(result);
                    }
                }
            });
        }

        void Report(StepProgress progress)
        {
            if (onProgress is null) return;
            lock (gate) onProgress(done, progress);
        }
    }

    // One thread for each device. The first exception is thrown.
    private static void Each(IReadOnlyList<ComputeDevice> devices, Action<ComputeDevice> run)
    {
        if (devices.Count == 1)
        {
            run(devices[0]);
            return;
        }

        var failures = new ConcurrentQueue<Exception>();
        var threads = devices.Select(device => new Thread(() =>
        {
            try
            {
                run(device);
            }
            catch (Exception e)
            {
                failures.Enqueue(e);
            }
        }) { Name = "search" }).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        // Other runs end with a cancellation then.
        if (failures.OrderBy(failure => failure is OperationCanceledException).FirstOrDefault() is { } first)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
    }

    private (SearchTrial? Trial, bool IsStored) Train(
        SearchSetting setting, int run, double share, ComputeDevice device, TrialStore? store, Action<StepProgress> onStep, CancellationToken cancellation)
    {
        var (fold, seed) = (run / _options.Seeds, setting.Options.Seed + (ulong)(run % _options.Seeds));
        var data = _folds[setting.Data][fold].Value;
        var options = setting.Options with { Seed = seed, LimitTrain = null };
        var epochs = EpochsAt(options, share);
        var key = store is null ? null : Key(setting.Model, data, options, epochs, device);
        if (key is not null && store!.Read(key) is { } known) return (known with { Fold = fold, Seed = seed }, true);

        var clock = System.Diagnostics.Stopwatch.StartNew();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var trainer = new Trainer(setting.Model, data.Data, device, options, new Observer(onStep, epochs, stop));
        SearchTrial trial;
        try
        {
            var result = trainer.Run(stop.Token);
            if (cancellation.IsCancellationRequested) return (null, false);
            var last = result.Reports[^1];
            trial = new SearchTrial
            {
                Fold = fold, Seed = seed, Epochs = last.Epoch, Loss = last.Loss, Accuracy = last.Accuracy,
                MeanIou = data.Data.Task == Data.TaskKind.Segmentation ? last.MeanIou : null,
                TrainLoss = trainer.EvaluateTraining(cancellation).Loss, Seconds = clock.Elapsed.TotalSeconds,
            };
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return (null, false);
        }
        catch (DivergenceException)
        {
            // That is a result of the search, not a reason to end it.
            trial = new SearchTrial
            {
                Fold = fold, Seed = seed, Epochs = 0, Loss = double.NaN, Accuracy = 0,
                MeanIou = data.Data.Task == Data.TaskKind.Segmentation ? 0 : null, TrainLoss = double.NaN, Seconds = clock.Elapsed.TotalSeconds,
            };
        }

        if (key is not null) store!.Write(key, setting.Name, trial);
        return (trial, false);
    }

    private Lazy<FoldData>[] Split(Dataset data, int? limit)
    {
        var samples = limit is { } count ? data.Train.Take(count) : data.Train;
        var splits = _options.Folds > 1
            ? StratifiedKFold.Indices(samples, _options.Folds, _options.SplitSeed) : [samples.DrawPart(_options.HoldOut, _options.SplitSeed)];
        return [.. splits.Select(split => new Lazy<FoldData>(() =>
        {
            var fold = data.With(samples.Select(split.Item1), samples.Select(split.Item2), null);
            return new FoldData(fold, $"{fold.Train.ComputeFingerprint()} {fold.Test.ComputeFingerprint()}");
        }))];
    }

    // As many rungs as both the epochs and the settings allow.
    private double[] Shares(int rate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rate, 2);
        if (_settings.Any(setting => setting.Options.Steps is not null))
            throw new TrainingException("halving stops settings after some of their epochs, so it needs a number of epochs. Use --epochs instead of --steps.");
        var epochs = _settings.Min(setting => setting.Options.Epochs);
        List<double> shares = [1];
        for (var power = (double)rate; power <= epochs && power <= _settings.Count; power *= rate) shares.Insert(0, 1 / power);
        return shares.Count > 1 ? [.. shares]
            : throw new TrainingException(
                $"halving by {rate} needs at least {rate} epochs and {rate} settings, but there are {epochs} and {_settings.Count}. Train all settings to the "
                + "end instead, or give more.");
    }

    private int SettingsAt(int rung)
    {
        var count = _settings.Count;
        for (var i = 0; i < rung; i++) count = (count + _options.Halving!.Value - 1) / _options.Halving.Value;
        return count;
    }

    // Null if the run is not stopped.
    private static int? EpochsAt(TrainingOptions options, double share) =>
        share >= 1 ? null : Math.Max(1, (int)Math.Round(options.Epochs * share));

    private string Key(Model model, FoldData data, TrainingOptions options, int? epochs, ComputeDevice device)
    {
        var version = typeof(HyperparameterSearch).Assembly.GetName().Version;
        var kind = device is CpuDevice cpu ? $"cpu{cpu.VectorBits}" : device.Description;
        var init = options.InitFile is { } file ? _hashes.GetOrAdd(file, HashOf) : "";
        // Where the program looks at the loss does not change it.
        var deciding = options with { LogEvery = 1, Statistics = false, Commands = [], CheckpointEvery = 1, CheckpointInterval = CheckpointInterval.Default };
        return string.Join('\n', version, kind, device.Precision, epochs, data.Fingerprint, init, ModelFile.Write(model), RunConfiguration.Write(deciding));
    }

    private static string HashOf(string initial)
    {
        var file = Directory.Exists(initial) ? Path.Combine(initial, RunFolder.BestFile) : initial;
        if (!File.Exists(file)) return "";
        var hash = new XxHash128();
        using var stream = File.OpenRead(file);
        hash.Append(stream);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    private sealed record FoldData(Dataset Data, string Fingerprint);

    private sealed class Observer(Action<StepProgress> onStep, int? epochs, CancellationTokenSource stop) : ITrainingObserver
    {
        public void OnStep(in StepProgress step) => onStep(step);

        public void OnEpoch(EpochReport report)
        {
            if (report.Epoch == epochs) stop.Cancel();
        }
    }
}
