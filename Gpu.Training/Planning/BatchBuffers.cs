using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Losses;
using Gpu.Training.Models;

namespace Gpu.Training.Planning;

/// <summary>
/// Device buffers for the input of a batch (samples, labels or targets), its losses and the class weights, shared by all plans of a network.
/// </summary>
internal sealed class BatchBuffers : IDisposable
{
    private readonly DeviceBuffer _batch;

    public BatchBuffers(
        Model model, LossFunction loss, ComputeDevice device, int batch, DeviceView trainingMetrics, DeviceView evaluationMetrics,
        PlanSettings settings)
    {
        Batch = batch;
        TrainingMetrics = trainingMetrics;
        EvaluationMetrics = evaluationMetrics;
        var (input, perSample, targets) = SectionWords(model, loss, batch);
        var total = WordsFor(model, loss, batch, settings);
        if (total > int.MaxValue)
            throw new ModelException($"A batch of {batch} samples of {model.Input} has more than {int.MaxValue:N0} values. Use a smaller batch.");
        _batch = device.Allocate((int)total);
        Input = _batch.View.Slice(0, batch * model.Input.Length);
        Labels = _batch.View.Slice((int)input, batch);
        SampleLosses = _batch.View.Slice((int)(input + perSample), batch);
        if (settings.ClassWeights is { } classWeights && loss.UsesLabels)
        {
            ClassWeights = _batch.View.Slice((int)(input + 2 * perSample), model.Output.Length);
            device.Upload<float>(classWeights.ToArray(), ClassWeights);
        }

        if (settings.MixesSamples)
        {
            var from = (int)(input + 2 * perSample + targets + WeightWords(model, loss));
            SecondLabels = _batch.View.Slice(from, batch);
            LabelWeights = _batch.View.Slice(from + (int)perSample, batch);
        }

        Targets = targets == 0 ? default : _batch.View.Slice((int)(input + 2 * perSample), batch * model.Output.Length);
    }

    /// <summary>Total words of the buffers for a batch size.</summary>
    public static long WordsFor(Model model, LossFunction loss, int batch, PlanSettings settings)
    {
        var (input, perSample, targets) = SectionWords(model, loss, batch);
        return input + 2 * perSample + targets + WeightWords(model, loss) + (settings.MixesSamples ? 2 * perSample : 0);
    }

    /// <summary>The largest batch size that fits.</summary>
    public int Batch { get; }

    /// <summary>[batch, input length].</summary>
    public DeviceView Input { get; }

    /// <summary>[batch] integers: the class of each sample.</summary>
    public DeviceView Labels { get; }

    /// <summary>[batch] integers: the second class of each sample; empty if samples are not mixed.</summary>
    public DeviceView SecondLabels { get; }

    /// <summary>[batch]: the weight of the first class of each sample; empty if samples are not mixed.</summary>
    public DeviceView LabelWeights { get; }

    /// <summary>[batch].</summary>
    public DeviceView SampleLosses { get; }

    /// <summary>[batch, output length]; empty for a loss that uses labels.</summary>
    public DeviceView Targets { get; }

    /// <summary>[output length]; empty if there are none.</summary>
    public DeviceView ClassWeights { get; }

    /// <summary>Counters of the training plans; see <see cref="MetricLayout"/>.</summary>
    public DeviceView TrainingMetrics { get; }

    /// <summary>Counters of the evaluation plans; see <see cref="MetricLayout"/>.</summary>
    public DeviceView EvaluationMetrics { get; }

    public void Dispose() => _batch.Dispose();

    private static (long Input, long PerSample, long Targets) SectionWords(Model model, LossFunction loss, int batch) => (
        ArenaLayout.Align((long)batch * model.Input.Length), ArenaLayout.Align(batch),
        loss.UsesLabels ? 0 : ArenaLayout.Align((long)batch * model.Output.Length));

    private static long WeightWords(Model model, LossFunction loss) => loss.UsesLabels ? ArenaLayout.Align(model.Output.Length) : 0;
}
