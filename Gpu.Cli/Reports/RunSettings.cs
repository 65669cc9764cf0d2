using System.Globalization;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Runs;

namespace Gpu.Cli.Reports;

/// <summary>The configuration of a run as names and values, by the names of the options.</summary>
internal static class RunSettings
{
    /// <summary>Whether a name is that of an option of <c>train</c>, not of a fact or of what a program alone can set.</summary>
    public static bool IsOption(string name) => name is not ("parameters" or "data" or "shuffle" or "initializer" or "convolution");

    /// <summary>The names and values.</summary>
    public static IEnumerable<(string Name, string Value)> Of(
        TrainingOptions options, OptimizerOptions optimizer, RunConfiguration configuration, Model model)
    {
        yield return ("model", configuration.Model);
        yield return ("parameters", Units.Count(model.ParameterCount));
        yield return ("data", configuration.DatasetSource ?? configuration.Dataset);
        yield return ("task", TableArguments.NameOf(configuration.Task));
        yield return ("loss", NameOf(model.Recipe.Loss));
        yield return ("device", configuration.Device);
        yield return ("epochs", options.Steps is { } steps ? $"{Units.Count(steps)} steps" : $"{options.Epochs}");
        yield return ("batch", $"{options.Batch}");
        yield return ("optimizer", Name(optimizer.Kind));
        yield return ("lr", Units.Scientific(optimizer.LearningRate));
        yield return ("momentum", Number(optimizer.Momentum));
        yield return ("betas", $"{Number(optimizer.Beta1)}, {Number(optimizer.Beta2)}");
        yield return ("epsilon", Units.Scientific(optimizer.Epsilon));
        yield return ("schedule", $"{options.Schedule}");
        yield return ("warmup", $"{options.Warmup}");
        yield return ("weight-decay", Units.Scientific(optimizer.WeightDecay));
        yield return ("auto-decay", options.AutoDecay ? "yes" : "no");
        yield return ("decay-mode", Name(optimizer.DecayMode));
        yield return ("decay-on", Name(optimizer.DecayOn));
        yield return ("decay-convention", Name(optimizer.DecayConvention));
        yield return ("decay-schedule", Name(optimizer.DecaySchedule));
        yield return ("cautious-decay", optimizer.CautiousDecay ? "yes" : "no");
        yield return ("decay-for", Joined(options.DecayFor.Select(one => $"{one.Pattern}={Units.Scientific(one.WeightDecay)}")));
        yield return ("l1-mode", Name(optimizer.L1Mode));
        yield return ("l1", Units.Scientific(optimizer.L1));
        yield return ("max-norm", Number(optimizer.MaxNorm > 0 ? optimizer.MaxNorm : null));
        yield return ("spectral-norm", Number(optimizer.SpectralNorm > 0 ? optimizer.SpectralNorm : null));
        yield return ("activation", options.Activation is { } activation ? Hyphenated(activation) : "as in the model");
        yield return ("weight-standardization", options.WeightStandardization ? "yes" : "as in the model");
        yield return ("dropout", options.Dropout is { } dropout ? Number(dropout) : "as in the model");
        yield return ("spatial-dropout", options.SpatialDropout ? "yes" : "no");
        yield return ("stochastic-depth", Number(options.StochasticDepth));
        var other = model.Discriminator is { } discriminator ? options.OptimizerForDiscriminator(discriminator.Recipe.Optimizer) : null;
        yield return ("discriminator-lr", Number(other?.LearningRate ?? options.DiscriminatorLearningRate));
        yield return ("discriminator-decay", Number(other?.WeightDecay ?? options.DiscriminatorDecay));
        yield return ("discriminator-spectral-norm", Number(other?.SpectralNorm ?? options.DiscriminatorSpectralNorm));
        yield return ("frechet-every", $"{options.FrechetEvery?.ToString() ?? "none"}");
        yield return ("kl-weight", Number(options.KlWeight));
        yield return ("label-smoothing", Number(options.LabelSmoothing ?? model.Recipe.LabelSmoothing));
        yield return ("class-weights", options.ClassWeights switch
        {
            null => "none",
            { ByName: null } => "balanced",
            { ByName: { } weights } => Joined(weights.Select(one => $"{one.Key}={Number(one.Value)}")),
        });
        yield return ("clip-norm", Number(options.ClipNorm));
        yield return ("clip-value", Number(options.ClipValue));
        yield return ("accumulate", $"{options.Accumulate}");
        yield return ("ema", Number(options.Ema));
        // As the option takes it.
        yield return ("lookahead", options.Lookahead is { } look ? $"{look.Period}:{Number(look.Rate)}{(look.Falls ? ":falling" : "")}" : "none");
        yield return ("augment", Augmentation(options));
        yield return ("mixup", Number(options.Mixup));
        yield return ("cutmix", Number(options.Cutmix));
        yield return ("whiten", options.Whiten ? "yes" : "no");
        yield return ("validation", Number(options.Validation));
        yield return ("patience", options.Patience is { } patience ? $"{patience}" : "none");
        yield return ("limit-train", options.LimitTrain is { } limit ? Units.Count(limit) : "none");
        yield return ("limit-test", options.LimitTest is { } testLimit ? Units.Count(testLimit) : "none");
        yield return ("shuffle", options.Shuffle ? "yes" : "no");
        yield return ("background", $"{options.Background}");
        yield return ("seed", $"{options.Seed}");
        yield return ("initializer", options.Initializer is { } initializer ? Name(initializer) : "as in the model");
        yield return ("convolution", Name(options.Convolution));
        yield return ("on-divergence", Name(options.OnDivergence));
        yield return ("precision", Name(options.Precision ?? Kernels.Devices.MatrixPrecision.Fp32));
        yield return ("lr-scale", Joined(options.LearningRateScales.Select(one => $"{one.Pattern}={Number(one.Factor)}")));
        yield return ("freeze", options.Freeze.Count > 0 ? string.Join(", ", options.Freeze) : "none");
        yield return ("init", options.InitFile is { } file ? $"{file} ({Name(options.InitLayout)})" : "random");
    }

