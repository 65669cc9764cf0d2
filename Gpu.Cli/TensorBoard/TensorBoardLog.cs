using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Gpu.Cli.Reports;
using Gpu.Cli.TensorBoard.Messages;
using Gpu.Training.Images;
using Gpu.Training.Loop;

namespace Gpu.Cli.TensorBoard;

/// <summary>
/// Writes a run for TensorBoard: hyperparameters, the scalars and weight histograms of each epoch by optimizer step, and at the end the filters of the first
/// layer and the mistakes that the network was most sure of.
/// </summary>
internal sealed class TensorBoardLog : IDisposable
{
    private const string Plugin = "hparams";
    private const int TextType = 1;
    private const int NumberType = 3;
    private const int Success = 1;
    private const int FloatType = 1;

    private readonly EventFile _file;
    private bool _hasSettings;

    private TensorBoardLog(EventFile file) => _file = file;

    /// <summary>The path of the file.</summary>
    public string Path => _file.Path;

    /// <summary>Starts a file for a run.</summary>
    /// <param name="runFolder">the run folder</param>
    /// <param name="firstStep">the step after which the process trains; TensorBoard drops what files of earlier processes say of later steps</param>
    public static TensorBoardLog Create(string runFolder, long firstStep = 0)
    {
        var log = new TensorBoardLog(EventFile.Create(runFolder));
        if (firstStep > 0)
        {
            log._file.Add(new Event
            {
                WallTime = EventFile.Seconds(DateTime.UtcNow), Step = firstStep + 1,
                SessionLog = new SessionLog { Status = SessionLog.Types.SessionStatus.Start },
            });
        }

        return log;
    }

    /// <summary>The event files in a run folder.</summary>
    public static string[] Files(string runFolder) => Directory.GetFiles(runFolder, $"{EventFile.Prefix}*");

    /// <summary>Writes a run that has ended. The times of the epochs are computed back from the end of the run.</summary>
    /// <param name="run">the run</param>
    /// <param name="results">its results; null to leave out the mistakes</param>
    /// <returns>the path of the file</returns>
    public static string WriteAll(RunView run, RunResults? results)
    {
        using var log = Create(run.Folder.Path);
        var metrics = System.IO.Path.Combine(run.Folder.Path, Training.Runs.RunFolder.MetricsLogFile);
        var time = File.Exists(metrics) ? File.GetLastWriteTimeUtc(metrics) : DateTime.UtcNow;
        var seconds = run.Reports.Sum(Duration);
        foreach (var report in run.Reports)
        {
            seconds -= Duration(report);
            log.Add(run, report, time.AddSeconds(-seconds));
        }

        log.Finish(run, results, time);
        return log.Path;
    }

    /// <summary>Writes an epoch.</summary>
    /// <param name="run">the run</param>
    /// <param name="report">the epoch</param>
    /// <param name="time">when it ended</param>
    public void Add(RunView run, EpochReport report, DateTime time)
    {
        if (!_hasSettings) AddSettings(run, report, time.AddSeconds(-Duration(report)));
        _hasSettings = true;
        var summary = new Summary();
        foreach (var (tag, value) in Scalars(run, report))
            if (!double.IsNaN(value)) summary.Value.Add(new Summary.Types.Value { Tag = tag, SimpleValue = (float)value });
        foreach (var layer in report.Layers ?? [])
            if (Histogram(layer) is { } histogram) summary.Value.Add(new Summary.Types.Value { Tag = $"weights/{layer.Name}", Histo = histogram });
        Add(summary, report.Step, time);
    }

