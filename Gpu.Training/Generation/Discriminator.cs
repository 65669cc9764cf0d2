using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Initialization;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Losses;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Generation;

/// <summary>
/// The discriminator of a generative adversarial network: a network with its own parameters and optimizer. The training plan of the generator records its step
/// (<see cref="GeneratorLoss"/>), so that a step of both is one list of launches.
/// </summary>
/// <remarks>Source: Goodfellow et al., "Generative adversarial nets", 2014, algorithm 1 with one step of the discriminator.</remarks>
internal sealed class Discriminator : IDisposable
{
    private readonly DeviceBuffer _targets;
    private readonly PlanCache _training;
    private readonly PlanCache _scoring;
    private readonly ResolvedOptions _resolved;

    /// <summary>Allocates parameters, optimizer and plans.</summary>
    /// <param name="generator">The model of the generator.</param>
    /// <param name="device">The device.</param>
    /// <param name="resolved">The options of the run.</param>
    /// <param name="stepState">The step state of the generator: both networks make the same steps.</param>
    /// <param name="batch">The largest batch of the generator.</param>
    public Discriminator(Model generator, ComputeDevice device, ResolvedOptions resolved, DeviceView stepState, int batch)
    {
        if (device.Precision == MatrixPrecision.Fp16)
            throw new TrainingException("A generative adversarial network has two losses, which are not scaled for fp16. Use another --precision.");
        var (model, kind) = (Require(generator), generator.Recipe.Loss);
        _resolved = Resolve(model, resolved);
        Classes = generator.ConditionClasses;
        Network = new Network(model, device, NamedSeed.Of(resolved.Options.Seed, "discriminator"), resolved.Options.Initializer);
        _targets = device.Allocate(2 * (int)ArenaLayout.Align(batch));
        var half = _targets.Length / 2;
        var (ones, zeros) = (_targets.View.First(half), _targets.View.Slice(half, half));
        device.Upload<float>([.. Enumerable.Repeat(1f, half), .. new float[half]], _targets.View);
        var settings = _resolved.PlanSettings;
        _training = new PlanCache(Network.Memory, device, settings, new DiscriminatorLoss(kind, ones, zeros), stepState);
        _scoring = new PlanCache(Network.Memory, device, ForScores(model, settings), new ScoreLoss(kind, ones), stepState);
        _training.Training(2 * batch);
        _scoring.Training(batch);
        Update = new ParameterUpdate(Network, _resolved, stepState, default);
    }

    /// <summary>The classes that both networks are told; 0 for none.</summary>
    public int Classes { get; }

    /// <summary>The network.</summary>
    public Network Network { get; }

    /// <summary>Its optimizer.</summary>
    public ParameterUpdate Update { get; }

    /// <summary>The counters of its losses and of the samples that it tells right: two for each sample of a batch.</summary>
    public PlanMetrics Metrics => _training.TrainingMetrics;

    /// <summary>Bytes of device memory that it needs; null if a buffer would be too long.</summary>
    public static long? BytesFor(Model generator, ResolvedOptions resolved, int batch)
    {
        var model = Require(generator);
        var own = Resolve(model, resolved);
        var trained = ParameterMemory.Layout(model).Trained;
        var update = ParameterUpdate.WordsFor(model, trained, own, scalesLoss: false);
        return sizeof(float) * (ParameterMemory.WordsFor(model) + update + 2 * ArenaLayout.Align(batch))
            + new MemoryRequirements(model, own.PlanSettings).PlanBytes([2 * batch], [])
            + new MemoryRequirements(model, ForScores(model, own.PlanSettings)).PlanBytes([batch], []);
    }

    /// <summary>Checks that a generator and its discriminator fit together.</summary>
    /// <returns>The discriminator.</returns>
    /// <exception cref="ModelException">They do not.</exception>
    public static Model Require(Model generator)
    {
        var name = $"The model '{generator.Name}' is trained with {JsonValues.EnumName(generator.Recipe.Loss)}, but ";
        if (generator.Discriminator is not { } model) throw new ModelException(name + "has no discriminator. Add one, such as that of dcgan_small.");
        if (generator.Input.IsImage)
            throw new ModelException(name + $"its input is an image ({generator.Input}). A generator takes latent values: [features].");
        var condition = generator.ConditionClasses;
        var image = generator.Output;
        if (model.Input != (condition > 0 ? TensorShape.Image(image.Height, image.Width, image.Channels + condition) : image))
            throw new ModelException(name + $"its discriminator takes {model.Input}, and the generator gives {generator.Output}. Make them equal.");
        if (condition > 0 && generator.Input.Length <= condition)
        {
            throw new ModelException(
                name + $"its discriminator takes {condition} more channels than the generator gives, one for each class, and so the input of the generator "
                + $"needs more than {condition} values: noise, and one for each class. It has {generator.Input.Length}.");
        }

        if (model.Output.Length != 1) throw new ModelException(name + $"its discriminator has the output {model.Output}. Give it one output.");
        if (model.Nodes.SelectMany(node => node.Flatten()).FirstOrDefault(node => node.Layer is BatchNormLayer) is { } normalized)
        {
            throw new ModelException(
                name + $"the layer '{normalized.Name}' of its discriminator is batch normalization, in which real and generated samples would be mixed. "
                + "Remove it; the spectral norm steadies the discriminator.");
        }

        return model;
    }

