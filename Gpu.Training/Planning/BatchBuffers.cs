using Gpu.Kernels.Devices;
using Gpu.Training.Layers;
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
        Model model, LossFunction loss, ComputeDevice device, int batch, PlanSettings settings)
    {
        Batch = batch;
        Classes = loss.Classes(model);
        LabelsPerSample = loss.LabelsPerSample(model);
        TargetsInput = loss.TargetsInput;
        var (input, labels, perSample, targets) = SectionWords(model, loss, batch);
        var total = WordsFor(model, loss, batch, settings);
        if (total > int.MaxValue)
            throw new ModelException($"A batch of {batch} samples of {model.Input} has more than {int.MaxValue:N0} values. Use a smaller batch.");
        _batch = device.Allocate((int)total);
        Input = _batch.View.Slice(0, batch * model.Input.Length);
        Labels = _batch.View.Slice((int)input, batch * Math.Max(1, LabelsPerSample));
        var at = (int)(input + labels);
        SampleLosses = _batch.View.Slice(at, batch);
        at += (int)perSample;
        if (settings.ClassWeights is { } classWeights && loss.UsesLabels)
        {
            ClassWeights = _batch.View.Slice(at, Classes);
            device.Upload<float>(classWeights.ToArray(), ClassWeights);
        }

        Targets = targets == 0 ? default : _batch.View.Slice(at, batch * model.Output.Length);
        at += (int)(targets + WeightWords(model, loss));
        if (loss.WorkspaceLength(model, batch) is > 0 and var workspace)
        {
            Workspace = _batch.View.Slice(at, (int)workspace);
            at += (int)ArenaLayout.Align(workspace);
        }

        if (DivergenceWords(model, batch) is > 0 and var divergence)
        {
            Divergence = _batch.View.Slice(at, batch);
            at += (int)divergence;
        }

        if (SampleWords(model, loss, batch) is > 0 and var samples)
        {
            Samples = _batch.View.Slice(at, batch * model.Output.Length);
            at += (int)samples;
        }

        if (!settings.MixesSamples) return;
        SecondLabels = _batch.View.Slice(at, batch);
        LabelWeights = _batch.View.Slice(at + (int)perSample, batch);
    }

    /// <summary>Total words of the buffers for a batch size.</summary>
    public static long WordsFor(Model model, LossFunction loss, int batch, PlanSettings settings)
    {
        var (input, labels, perSample, targets) = SectionWords(model, loss, batch);
        return input + labels + perSample + targets + WeightWords(model, loss) + ArenaLayout.Align(loss.WorkspaceLength(model, batch))
            + DivergenceWords(model, batch) + SampleWords(model, loss, batch) + (settings.MixesSamples ? 2 * perSample : 0);
    }

    /// <summary>The largest batch size that fits.</summary>
    public int Batch { get; }

    /// <summary>[batch, input length].</summary>
    public DeviceView Input { get; }

    /// <summary>Classes that labels choose from.</summary>
    public int Classes { get; }

    /// <summary>Labels of a sample; 0 for a loss on targets.</summary>
    public int LabelsPerSample { get; }

    /// <summary>Integers: the class of each sample, or of each pixel.</summary>
    public DeviceView Labels { get; }

    /// <summary>[batch] integers: the second class of each sample; empty if samples are not mixed.</summary>
    public DeviceView SecondLabels { get; }

    /// <summary>[batch]: the weight of the first class of each sample; empty if samples are not mixed.</summary>
    public DeviceView LabelWeights { get; }

    /// <summary>Memory for the loss; empty if it needs none.</summary>
    public DeviceView Workspace { get; }

    /// <summary>[batch, image]: the samples for a discriminator; empty for other models.</summary>
    public DeviceView Samples { get; }

    /// <summary>[batch]: the divergence of the latent values of each sample; empty unless the model draws them.</summary>
    public DeviceView Divergence { get; }

    /// <summary>[batch].</summary>
    public DeviceView SampleLosses { get; }

    /// <summary>Whether the targets are the inputs, so that there are no <see cref="Targets"/>.</summary>
    public bool TargetsInput { get; }

    /// <summary>[batch, output length]; empty for a loss that uses labels or the input.</summary>
    public DeviceView Targets { get; }

    /// <summary>[classes]; empty if there are none.</summary>
    public DeviceView ClassWeights { get; }

    /// <summary>Counters of the training plans.</summary>
    public required PlanMetrics TrainingMetrics { get; init; }

    /// <summary>Counters of the evaluation plans.</summary>
    public required PlanMetrics EvaluationMetrics { get; init; }

    public void Dispose() => _batch.Dispose();

    private static (long Input, long Labels, long PerSample, long Targets) SectionWords(Model model, LossFunction loss, int batch) => (
        ArenaLayout.Align((long)batch * model.Input.Length), ArenaLayout.Align((long)batch * Math.Max(1, loss.LabelsPerSample(model))),
        ArenaLayout.Align(batch),
        !loss.HasTargets ? 0 : ArenaLayout.Align((long)batch * model.Output.Length));

    private static long DivergenceWords(Model model, int batch) => LatentSampleLayer.IsIn(model) ? ArenaLayout.Align(batch) : 0;

    private static long SampleWords(Model model, LossFunction loss, int batch) =>
        loss.ReadsSamples ? ArenaLayout.Align((long)batch * model.Output.Length) : 0;

    private static long WeightWords(Model model, LossFunction loss) => loss.UsesLabels ? ArenaLayout.Align(loss.Classes(model)) : 0;
}