    /// <summary>Writes the pictures, and that the run ended.</summary>
    /// <param name="run">the run</param>
    /// <param name="results">its results; null to leave out the mistakes</param>
    /// <param name="time">when it ended</param>
    public void Finish(RunView run, RunResults? results, DateTime time)
    {
        var step = run.Last?.Step ?? 0;
        var summary = new Summary();
        if (FiltersSection.Images(run) is { } filters)
        {
            for (var i = 0; i < filters.Images.Length; i++)
                summary.Value.Add(new Summary.Types.Value { Tag = $"filters/{filters.Layer}/{i + 1}", Image = Image(filters.Images[i]) });
        }

        if (results is { Split: Training.Data.ImageSplit images })
        {
            var names = run.Folder.Configuration.ClassNames;
            foreach (var (mistake, i) in results.Mistakes.Select((mistake, i) => (mistake, i)))
            {
                summary.Value.Add(new Summary.Types.Value
                {
                    Tag = $"mistakes/{i + 1}: {names[mistake.Label]} taken for {names[mistake.Predicted]}", Image = Image(Picture.Of(images, mistake.Sample)),
                });
            }
        }

        if (summary.Value.Count > 0) Add(summary, step, time);
        var end = new SessionEndInfo { Status = Success, EndTimeSecs = EventFile.Seconds(time) };
        if (_hasSettings) AddHyperparameters("session_end_info", new HParamsPluginData { SessionEndInfo = end }, time);
        _file.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static double Duration(EpochReport report) =>
        (double.IsFinite(report.TrainSeconds) ? report.TrainSeconds : 0) + (double.IsFinite(report.EvaluationSeconds) ? report.EvaluationSeconds : 0);

    private static IEnumerable<(string Tag, double Value)> Scalars(RunView run, EpochReport report)
    {
        yield return ("loss/training", report.TrainLoss);
        yield return ($"loss/{report.EvaluatedOn}", report.Loss);
        if (report.WeightDecay is { } decay) yield return ("weight_decay", decay);
        if (report.Penalty.Kind != PenaltyKind.None)
        {
            yield return ("loss/penalty", report.Penalty.Value);
            yield return ("loss/total", report.TotalLoss);
        }

        if (run.IsRegression)
        {
            yield return ($"rmse/{report.EvaluatedOn}", report.Rmse);
            yield return ($"r2/{report.EvaluatedOn}", report.R2);
        }
        else
        {
            yield return ("accuracy/training", report.TrainAccuracy);
            yield return ($"accuracy/{report.EvaluatedOn}", report.Accuracy);
        }

        yield return ("epoch", report.Epoch);
        yield return ("learning_rate", report.LearningRate);
        yield return ("samples_per_second", report.SamplesPerSecond);
        foreach (var layer in report.Layers ?? [])
        {
            yield return ($"weight_norm/{layer.Name}", layer.WeightNorm);
            yield return ($"gradient_norm/{layer.Name}", layer.GradientNorm);
            yield return ($"update_ratio/{layer.Name}", layer.UpdateRatio);
        }
    }

    // The bins have equal widths from minus to plus the largest; their limits are the right ends. Sums are those of the middles of the bins.
    private static HistogramProto? Histogram(LayerStatistics layer)
    {
        if (!double.IsFinite(layer.Largest) || layer.Largest <= 0 || layer.Histogram.Count == 0) return null;
        var width = 2 * layer.Largest / layer.Histogram.Count;
        var histogram = new HistogramProto { Min = -layer.Largest, Max = layer.Largest, Num = layer.Length, SumSquares = layer.WeightNorm * layer.WeightNorm };
        for (var i = 0; i < layer.Histogram.Count; i++)
        {
            histogram.BucketLimit.Add(i + 1 == layer.Histogram.Count ? layer.Largest : -layer.Largest + (i + 1) * width);
            histogram.Bucket.Add(layer.Histogram[i]);
            histogram.Sum += layer.Histogram[i] * (-layer.Largest + (i + 0.5) * width);
        }

        return histogram;
    }

    private static Summary.Types.Image Image(ByteImage image) => new()
    {
        Height = image.Height, Width = image.Width, Colorspace = image.Channels, EncodedImageString = ByteString.CopyFrom(ImageCodec.EncodePng(image)),
    };

    private void Add(Summary summary, long step, DateTime time)
    {
        _file.Add(new Event { WallTime = EventFile.Seconds(time), Step = step, Summary = summary });
        _file.Flush();
    }

    private void AddSettings(RunView run, EpochReport report, DateTime time)
    {
        var settings = run.Settings().ToArray();
        var experiment = new Experiment { TimeCreatedSecs = EventFile.Seconds(time) };
        var start = new SessionStartInfo { StartTimeSecs = EventFile.Seconds(time) };
        foreach (var (name, text) in settings)
        {
            var isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number);
            experiment.HparamInfos.Add(new HParamInfo { Name = name, Type = isNumber ? NumberType : TextType });
            start.Hparams[name] = isNumber ? Value.ForNumber(number) : Value.ForString(text);
        }

        foreach (var tag in new[] { run.IsRegression ? "rmse" : "accuracy", "loss" })
            experiment.MetricInfos.Add(new MetricInfo { Name = new MetricName { Tag = $"{tag}/{report.EvaluatedOn}" } });
        AddHyperparameters("experiment", new HParamsPluginData { Experiment = experiment }, time);
        AddHyperparameters("session_start_info", new HParamsPluginData { SessionStartInfo = start }, time);
    }

    // TensorBoard expects a tensor beside the message.
    private void AddHyperparameters(string name, HParamsPluginData data, DateTime time)
    {
        var tensor = new TensorProto { Dtype = FloatType, TensorShape = new TensorShapeProto() };
        tensor.TensorShape.Dim.Add(new TensorShapeProto.Types.Dim { Size = 1 });
        tensor.FloatVal.Add(0);
        var summary = new Summary();
        summary.Value.Add(new Summary.Types.Value
        {
            Tag = $"_hparams_/{name}", Tensor = tensor,
            Metadata = new SummaryMetadata { PluginData = new SummaryMetadata.Types.PluginData { PluginName = Plugin, Content = data.ToByteString() } },
        });
        Add(summary, 0, time);
    }
}