    private static string Joined(IEnumerable<string> values) => string.Join(", ", values) is { Length: > 0 } text ? text : "none";

    private static string Augmentation(TrainingOptions options)
    {
        List<string> parts = [];
        var other = options.Augment;
        if (options.AugmentFlip) parts.Add(other.AlternatingFlip ? "flip:alternating" : "flip");
        if (options.AugmentShift > 0) parts.Add(other.ReflectingShift ? $"shift:{options.AugmentShift}:reflect" : $"shift:{options.AugmentShift}");
        if (other.ScaleTo > 0) parts.Add($"scale:{Number(other.ScaleFrom)}..{Number(other.ScaleTo)}");
        (string Name, double Value)[] sizes =
        [
            ("rotate", other.Rotation), ("shear", other.Shear), ("brightness", other.Brightness), ("contrast", other.Contrast),
            ("saturation", other.Saturation), ("hue", other.Hue), ("erase", other.EraseProbability), ("cutout", other.Cutout),
        ];
        parts.AddRange(sizes.Where(one => one.Value > 0).Select(one => $"{one.Name}:{Number(one.Value)}"));
        if (other.RandomOperations > 0) parts.Add($"randaugment:{other.RandomOperations}:{Number(other.RandomMagnitude)}");
        return parts.Count == 0 ? "none" : string.Join(',', parts);
    }

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static string Hyphenated<T>(T value)
        where T : struct, Enum => string.Concat(value.ToString().Select((letter, i) => i > 0 && char.IsUpper(letter) ? $"-{letter}" : $"{letter}"))
            .ToLowerInvariant();

    /// <summary>The value of <c>--loss</c>; the task of the network tells what it is the loss of.</summary>
    public static string NameOf(LossKind loss) => loss switch
    {
        LossKind.SoftmaxCrossEntropy or LossKind.PixelCrossEntropy or LossKind.ReconstructionCrossEntropy => "cross-entropy",
        LossKind.MeanSquaredError or LossKind.ReconstructionError => "mse",
        LossKind.HalfMeanSquaredError => "half-mse",
        LossKind.PixelCrossEntropyDice => "cross-entropy+dice",
        _ => Hyphenated(loss),
    };

    private static string Number(double? value) => value?.ToString("0.######", CultureInfo.InvariantCulture) ?? "none";
}
