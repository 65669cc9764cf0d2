using Gpu.Kernels.Launching;
using Gpu.Training.Data;

namespace Gpu.Training.Loop;

/// <summary>A trained network in use: evaluation and prediction, with the normalisation it was trained with.</summary>
public sealed class Predictor : IDisposable
{
    /// <summary>Opens a run's best weights.</summary>
    /// <param name="runFolder">the folder of the run</param>
    /// <param name="device">where; it stays open</param>
    /// <param name="batch">samples at a time</param>
    /// <exception cref="TrainingException">the folder is not a run, or a file in it is damaged</exception>
    public static Predictor Open(string runFolder, ComputeDevice device, int batch = 256) => throw new NotImplementedException();

    /// <summary>What the run was.</summary>
    public Runs.RunConfiguration Configuration => throw new NotImplementedException();

    /// <summary>Loss, accuracy, top-k and confusion matrix on a part of a data set.</summary>
    public Evaluation Evaluate(ImageSplit split, int topK = 5, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>The classes' probabilities for images.</summary>
    /// <param name="pixels">count images of the model's input shape, as bytes, NHWC</param>
    /// <param name="count">how many</param>
    /// <returns>count x classes probabilities</returns>
    public float[,] Predict(ReadOnlySpan<byte> pixels, int count) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
