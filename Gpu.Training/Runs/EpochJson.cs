using System.Buffers;
using System.Text;
using System.Text.Json;
using Gpu.Kernels;
using Gpu.Training.IO;
using Gpu.Training.Loop;

namespace Gpu.Training.Runs;

/// <summary>
/// The lines of <c>metrics.jsonl</c>: a JSON object per epoch, with the columns of <c>metrics.csv</c>, the gaps between training and evaluation, and the
/// statistics of each parameter tensor. Numbers that are not finite are null.
/// </summary>
public static class EpochJson
{
    /// <summary>Writes a report as a JSON object on one line.</summary>
    /// <param name="report">The report.</param>
    public static string Write(EpochReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer)) Write(writer, report);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Reads a line.</summary>
    /// <param name="line">A line that <see cref="Write(EpochReport)"/> wrote; other properties are ignored.</param>
    /// <exception cref="JsonException">The line is not such an object.</exception>
    public static EpochReport Read(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        using var document = JsonText.Parse(line);
        try
        {
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or KeyNotFoundException or OverflowException)
        {
            throw new JsonException($"it is not the report of an epoch: {e.Message}", e);
        }
    }

    private static void Write(Utf8JsonWriter writer, EpochReport report)
    {
        writer.WriteStartObject();
        writer.WriteNumber("epoch", report.Epoch);
        writer.WriteNumber("step", report.Step);
        writer.WriteNumber("epochs", report.Epochs);
        writer.WriteNumber("learning_rate", report.LearningRate);
        if (double.IsFinite(report.MeanLearningRate)) Number(writer, "mean_learning_rate", report.MeanLearningRate);
        Number(writer, "train_loss", report.TrainLoss);
        Number(writer, "train_accuracy", report.TrainAccuracy);
        writer.WriteString("evaluated_on", report.EvaluatedOn);
        Number(writer, "loss", report.Loss);
        Number(writer, "accuracy", report.Accuracy);
        writer.WriteNumber("top_k", report.TopK);
        Number(writer, "top_k_accuracy", report.TopKAccuracy);
        writer.WriteBoolean("is_best", report.IsBest);
        Number(writer, "train_seconds", report.TrainSeconds);
        Number(writer, "evaluation_seconds", report.EvaluationSeconds);
        Number(writer, "samples_per_second", report.SamplesPerSecond);
        Number(writer, "rmse", report.Rmse);
        Number(writer, "r2", report.R2);
        if (double.IsFinite(report.MeanIou)) Number(writer, "mean_iou", report.MeanIou);
        if (double.IsFinite(report.TrainMeanIou)) Number(writer, "train_mean_iou", report.TrainMeanIou);
        foreach (var (name, value) in Generative(report))
            if (double.IsFinite(value)) Number(writer, name, value);
        Number(writer, "penalty", report.Penalty.Value);
        writer.WriteString("penalty_kind", PenaltyNames.Of(report.Penalty.Kind));
        Number(writer, "total_loss", report.TotalLoss);
        Number(writer, "zero_share", report.Penalty.ZeroShare);
        if (report.WeightDecay is { } decay) Number(writer, "weight_decay", decay);
        Number(writer, "loss_gap", report.LossGap);
        Number(writer, "accuracy_gap", report.AccuracyGap);
        if (report.Layers is { } layers)
        {
            writer.WriteStartArray("layers");
            foreach (var layer in layers) Write(writer, layer);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, LayerStatistics layer)
    {
        writer.WriteStartObject();
        writer.WriteString("name", layer.Name);
        writer.WriteNumber("length", layer.Length);
        writer.WriteBoolean("is_weight", layer.IsWeight);
        Number(writer, "weight_norm", layer.WeightNorm);
        Number(writer, "gradient_norm", layer.GradientNorm);
        Number(writer, "update_ratio", layer.UpdateRatio);
        Number(writer, "small_share", layer.SmallShare);
        Number(writer, "zero_share", layer.ZeroShare);
        Number(writer, "largest", layer.Largest);
        if (layer.EffectiveLearningRate is { } rate) Number(writer, "effective_learning_rate", rate);
        writer.WriteStartArray("histogram");
        foreach (var count in layer.Histogram) writer.WriteNumberValue(count);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter writer, string name, double value)
    {
        if (double.IsFinite(value)) writer.WriteNumber(name, value);
        else writer.WriteNull(name);
    }

    private static EpochReport Read(JsonElement json) => new()
    {
        Epoch = json.GetProperty("epoch").GetInt32(),
        Step = json.GetProperty("step").GetInt64(),
        Epochs = json.GetProperty("epochs").GetInt32(),
        LearningRate = json.GetProperty("learning_rate").GetSingle(),
        MeanLearningRate = json.TryGetProperty("mean_learning_rate", out _) ? Number(json, "mean_learning_rate") : double.NaN,
        TrainLoss = Number(json, "train_loss"),
        TrainAccuracy = Number(json, "train_accuracy"),
        EvaluatedOn = json.GetProperty("evaluated_on").GetString() ?? "",
        Loss = Number(json, "loss"),
        Accuracy = Number(json, "accuracy"),
        TopK = json.GetProperty("top_k").GetInt32(),
        TopKAccuracy = Number(json, "top_k_accuracy"),
        IsBest = json.GetProperty("is_best").GetBoolean(),
        TrainSeconds = Number(json, "train_seconds"),
        EvaluationSeconds = Number(json, "evaluation_seconds"),
        SamplesPerSecond = Number(json, "samples_per_second"),
        Rmse = Number(json, "rmse"),
        R2 = Number(json, "r2"),
        MeanIou = Optional(json, "mean_iou"),
        TrainMeanIou = Optional(json, "train_mean_iou"),
        Divergence = Optional(json, "divergence"),
        TrainDivergence = Optional(json, "train_divergence"),
        Reconstruction = Optional(json, "reconstruction"),
        TrainReconstruction = Optional(json, "train_reconstruction"),
        Diversity = Optional(json, "diversity"),
        Frechet = Optional(json, "frechet"),
        Precision = Optional(json, "precision"),
        Recall = Optional(json, "recall"),
        DiscriminatorLoss = Optional(json, "discriminator_loss"),
        DiscriminatorAccuracy = Optional(json, "discriminator_accuracy"),
        Penalty = new WeightPenalty(Number(json, "penalty"), PenaltyNames.Parse(json.GetProperty("penalty_kind").GetString()), Number(json, "zero_share")),
        WeightDecay = json.TryGetProperty("weight_decay", out _) ? Number(json, "weight_decay") : null,
        Layers = json.TryGetProperty("layers", out var layers) ? [.. layers.EnumerateArray().Select(ReadLayer)] : null,
    };

    private static LayerStatistics ReadLayer(JsonElement json)
    {
        long[] histogram = [.. json.GetProperty("histogram").EnumerateArray().Select(count => count.GetInt64())];
        if (histogram.Length != WeightStatistics.Bins || histogram.Any(count => count < 0))
            throw new FormatException($"a histogram must have {WeightStatistics.Bins} counts of 0 or more");
        return new LayerStatistics
        {
            Name = json.GetProperty("name").GetString() ?? "",
            Length = json.GetProperty("length").GetInt32(),
            IsWeight = json.GetProperty("is_weight").GetBoolean(),
            WeightNorm = Number(json, "weight_norm"),
            GradientNorm = Number(json, "gradient_norm"),
            UpdateRatio = Number(json, "update_ratio"),
            SmallShare = Number(json, "small_share"),
            ZeroShare = Number(json, "zero_share"),
            Largest = Number(json, "largest"),
            EffectiveLearningRate = json.TryGetProperty("effective_learning_rate", out _) ? Number(json, "effective_learning_rate") : null,
            Histogram = histogram,
        };
    }

    // The scores of networks that make images, by their names in the files of a run.
    internal static (string Name, double Value)[] Generative(EpochReport report) =>
    [
        ("divergence", report.Divergence), ("train_divergence", report.TrainDivergence), ("reconstruction", report.Reconstruction),
        ("train_reconstruction", report.TrainReconstruction), ("diversity", report.Diversity), ("frechet", report.Frechet),
        ("discriminator_loss", report.DiscriminatorLoss), ("discriminator_accuracy", report.DiscriminatorAccuracy),
        ("precision", report.Precision), ("recall", report.Recall),
    ];

    private static double Optional(JsonElement json, string name) => json.TryGetProperty(name, out _) ? Number(json, name) : double.NaN;

    private static double Number(JsonElement json, string name) =>
        json.GetProperty(name) is { ValueKind: not JsonValueKind.Null } value ? value.GetDouble() : double.NaN;
}
