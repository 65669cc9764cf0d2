using Gpu.Kernels;
using Gpu.Training.Data;
using Gpu.Training.Models;

namespace Gpu.Training.Loop;

/// <summary>How the optimizer treats a trainable parameter.</summary>
/// <param name="Factors">Decay and factor of the learning rate.</param>
/// <param name="Penalty">Coefficient of the sum of squares in the loss, or in the loss with which plain SGD would make the same steps.</param>
/// <param name="L1">Coefficient of the sum of absolute values.</param>
/// <param name="IsWeight">Whether it is the weight of a layer, not a bias or a parameter of batch normalization.</param>
/// <param name="Constraint">The norms that are kept; null for none.</param>
internal sealed record ParameterRule(SegmentFactors Factors, double Penalty, double L1, bool IsWeight, NormConstraint? Constraint);

/// <summary>Constraints of a weight matrix.</summary>
/// <param name="Rows">Incoming weights of a unit.</param>
/// <param name="Columns">Units.</param>
/// <param name="MaxNorm">Largest norm of a column; 0 for none.</param>
/// <param name="SpectralNorm">Largest singular value; 0 for none.</param>
internal sealed record NormConstraint(int Rows, int Columns, float MaxNorm, float SpectralNorm);

/// <summary>The rules of all trainable parameters, from the options of the optimizer, the properties of the layers and the patterns of the run.</summary>
/// <param name="Rules">the rules by full name</param>
/// <param name="Frozen">full names of the frozen parameters</param>
/// <param name="Kind">what the sum of the penalties means</param>
internal sealed record ParameterRules(IReadOnlyDictionary<string, ParameterRule> Rules, IReadOnlySet<string> Frozen, PenaltyKind Kind)
{
    /// <summary>Whether something changes the parameters after the optimizer's own launch.</summary>
    public bool HasProjections { get; } = Rules.Values.Any(rule => rule.Constraint is not null || rule.Factors.L1Threshold > 0);

    /// <summary>Whether any parameter has an L1 penalty.</summary>
    public bool HasL1 { get; } = Rules.Values.Any(rule => rule.L1 > 0);

    /// <summary>What is frozen, for the user; null for nothing.</summary>
    public string? Describe(Model model)
    {
        if (Frozen.Count == 0) return null;
        var trainable = model.Parameters.Where(parameter => parameter.Trainable).ToArray();
        var frozen = trainable.Where(parameter => Frozen.Contains(parameter.Name)).ToArray();
        return FormattableString.Invariant(
            $"Frozen: {frozen.Length:N0} of {trainable.Length:N0} tensors, {Count(frozen):N0} of {Count(trainable):N0} parameters (")
            + $"{NameList.Join(frozen.Select(parameter => parameter.Name), 8)}).";

        static long Count(IEnumerable<ModelParameter> parameters) => parameters.Sum(parameter => (long)parameter.Length);
    }

    /// <summary>Finds the rules of a model.</summary>
    /// <param name="model">the model</param>
    /// <param name="optimizer">the options that apply where nothing else is said</param>
    /// <param name="decayFor">weight decay by pattern</param>
    /// <param name="selection">frozen parameters and learning rates</param>
    /// <exception cref="TrainingException">a coefficient is out of range, or has no effect</exception>
    public static ParameterRules For(
        Model model, OptimizerOptions optimizer, IReadOnlyList<DecayOverride> decayFor, ParameterSelection selection)
    {
        var layers = LayerRules.Of(model);
        var parameters = model.Parameters.Where(parameter => parameter.Trainable).ToArray();
        var given = FindOverrides(model, parameters, optimizer, decayFor);
        var constrained = model.Nodes.SelectMany(node => node.Flatten()).Where(LayerRules.HasConstraints)
            .Select(node => node.Parameter("weight").Name).ToHashSet(StringComparer.Ordinal);
        RequireUse(model, optimizer, constrained);
        var rules = new Dictionary<string, ParameterRule>(StringComparer.Ordinal);
        foreach (var parameter in parameters)
        {
            var (name, layer) = (parameter.Name, layers[parameter.Name]);
            var isWeight = parameter.Declaration.Decays;
            var scale = selection.Factors.TryGetValue(name, out var factor) ? factor : layer.LearningRateScale ?? 1f;
            if (selection.Frozen.Contains(name))
            {
                // A factor of 0 freezes a segment; then decay does not apply either.
                rules[name] = new ParameterRule(new SegmentFactors { LearningRate = 0 }, 0, 0, isWeight, null);
                continue;
            }

            var decays = isWeight || optimizer.DecayOn == DecayTarget.All;
            var decay = decays ? given.TryGetValue(name, out var special) ? special : layer.WeightDecay ?? optimizer.WeightDecay : 0;
            var l1 = decays ? layer.L1 ?? optimizer.L1 : 0;
            var maxNorm = layer.MaxNorm ?? optimizer.MaxNorm;
            var hasConstraint = constrained.Contains(name) && (maxNorm > 0 || optimizer.SpectralNorm > 0);
            var shape = parameter.Shape;
            var factors = Factors(optimizer, decay, l1, scale);
            rules[name] = new ParameterRule(
                factors, Penalty(optimizer, factors, scale), l1, isWeight,
                hasConstraint ? new NormConstraint(parameter.Length / shape[^1], shape[^1], maxNorm, optimizer.SpectralNorm) : null);
        }

        return new ParameterRules(rules, selection.Frozen, KindOf(optimizer, rules.Values));
    }