    /// <summary>Records a step of the discriminator, and then the loss of the generator with its gradient.</summary>
    /// <param name="executor">Receives the launches.</param>
    /// <param name="arguments">Those of the plan of the generator.</param>
    public void Record(IExecutor executor, LossArguments arguments)
    {
        var (batch, length) = (arguments.Batch, Network.Model.Input.Length);
        var channels = Network.Model.Input.Channels;
        var (pixels, own) = (Network.Model.Input.Length / channels, channels - Classes);
        var (training, scoring) = (_training.Training(2 * batch), _scoring.Training(batch));
        SetImages(arguments.Samples, training.Input.First(batch * length));
        SetImages(arguments.Output, training.Input.Slice(batch * length, batch * length));
        Run(executor, training);
        Run(executor, Update.Commands);
        SetImages(arguments.Output, scoring.Input);
        Run(executor, scoring);
        if (Classes == 0) Copy(scoring.InputGradient, arguments.Gradient);
        else Concat.Backward(executor, batch * pixels, own, channels, 0, scoring.InputGradient, arguments.Gradient);
        Copy(scoring.SampleLosses, arguments.SampleLosses);

        // Generated images have the classes of the real ones.
        void SetImages(DeviceView images, DeviceView input)
        {
            if (Classes == 0)
            {
                Copy(images, input);
                return;
            }

            Concat.Forward(executor, batch * pixels, own, images, channels, 0, input);
            OneHot.Run(executor, batch, pixels, Classes, arguments.Labels, channels, own, input);
        }

        void Copy(DeviceView from, DeviceView to) => Concat.Forward(executor, batch, from.Length / batch, from, from.Length / batch, 0, to);
    }

    /// <summary>Sets everything to the start of a run.</summary>
    public void Initialize()
    {
        Network.Initialize(NamedSeed.Of(_resolved.Options.Seed, "discriminator"), _resolved.Options.Initializer);
        Clear(Update.State);
        Update.ResetSingularVectors();
        Metrics.Reset();
        ClearGradients();
    }

    /// <summary>Sets the gradients to 0, as after a step.</summary>
    public void ClearGradients() => Clear(Network.Memory.Gradients);

    /// <inheritdoc/>
    public void Dispose()
    {
        Update.Dispose();
        _scoring.Dispose();
        _training.Dispose();
        _targets.Dispose();
        Network.Dispose();
    }

    private static void Run(IExecutor executor, Plan plan)
    {
        if (executor is CommandList list) plan.AppendTo(list);
        else plan.Run();
    }

    private static void Run(IExecutor executor, CommandList commands)
    {
        if (executor is CommandList list) list.Append(commands);
        else commands.Run();
    }

    private static PlanSettings ForScores(Model model, PlanSettings settings) => settings with
    {
        Frozen = model.Parameters.Where(parameter => parameter.Trainable).Select(parameter => parameter.Name).ToHashSet(StringComparer.Ordinal),
        InputNeedsGradient = true,
    };

    // The learning rate of a step is that of the generator. The factor of all parameters makes it that of the discriminator.
    private static ResolvedOptions Resolve(Model model, ResolvedOptions resolved)
    {
        var options = resolved.Options with
        {
            AutoDecay = false, Ema = null, Lookahead = null, Statistics = false, DecayFor = [], Freeze = [], LearningRateScales = [],
        };
        var optimizer = options.OptimizerForDiscriminator(model.Recipe.Optimizer);
        var rate = resolved.Optimizer.LearningRate;
        var factors = model.Parameters.Where(parameter => parameter.Trainable)
            .ToDictionary(parameter => parameter.Name, _ => optimizer.LearningRate / rate, StringComparer.Ordinal);
        var rules = ParameterRules.For(
            model, optimizer with { LearningRate = rate }, [], new ParameterSelection(new HashSet<string>(StringComparer.Ordinal), factors));
        var settings = new PlanSettings { Seed = resolved.PlanSettings.Seed, Convolution = resolved.PlanSettings.Convolution };
        return new ResolvedOptions(options, optimizer, settings, rules) { RulesFor = _ => rules };
    }

    private void Clear(DeviceView view)
    {
        if (!view.IsEmpty) Network.Device.Upload<int>(new int[view.Length], view);
    }
}
