using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Loop;

namespace Gpu.Training.Runs;

/// <summary>Compares everything that decides the result of a run with what is given when it is resumed.</summary>
internal sealed class ResumeCheck
{
    private static readonly JsonSerializerOptions Json = new() { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    private readonly List<(string Name, string Was, string Given, Rule Rule)> _differences = [];

    /// <summary>How a difference can be allowed.</summary>
    private enum Rule
    {
        /// <summary>Not at all: it defines the position in the run, or how the state was made.</summary>
        Never,

        /// <summary>By <see cref="ResumeOptions.Override"/>.</summary>
        Override,

        /// <summary>By <see cref="ResumeOptions.ResetOptimizer"/>.</summary>
        ResetOptimizer,
    }

    /// <summary>Checks that a run can be resumed.</summary>
    /// <param name="run">The run.</param>
    /// <param name="before">Its options.</param>
    /// <param name="now">The options that are given.</param>
    /// <param name="data">The prepared data set that is given.</param>
    /// <param name="fingerprints">Those of the data set.</param>
    /// <param name="device">The device that is given.</param>
    /// <param name="allowed">The differences that are allowed.</param>
    /// <exception cref="TrainingException">Something differs that is not allowed. The message is a table of the differences.</exception>
    public static void Require(
        RunFolder run, ResolvedOptions before, ResolvedOptions now, Dataset data, DataFingerprints fingerprints, ComputeDevice device, ResumeOptions allowed)
    {
        var check = new ResumeCheck();
        check.CompareData(run.Configuration, data, fingerprints);
        check.CompareOptions(before.Options, now.Options);
        check.CompareOptimizers(before.Optimizer, now.Optimizer);
        check.Compare("device", KindOf(run.Configuration.Device), KindOf(device.Id), Rule.Override);
        check.Throw(run, allowed);
    }

    private void CompareData(RunConfiguration run, Dataset data, DataFingerprints fingerprints)
    {
        var noun = data.Train.SampleNoun;
        Compare($"training {noun}", run.DataFingerprint, fingerprints.Train, Rule.Never);
        Compare("classes", run.ClassNames, data.ClassNames, Rule.Never);
        // Older runs do not have these.
        if (run.TestFingerprint is null) return;
        Compare($"validation {noun}", run.ValidationFingerprint, fingerprints.Validation, Rule.Never);
        Compare($"test {noun}", run.TestFingerprint, fingerprints.Test, Rule.Override);
    }

    private void CompareOptions(TrainingOptions was, TrainingOptions now)
    {
        Compare("batch", was.Batch, now.Batch, Rule.Never);
        Compare("accumulate", was.Accumulate, now.Accumulate, Rule.Never);
        Compare("seed", was.Seed, now.Seed, Rule.Never);
        Compare("shuffle", was.Shuffle, now.Shuffle, Rule.Never);
        Compare("validation", was.Validation, now.Validation, Rule.Never);
        Compare("limit-train", was.LimitTrain, now.LimitTrain, Rule.Never);
        Compare("precision", was.Precision ?? MatrixPrecision.Fp32, now.Precision ?? MatrixPrecision.Fp32, Rule.Never);
        Compare("ema", was.Ema, now.Ema, Rule.Never);
        Compare("background", was.Background, now.Background, Rule.Never);
        Compare("activation", was.Activation, now.Activation, Rule.Never);
        Compare("weight-standardization", was.WeightStandardization, now.WeightStandardization, Rule.Never);
        Compare("whiten", was.Whiten, now.Whiten, Rule.Never);
        Compare("lookahead", was.Lookahead, now.Lookahead, Rule.Never);
        Compare("auto-decay", was.AutoDecay, now.AutoDecay, Rule.Never);
        Compare("initializer", was.Initializer, now.Initializer, Rule.Never);
        Compare("schedule", was.Schedule, now.Schedule, Rule.Override);
        Compare("warmup", was.Warmup, now.Warmup, Rule.Override);
        Compare("dropout", was.Dropout, now.Dropout, Rule.Override);
        Compare("spatial-dropout", was.SpatialDropout, now.SpatialDropout, Rule.Override);
        Compare("stochastic-depth", was.StochasticDepth, now.StochasticDepth, Rule.Override);
        Compare("clip-value", was.ClipValue, now.ClipValue, Rule.Override);
        Compare("label-smoothing", was.LabelSmoothing, now.LabelSmoothing, Rule.Override);
        Compare("discriminator-lr", was.DiscriminatorLearningRate, now.DiscriminatorLearningRate, Rule.Override);
        Compare("discriminator-decay", was.DiscriminatorDecay, now.DiscriminatorDecay, Rule.Override);
        Compare("discriminator-spectral-norm", was.DiscriminatorSpectralNorm, now.DiscriminatorSpectralNorm, Rule.Override);
        Compare("kl-weight", was.KlWeight ?? 1, now.KlWeight ?? 1, Rule.Override);
        Compare("class-weights", was.ClassWeights, now.ClassWeights, Rule.Override);
        Compare("clip-norm", was.ClipNorm, now.ClipNorm, Rule.Override);
        Compare("augment flip", was.AugmentFlip, now.AugmentFlip, Rule.Override);
        Compare("augment shift", was.AugmentShift, now.AugmentShift, Rule.Override);
        Compare("augment", was.Augment, now.Augment, Rule.Override);
        Compare("mixup", was.Mixup, now.Mixup, Rule.Override);
        Compare("cutmix", was.Cutmix, now.Cutmix, Rule.Override);
        Compare("freeze", was.Freeze, now.Freeze, Rule.Override);
        Compare("lr-scale", was.LearningRateScales, now.LearningRateScales, Rule.Override);
        Compare("decay-for", was.DecayFor, now.DecayFor, Rule.Override);
        Compare("convolution", was.Convolution, now.Convolution, Rule.Override);
    }

    private void CompareOptimizers(OptimizerOptions was, OptimizerOptions now)
    {
        if (was.Kind != now.Kind)
        {
            // Its other values have another meaning.
            Compare("optimizer", was.Kind, now.Kind, Rule.ResetOptimizer);
            return;
        }

        Compare("lr", was.LearningRate, now.LearningRate, Rule.Override);
        Compare("momentum", was.Momentum, now.Momentum, Rule.Override);
        Compare("beta1", was.Beta1, now.Beta1, Rule.Override);
        Compare("beta2", was.Beta2, now.Beta2, Rule.Override);
        Compare("epsilon", was.Epsilon, now.Epsilon, Rule.Override);
        Compare("weight-decay", was.WeightDecay, now.WeightDecay, Rule.Override);
        Compare("decay-mode", was.DecayMode, now.DecayMode, Rule.Override);
        Compare("decay-on", was.DecayOn, now.DecayOn, Rule.Override);
        Compare("decay-convention", was.DecayConvention, now.DecayConvention, Rule.Override);
        Compare("decay-schedule", was.DecaySchedule, now.DecaySchedule, Rule.Override);
        Compare("cautious-decay", was.CautiousDecay, now.CautiousDecay, Rule.Override);
        Compare("l1", was.L1, now.L1, Rule.Override);
        Compare("l1-mode", was.L1Mode, now.L1Mode, Rule.Override);
        Compare("max-norm", was.MaxNorm, now.MaxNorm, Rule.Override);
        Compare("spectral-norm", was.SpectralNorm, now.SpectralNorm, Rule.Override);
    }

    private void Compare<T>(string name, T was, T given, Rule rule)
    {
        var (before, now) = (Text(was), Text(given));
        if (before != now) _differences.Add((name, before, now, rule));
    }

    private void Throw(RunFolder run, ResumeOptions allowed)
    {
        var refused = _differences.Where(difference => difference.Rule switch
        {
            Rule.Override => !allowed.Override,
            Rule.ResetOptimizer => !allowed.ResetOptimizer,
            _ => true,
        }).ToArray();
        if (refused.Length == 0) return;
        string[] heads = ["", "in the run", "given"];
        string[][] rows = [heads, .. refused.Select(difference => new[] { difference.Name, Short(difference.Was), Short(difference.Given) })];
        var widths = heads.Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        var lines = rows.Select((row, i) => "  " + string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column])))
            + (i == 0 ? "" : "  " + refused[i - 1].Rule switch
            {
                Rule.Override => "may change with --override",
                Rule.ResetOptimizer => "may change with --reset-optimizer",
                _ => "cannot change",
            }));
        throw new TrainingException(
            $"The run '{run.Path}' differs from what is given to resume it. Omit these options (or give the data of the run), allow what may change, or start "
            + $"a new run with --init and the last weights of this one.\n{string.Join('\n', lines.Select(line => line.TrimEnd()))}");
    }

    // Devices of a kind give the same bits; their numbers may change.
    private static string KindOf(string device) => device.Split(':')[0];

    private static string Text<T>(T value) => value switch
    {
        null => "none",
        string text => text,
        bool flag => flag ? "yes" : "no",
        Enum name => name.ToString().ToLowerInvariant(),
        ClassWeighting or System.Collections.IEnumerable => JsonSerializer.Serialize(value, Json),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : "none",
    };

    private static string Short(string text) => text.Length <= 40 ? text : text[..37] + "...";
}