    private static SegmentFactors Factors(OptimizerOptions optimizer, float decay, float l1, float scale)
    {
        if (optimizer.DecayConvention == DecayConvention.Full) decay *= 2;
        var isDecoupled = optimizer.DecayMode == DecayMode.Decoupled;
        var (isProximal, schedule) = (optimizer.L1Mode == L1Mode.Proximal, optimizer.DecaySchedule);
        if (isDecoupled && schedule != DecaySchedule.Rate && decay >= 1)
        {
            throw new TrainingException(
                $"A weight decay of {decay} with decay-schedule {schedule.ToString().ToLowerInvariant()} takes more than the weight in each step. There it is "
                + "the share that a weight loses in a step: use a number far below 1, such as the usual weight decay times the learning rate.");
        }

        return new SegmentFactors
        {
            LearningRate = scale,
            CoupledDecay = isDecoupled ? 0 : decay,
            // The kernel multiplies by base learning rate * schedule * scale, so dividing by the first and the last leaves the schedule.
            DecoupledDecay = !isDecoupled ? 0 : schedule switch
            {
                DecaySchedule.Rate => decay,
                DecaySchedule.Schedule => (float)((double)decay / optimizer.LearningRate / scale),
                _ => 0,
            },
            ConstantDecay = isDecoupled && schedule == DecaySchedule.Constant ? decay : 0,
            L1Decay = isProximal ? 0 : l1,
            L1Threshold = isProximal ? l1 : 0,
        };
    }

    // The coefficient c of c * |w|^2 whose gradient 2 c w gives the step of the decay with SGD; for constant decay at the base learning rate. Cautious decay
    // is no gradient of a penalty.
    private static double Penalty(OptimizerOptions optimizer, SegmentFactors factors, float scale)
    {
        if (optimizer.CautiousDecay) return 0;
        return (factors.CoupledDecay + factors.DecoupledDecay + factors.ConstantDecay / (double)optimizer.LearningRate / scale) / 2;
    }

    private static PenaltyKind KindOf(OptimizerOptions optimizer, IEnumerable<ParameterRule> rules)
    {
        var isSgd = optimizer.Kind is OptimizerKind.Sgd;
        var kind = PenaltyKind.None;
        foreach (var rule in rules.Where(rule => rule.Penalty > 0 || rule.L1 > 0))
        {
            var isOutside = (rule.Factors.DecoupledDecay > 0 || rule.Factors.ConstantDecay > 0) && rule.Penalty > 0;
            if (isOutside || (rule.Factors.L1Threshold > 0 && !isSgd)) return PenaltyKind.SgdEquivalent;
            kind = PenaltyKind.Loss;
        }

        return kind;
    }

    private static Dictionary<string, float> FindOverrides(
        Model model, ModelParameter[] parameters, OptimizerOptions optimizer, IReadOnlyList<DecayOverride> decayFor)
    {
        var names = parameters.Select(parameter => parameter.Name).ToArray();
        var decaying = parameters.Where(parameter => parameter.Declaration.Decays || optimizer.DecayOn == DecayTarget.All)
            .Select(parameter => parameter.Name).ToHashSet(StringComparer.Ordinal);
        var given = new Dictionary<string, float>(StringComparer.Ordinal);
        foreach (var (pattern, decay) in decayFor)
        {
            if (!(decay >= 0 && float.IsFinite(decay))) throw new TrainingException($"decay-for of '{pattern}' is {decay}, but must be 0 or more.");
            var matches = ParameterSelection.Match("decay-for", pattern, names, model);
            if (!matches.Any(decaying.Contains))
            {
                throw new TrainingException(
                    $"decay-for: '{pattern}' matches only {NameList.Join(matches, 4)}, which do not decay. Use decay-on all to let biases and "
                    + "parameters of batch normalization decay, too.");
            }

            foreach (var name in matches.Where(decaying.Contains)) given[name] = decay;
        }

        return given;
    }

    // A property of a layer whose parameters do not decay, and a constraint without weights, would do nothing.
    private static void RequireUse(Model model, OptimizerOptions optimizer, HashSet<string> constrained)
    {
        if (constrained.Count == 0 && (optimizer.MaxNorm > 0 || optimizer.SpectralNorm > 0))
            throw new TrainingException($"max-norm and spectral-norm apply to dense and convolution layers, but the model '{model.Name}' has none. Omit them.");
        if (optimizer.DecayOn == DecayTarget.All) return;
        foreach (var node in model.Nodes.SelectMany(node => node.Flatten()))
        {
            var property = node.Layer.WeightDecay > 0 ? "weightDecay" : node.Layer.L1 > 0 ? "l1" : null;
            if (property is null || node.Flatten().SelectMany(inner => inner.Parameters).Any(parameter => parameter.Declaration.Decays)) continue;
            throw new TrainingException(
                $"The layer '{node.Name}' has {property}, but only weights of convolution and dense layers decay, and it has none. Use decay-on all, or remove "
                + "it.");
        }
    }
}
