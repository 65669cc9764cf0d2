using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Loop;

namespace Gpu.Cli.Reports;

/// <summary>What the best weights of a run give on the test split; computed once, at the end of training.</summary>
internal sealed class RunResults
{
    // Samples that are predicted one by one for pictures and scatters; the evaluation has all.
    private const int MostPredicted = 10_000;
    private const int Chunk = 1000;
    private const int MostEmbedded = 500;
    private const int MostMistakes = 24;
    private const int MostMaps = 12;
    private const int MostMasks = 16;

    // Of a generator, which has no loss on images.
    private static readonly Evaluation NoLoss = new()
    {
        Samples = 0, Loss = double.NaN, Accuracy = double.NaN, TopKAccuracy = double.NaN, TopK = 1, ConfusionMatrix = null, Seconds = 0,
    };

    private RunResults(DataSplit split, Evaluation evaluation, float[,] predictions)
    {
        Split = split;
        Evaluation = evaluation;
        Predictions = predictions;
    }

    /// <summary>The test split.</summary>
    public DataSplit Split { get; }

    /// <summary>Loss, accuracy and confusion matrix; not numbers for a generator.</summary>
    public Evaluation Evaluation { get; }

    /// <summary>Probabilities of the classes, or values, of the first samples.</summary>
    public float[,] Predictions { get; }

    /// <summary>Number of samples with predictions.</summary>
    public int Count => Predictions.GetLength(0);

    /// <summary>The predicted labels of the pixels of the first images; null unless the task is segmentation.</summary>
    public byte[]? Masks { get; private init; }

    /// <summary>The predictions over the plane of two inputs, as a PNG; null for other data.</summary>
    public byte[]? Plane { get; private init; }

    /// <summary>The outputs of the last hidden layer in two dimensions; null if there is none.</summary>
    public Embedding? Embedding { get; private init; }

    /// <summary>The mistakes that the network was most sure of.</summary>
    public IReadOnlyList<Mistake> Mistakes { get; private set; } = [];

    /// <summary>Computes the results.</summary>
    /// <param name="predictor">the run</param>
    /// <param name="split">the test split</param>
    /// <param name="device">the device</param>
    /// <param name="cancellation">ends the computation</param>
    public static RunResults Compute(Predictor predictor, DataSplit split, ComputeDevice device, CancellationToken cancellation)
    {
        if (predictor.Configuration.Task == TaskKind.Generation) return new RunResults(split.Take(1), NoLoss, new float[0, 0]);
        var evaluation = predictor.Evaluate(split, 1, cancellation);
        if (predictor.Configuration.Task == TaskKind.Autoencoding) return new RunResults(split.Take(1), evaluation, new float[0, 0]);
        if (evaluation.Pixels is not null)
        {
            // The first images, not the best or the worst.
            var images = (ImageSplit)split.Take(MostMasks);
            var pixels = new byte[images.Count * images.ImageSize];
            for (var i = 0; i < images.Count; i++) images.CopyImage(i, pixels.AsSpan(i * images.ImageSize, images.ImageSize));
            return new RunResults(images, evaluation, new float[0, 0]) { Masks = predictor.PredictMasks(pixels, images.Count) };
        }

        var part = split.Count > MostPredicted ? split.Take(MostPredicted) : split;
        var predictions = Predict(predictor, part);
        var schema = predictor.Configuration.Table;
        var isPlane = schema is { FeatureCount: 2, Columns.Count: 2 } && schema.Columns.All(column => column.Levels is null);
        var results = new RunResults(part, evaluation, predictions)
        {
            Plane = isPlane ? Training.Images.ImageCodec.EncodePng(Training.Images.DecisionPlot.Render(schema!, (TableSplit)part, predictor.Predict)) : null,
            Embedding = Embedding.Compute(predictor, part.Take(Math.Min(part.Count, MostEmbedded)), device),
        };
        if (predictor.Configuration.Task != TaskKind.Regression) results.Mistakes = results.FindMistakes(predictor, device);
        return results;
    }

    /// <summary>The predicted class of a sample.</summary>
    public int Predicted(int sample)
    {
        var best = 0;
        for (var c = 1; c < Predictions.GetLength(1); c++)
            if (Predictions[sample, c] > Predictions[sample, best]) best = c;
        return best;
    }

    private Mistake[] FindMistakes(Predictor predictor, ComputeDevice device)
    {
        Mistake[] found =
        [
            .. Enumerable.Range(0, Count).Select(i => new Mistake(i, Split.Labels[i], Predicted(i), Predictions[i, Predicted(i)], null))
                .Where(mistake => mistake.Label != mistake.Predicted).OrderByDescending(mistake => mistake.Confidence).ThenBy(mistake => mistake.Sample)
                .Take(MostMistakes),
        ];
        if (Split is not ImageSplit images || found.Length == 0) return found;
        using var activation = ClassActivation.Create(predictor.Run, device);
        if (activation is null) return found;
        return [.. found.Select((mistake, i) => i < MostMaps ? mistake with { Map = activation.Map(images, mistake.Sample, mistake.Predicted) } : mistake)];
    }

    private static float[,] Predict(Predictor predictor, DataSplit split)
    {
        if (split is TableSplit table) return predictor.Predict(table);
        var images = (ImageSplit)split;
        float[,]? all = null;
        for (var from = 0; from < images.Count; from += Chunk)
        {
            var count = Math.Min(Chunk, images.Count - from);
            var pixels = new byte[count * images.ImageSize];
            for (var i = 0; i < count; i++) images.CopyImage(from + i, pixels.AsSpan(i * images.ImageSize, images.ImageSize));
            var some = predictor.Predict(pixels, count);
            all ??= new float[images.Count, some.GetLength(1)];
            Array.Copy(some, 0, all, from * some.GetLength(1), some.Length);
        }

        return all!;
    }
}

/// <summary>A sample of the test split that the network takes for another class.</summary>
/// <param name="Sample">number of the sample</param>
/// <param name="Label">its class</param>
/// <param name="Predicted">the class that the network predicts</param>
/// <param name="Confidence">the probability that it gives it, 0 to 1</param>
/// <param name="Map">what speaks for the predicted class, 0 to 1, with height and width; null if it was not computed</param>
internal sealed record Mistake(int Sample, int Label, int Predicted, double Confidence, (double[] Values, int Height, int Width)? Map);
