using Gpu.Kernels.Launching;
using Gpu.Training.Data;
using Gpu.Training.Models;

namespace Gpu.Training.Loop;

/// <summary>Trains a model on a data set: the loop over epochs and batches, evaluation, early stopping, the run folder.</summary>
public sealed class Trainer : IDisposable
{
    /// <summary>Checks everything and allocates on the device; nothing is trained yet.</summary>
    /// <param name="model">what to train</param>
    /// <param name="data">what to train on</param>
    /// <param name="device">where; it stays open</param>
    /// <param name="options">how</param>
    /// <param name="observer">who looks on; null for nobody</param>
    /// <exception cref="TrainingException">an option is out of range, or the data set does not fit the model</exception>
    public Trainer(Model model, ImageDataset data, ComputeDevice device, TrainingOptions options, ITrainingObserver? observer = null) =>
        throw new NotImplementedException();

    /// <summary>Goes on with a run from its last checkpoint, as if it had never stopped, bit for bit.</summary>
    /// <param name="runFolder">the folder of the run</param>
    /// <param name="data">the same data set</param>
    /// <param name="device">where</param>
    /// <param name="change">changes options, such as more epochs; null for none</param>
    /// <param name="observer">who looks on; null for nobody</param>
    /// <exception cref="TrainingException">the folder holds no checkpoint, or the data set or an option is another than before</exception>
    public static Trainer Resume(
        string runFolder, ImageDataset data, ComputeDevice device, Func<TrainingOptions, TrainingOptions>? change = null, ITrainingObserver? observer = null) =>
        throw new NotImplementedException();

    /// <summary>Trains until the end, an early stop, or cancellation; a checkpoint is then written where there is a run folder.</summary>
    /// <exception cref="TrainingException">the loss is no longer a number; the best weights were not touched</exception>
    public TrainingResult Run(CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
