using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>
/// A network and its optimizer, a step at a time on batches given as arrays: for benchmarks, tests and embedders with data of their own.
/// </summary>
public sealed class StepRunner : IDisposable
{
    /// <summary>Prepares training steps.</summary>
    /// <param name="network">what to train; it stays open</param>
    /// <param name="batch">samples a batch; smaller batches may come, too</param>
    /// <param name="options">optimizer, clipping, dropout, label smoothing; null for the model's recipe</param>
    public StepRunner(Network network, int batch, TrainingOptions? options = null) => throw new NotImplementedException();

    /// <summary>Sets the batch for the next steps: inputs (samples x input length, NHWC) and the classes.</summary>
    public void SetBatch(ReadOnlySpan<float> inputs, ReadOnlySpan<int> labels) => throw new NotImplementedException();

    /// <summary>Sets the batch for the next steps: inputs (samples x input length, NHWC) and targets (samples x output length), for squared error and binary cross-entropy.</summary>
    public void SetBatch(ReadOnlySpan<float> inputs, ReadOnlySpan<float> targets) => throw new NotImplementedException();

    /// <summary>Forward, loss, backward, optimizer. Returns when it is launched; nothing is allocated.</summary>
    public void Step() => throw new NotImplementedException();

    /// <summary>Mean loss of the batch of the last step, read from the device.</summary>
    public float ReadLoss() => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
