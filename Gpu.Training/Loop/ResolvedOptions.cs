using Gpu.Training.Initialization;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>Training options with unset values taken from the model's recipe and all ranges checked.</summary>
internal sealed record ResolvedOptions(
    TrainingOptions Options, OptimizerOptions Optimizer, PlanSettings PlanSettings, ParameterRules Rules)
{
    /// <summary>The rules with another weight decay of the optimizer.</summary>
    public required Func<float, ParameterRules> RulesFor { get; init; }

    private const string Positive = "a number above 0, 1.4e-45 to 3.4e38";

    /// <summary>Fills in unset options and checks all ranges.</summary>
    /// <param name="options">The options as given.</param>
    /// <param name="model">The model, whose recipe fills in unset ones.</param>
    /// <param name="binaryThreshold">See <see cref="PlanSettings.BinaryThreshold"/>.</param>
    /// <exception cref="TrainingException">An option is out of range. The message names it.</exception>
    public static ResolvedOptions Resolve(TrainingOptions options, Model model, float? binaryThreshold = null)
    {
        var recipe = model.Recipe;
        var optimizer = options.OptimizerFor(recipe.Optimizer);
        if (options.AutoDecay && optimizer.WeightDecay == 0) optimizer = optimizer with { WeightDecay = AutoDecay.StartFor(optimizer) };
        Check(options, optimizer, recipe);
        CheckLayers(options, model);
        CheckLatent(options, model);
        var selection = ParameterSelection.For(model, options.Whiten ? [.. options.Freeze, Whitened(model)] : options.Freeze, options.LearningRateScales);
        var settings = new PlanSettings
        {
            Seed = options.Seed,
            Dropout = options.Dropout,
            LabelSmoothing = options.LabelSmoothing ?? recipe.LabelSmoothing,
            TopK = options.TopK,
            KlWeight = options.KlWeight ?? 1,
            BinaryThreshold = binaryThreshold,
            SpatialDropout = options.SpatialDropout,
            StochasticDepth = options.StochasticDepth ?? 0,
            MixesSamples = options.Mixup > 0 || options.Cutmix > 0,
            Convolution = options.Convolution,
            Frozen = selection.Frozen,
        };
        var resolved = new ResolvedOptions(options, optimizer, settings, Rules(optimizer.WeightDecay)) { RulesFor = Rules };
        if (options.AutoDecay) AutoDecay.RequireEffect(resolved);
        return resolved;

        ParameterRules Rules(float decay) => ParameterRules.For(model, optimizer with { WeightDecay = decay }, options.DecayFor, selection);
    }

    private static void Check(TrainingOptions options, OptimizerOptions optimizer, TrainingRecipe recipe)
    {
        AtLeastOne("epochs", options.Epochs);
        AtLeastOne("steps", options.Steps ?? 1);
        AtLeastOne("batch", options.Batch);
        AtLeastOne("accumulate", options.Accumulate);
        AtLeastOne("log-every", options.LogEvery);
        AtLeastOne("top-k", options.TopK);
        AtLeastOne("checkpoint-every", options.CheckpointEvery);
        AtLeastOne("frechet-every", options.FrechetEvery ?? 1);
        AtLeastOne("patience", options.Patience ?? 1);
        AtLeastOne("limit-train", options.LimitTrain ?? 1);
        AtLeastOne("limit-test", options.LimitTest ?? 1);
        CheckRecipe(optimizer, options.LabelSmoothing ?? recipe.LabelSmoothing);
        CheckDecay(optimizer);
        Fraction("dropout", options.Dropout ?? 0);
        Fraction("ema", options.Ema ?? 0);
        Range("kl-weight", options.KlWeight ?? 1, IsNotNegative, "0 to 3.4e38");
        Fraction("stochastic-depth", options.StochasticDepth ?? 0);
        Range("clip-value", options.ClipValue ?? 1, IsPositive, Positive);
        Range("clip-norm", options.ClipNorm ?? 1, IsPositive, Positive);
        Range("warmup", options.Warmup, value => value >= 0, "0 or more");
        Range("validation", options.Validation ?? 0.5, value => value is > 0 and < 1, "above 0 and below 1");
        if (options.Lookahead is { } lookahead)
        {
            AtLeastOne("the period of lookahead", lookahead.Period);
            Range("the rate of lookahead", lookahead.Rate, value => value is > 0 and <= 1, "above 0, at most 1");
        }

        Range("mixup", options.Mixup ?? 0, value => value is >= 0 and <= 100, "0 to 100");
        Range("cutmix", options.Cutmix ?? 0, value => value is >= 0 and <= 100, "0 to 100");
        if (options.Augment.AlternatingFlip && !options.AugmentFlip) throw new TrainingException("Flips cannot alternate without flips. Set AugmentFlip.");
        if (options.Augment.ReflectingShift && options.AugmentShift == 0)
            throw new TrainingException("A shift cannot reflect without a shift. Set AugmentShift.");
        if (options.Initializer == Initialization.Initializer.Dirac)
        {
            throw new TrainingException(
                "The initializer dirac is for convolutions, and cannot replace that of all layers. Give it to the convolutions of the model.");
        }

        Range("shift", options.AugmentShift, value => value >= 0, "0 or more");
    }

    /// <summary>Checks the numbers of a recipe, which a model file has, too. They must be in the range of a float, which the kernels compute with.</summary>
    /// <param name="optimizer">the optimizer</param>
    /// <param name="labelSmoothing">the label smoothing</param>
    /// <param name="isModelFile">whether messages have the names of model files, such as learningRate, instead of those of options</param>
    /// <exception cref="TrainingException">a number is out of range; the message names it</exception>
    internal static void CheckRecipe(OptimizerOptions optimizer, double labelSmoothing, bool isModelFile = false)
    {
        Range(isModelFile ? "learningRate" : "lr", optimizer.LearningRate, IsPositive, Positive);
        Fraction("momentum", optimizer.Momentum);
        Fraction("beta1", optimizer.Beta1);
        Fraction("beta2", optimizer.Beta2);
        Range("epsilon", optimizer.Epsilon, IsPositive, Positive);
        Range(isModelFile ? "weightDecay" : "weight-decay", optimizer.WeightDecay, IsNotNegative, "0 to 3.4e38");
        Range("l1", optimizer.L1, IsNotNegative, "0 to 3.4e38");
        Range(isModelFile ? "maxNorm" : "max-norm", optimizer.MaxNorm, IsNotNegative, "0 (for none) to 3.4e38");
        Range(isModelFile ? "spectralNorm" : "spectral-norm", optimizer.SpectralNorm, IsNotNegative, "0 (for none) to 3.4e38");
        Fraction(isModelFile ? "labelSmoothing" : "label-smoothing", labelSmoothing);
    }

    private static string Whitened(Model model)
    {
        try
        {
            return Whitening.ParameterOf(model);
        }
        catch (ModelException e)
        {
            throw new TrainingException(e.Message, e);
        }
    }

    private static void CheckLayers(TrainingOptions options, Model model)
    {
        var nodes = model.Nodes.SelectMany(node => node.Flatten()).ToArray();
        if (options.Whiten && nodes.FirstOrDefault()?.Layer is Conv2dLayer { WeightStandardization: true })
            throw new TrainingException("weight-standardization would undo whiten, which computes the weights of the first layer. Omit one of them.");
        if (options.StochasticDepth > 0 && nodes.All(node => node.Layer is not ResidualBlock))
            throw new TrainingException($"stochastic-depth has no effect, because the model '{model.Name}' has no residual blocks. Omit it.");
        if (options.Dropout > 0 && nodes.All(node => node.Layer is not DropoutLayer))
            throw new TrainingException($"dropout has no effect, because the model '{model.Name}' has no dropout layers. Omit it, or add some.");
        if (options.SpatialDropout && nodes.All(node => node.Layer is not DropoutLayer || !node.Input.IsImage))
            throw new TrainingException($"spatial-dropout has no effect, because the model '{model.Name}' has no dropout layers with images. Omit it.");
    }

    private static void CheckLatent(TrainingOptions options, Model model)
    {
        if (options.KlWeight is not null && !LatentSampleLayer.IsIn(model))
            throw new TrainingException($"kl-weight has no effect, because the model '{model.Name}' has no latent-sample layer. Omit it.");
        if (options.FrechetEvery is not null && !Generation.ImageGenerator.Supports(model))
            throw new TrainingException($"frechet-every has no effect, because the model '{model.Name}' makes no images from noise. Omit it.");
        if (model.Discriminator is not null)
        {
            CheckRecipe(options.OptimizerForDiscriminator(model.Discriminator.Recipe.Optimizer), 0);
            return;
        }

        var option = options.DiscriminatorLearningRate is not null ? "discriminator-lr" : options.DiscriminatorDecay is not null ? "discriminator-decay"
            : options.DiscriminatorSpectralNorm is not null ? "discriminator-spectral-norm" : null;
        if (option is not null) throw new TrainingException($"{option} has no effect, because the model '{model.Name}' has no discriminator. Omit it.");
    }

    private static bool IsNotNegative(double value) => value >= 0 && float.IsFinite((float)value);

    private static bool IsPositive(double value) => (float)value > 0 && float.IsFinite((float)value);

    private static void CheckDecay(OptimizerOptions optimizer)
    {
        if (optimizer.DecayMode == DecayMode.Decoupled) return;
        var contradiction = optimizer.DecaySchedule != DecaySchedule.Rate ? $"decay-schedule is {optimizer.DecaySchedule.ToString().ToLowerInvariant()}"
            : optimizer.CautiousDecay ? "cautious-decay is on" : null;
        if (contradiction is null) return;
        throw new TrainingException($"{contradiction}, but weight decay is added to the gradient (decay-mode l2). Use decay-mode decoupled, or omit it.");
    }

    private static void AtLeastOne(string name, int value) => Range(name, value, number => number >= 1, "1 or more");

    private static void Fraction(string name, double value) => Range(name, value, number => number is >= 0 and < 1, "0 or more, and below 1");

    private static void Range(string name, double value, Func<double, bool> isValid, string range)
    {
        if (!isValid(value)) throw new RangeException(name, NumberText.Of(value), range);
    }
}
