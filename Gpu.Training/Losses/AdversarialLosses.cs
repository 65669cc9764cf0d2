using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Generation;
using Gpu.Training.Models;

namespace Gpu.Training.Losses;

/// <summary>
/// The loss of a generator: its training plan draws noise, and where other plans compute a loss, this one trains the discriminator on the samples of the batch
/// and on what the generator made of the noise, and then takes the gradient of the score that the trained discriminator gives.
/// </summary>
/// <param name="kind">the loss</param>
internal sealed class GeneratorLoss(LossKind kind) : LossFunction
{
    /// <summary>The loss.</summary>
    public LossKind Kind => kind;

    public override bool UsesLabels => false;

    public override bool ReadsSamples => true;

    /// <summary>The other network; null where nothing is trained.</summary>
    public Discriminator? Discriminator { get; set; }

    public override void RecordInput(IExecutor executor, DeviceView input, DeviceView labels, DeviceView stepState, ulong seed)
    {
        GaussianNoise.Fill(executor, Initialization.NamedSeed.Of(seed, "latent"), stepState, input);
        if (Discriminator is not { Classes: > 0 and var classes }) return;
        var values = input.Length / labels.Length;
        OneHot.Run(executor, labels.Length, 1, classes, labels, values, values - classes, input);
    }

    public override void Record(IExecutor executor, LossArguments arguments)
    {
        if (arguments.Gradient.IsEmpty) return;
        if (Discriminator is null) throw new InvalidOperationException("a generator cannot be trained without a discriminator");
        Discriminator.Record(executor, arguments);
        Metrics.AccumulateLosses(executor, arguments.Batch, arguments.SampleLosses, arguments.Metrics);
    }
}

/// <summary>The loss of a discriminator on a batch whose first half is real and whose second half is generated: the sum of the means of both halves.</summary>
/// <param name="kind">the loss of the generator</param>
/// <param name="ones">at least as many ones as half of a batch</param>
/// <param name="zeros">as many zeros</param>
internal sealed class DiscriminatorLoss(LossKind kind, DeviceView ones, DeviceView zeros) : LossFunction
{
    public override bool UsesLabels => false;

    public override bool HasTargets => false;

    public override void Record(IExecutor executor, LossArguments arguments)
    {
        var half = arguments.Batch / 2;
        for (var part = 0; part < 2; part++)
        {
            DeviceView Half(DeviceView view) => view.IsEmpty ? view : view.Slice(part * half, half);
            var (scores, targets) = (Half(arguments.Output), (part == 0 ? ones : zeros).First(half));
            var (gradient, losses) = (Half(arguments.Gradient), Half(arguments.SampleLosses));
            if (kind == LossKind.Hinge) AdversarialLoss.HingeDiscriminator(executor, half, scores, targets, gradient, losses);
            else BinaryCrossEntropy.Run(executor, half, 1, scores, targets, gradient, losses);
            Metrics.AccumulateBinary(executor, half, 1, scores, targets, 0, losses, arguments.Metrics);
        }
    }
}

/// <summary>The loss of the generator as a function of the scores that the discriminator gives its samples.</summary>
/// <param name="kind">the loss</param>
/// <param name="ones">at least as many ones as a batch has samples</param>
internal sealed class ScoreLoss(LossKind kind, DeviceView ones) : LossFunction
{
    public override bool UsesLabels => false;

    public override bool HasTargets => false;

    public override void Record(IExecutor executor, LossArguments arguments)
    {
        var (scores, batch) = (arguments.Output, arguments.Batch);
        if (kind == LossKind.Hinge) AdversarialLoss.HingeGenerator(executor, batch, scores, arguments.Gradient, arguments.SampleLosses);
        else BinaryCrossEntropy.Run(executor, batch, 1, scores, ones.First(batch), arguments.Gradient, arguments.SampleLosses);
    }
}
