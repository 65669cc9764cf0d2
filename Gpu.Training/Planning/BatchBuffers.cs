using Gpu.Kernels.Devices;
using Gpu.Training.Losses;
using Gpu.Training.Models;

namespace Gpu.Training.Planning;

/// <summary>Memory that a batch comes in by and its losses go out by; the same for all plans of a network.</summary>
internal sealed class BatchBuffers : IDisposable
{
    private readonly DeviceBuffer _batch;

    public BatchBuffers(Model model, LossFunction loss, ComputeDevice device, int batch, DeviceView trainingMetrics, DeviceView evaluationMetrics)
    {
        Batch = batch;
        TrainingMetrics = trainingMetrics;
        EvaluationMetrics = evaluationMetrics;
        var (input, each, targets) = SectionWords(model, loss, batch);
        var total = WordsFor(model, loss, batch);
        if (total > int.MaxValue) throw new ModelException($"A batch of {batch} samples of {model.Input} has more than {int.MaxValue:N0} values. Use "
            + "a smaller batch.");
        _batch = device.Allocate((int)total);
        Input = _batch.View.Slice(0, batch * model.Input.Length);
        Labels = _batch.View.Slice((int)input, batch);
        SampleLosses = _batch.View.Slice((int)(input + each), batch);
        Targets = targets == 0 ? default : _batch.View.Slice((int)(input + 2 * each), batch * model.Output.Length);
    }

    /// <summary>Words of all buffers for a batch.</summary>
    public static long WordsFor(Model model, LossFunction loss, int batch)
    {
        var (input, each, targets) = SectionWords(model, loss, batch);
        return input + 2 * each + targets;
    }

    /// <summary>Most samples.</summary>
    public int Batch { get; }

    public DeviceView Input { get; }

    public DeviceView Labels { get; }

    public DeviceView SampleLosses { get; }

    public DeviceView Targets { get; }

    public DeviceView TrainingMetrics { get; }

    public DeviceView EvaluationMetrics { get; }

    public void Dispose() => _batch.Dispose();

    private static (long Input, long Each, long Targets) SectionWords(Model model, LossFunction loss, int batch) => (
        ArenaLayout.Align((long)batch * model.Input.Length), ArenaLayout.Align(batch),
        loss.UsesLabels ? 0 : ArenaLayout.Align((long)batch * model.Output.Length));
}
