using Gpu.Training.Data;
using Gpu.Training.Initialization;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>What <see cref="AutoDecay"/> remembers from update to update; a checkpoint stores it.</summary>
/// <param name="LogDecay">The natural logarithm of the weight decay.</param>
/// <param name="Mean">The moving mean of the hypergradient.</param>
/// <param name="Square">The moving mean of its square.</param>
/// <param name="Updates">Completed updates.</param>
/// <param name="Average">The mean of the weight decay over the updates, in which the n-th one counts n (n + 1) times.</param>
internal sealed record AutoDecayState(double LogDecay, double Mean, double Square, long Updates, double Average)
{
    /// <summary>The weight decay.</summary>
    public float WeightDecay => (float)Math.Exp(LogDecay);
}

/// <summary>
/// Finds the weight decay while the network is trained, by the hypergradient: the derivative of the validation loss with respect to the weight decay. Source:
/// Luketina, Berglund, Greff, Raiko, "Scalable gradient-based tuning of continuous regularization hyperparameters", 2016 (T1-T2), see also Baydin et al.,
/// "Online learning rate adaptation with hypergradient descent", 2018.
/// </summary>
/// <remarks>
/// A step with the learning rate eta and the weight decay lambda moves a weight w by - eta lambda w, so its derivative with respect to log lambda is the same,
/// and that of the validation loss with the gradient g at the new weights is - eta lambda sum(g w). As in the paper, what earlier steps contributed is left
/// out. For adaptive optimizers with L2 decay their scaling is left out, too: it would give the most weight to weights that have almost no gradient. The
/// logarithm of lambda then takes a step of Adam, for which constant factors do not matter. The weights follow lambda slowly, so lambda swings around the
/// value that suits them; the mean over the updates, in which late ones count more, is what a run with a constant lambda should use. The gradient is that of a
/// batch of the validation part, in evaluation mode: without dropout and label smoothing, and with the running statistics of batch normalization.
/// </remarks>
internal sealed class AutoDecay : IDisposable
{
    /// <summary>Optimizer steps between two updates.</summary>
    public const int Period = 10;

    // The steps of log lambda: Adam's rules, with a rate that crosses a factor of 10 in about 23 updates that agree, and a memory for some passes of a small
    // validation part.
    private const double Rate = 0.1, Beta1 = 0.9, Beta2 = 0.99, Tiny = 1e-30;

    // A step takes at most this part of a weight.
    private const double MostShrinkage = 0.1;
    private const double LeastDecay = 1e-8;

    private readonly ResolvedOptions _resolved;
    private readonly Network _network;
    private readonly ParameterUpdate _update;
    private readonly PlanCache _plans;
    private readonly DeviceSplit _split;
    private readonly StepScheduleUploader _counters;
    private readonly int _batch;
    private readonly ulong _seed;
    // The derivative of the decay of each segment with respect to lambda.
    private readonly double[] _slopes;
    private readonly int[] _zeros;
    private long _pass = -1;

    /// <summary>Checks that some parameter has the weight decay of the optimizer, not one of its own.</summary>
    /// <exception cref="TrainingException">None has.</exception>
    public static void RequireEffect(ResolvedOptions resolved)
    {
        var (rules, half) = (resolved.Rules, resolved.RulesFor(resolved.Optimizer.WeightDecay / 2));
        if (rules.Rules.Any(rule => !rules.Frozen.Contains(rule.Key) && rule.Value.Factors != half.Rules[rule.Key].Factors)) return;
        throw new TrainingException(
            "auto-decay has no effect, because no parameter has the weight decay of the optimizer. Omit it, or the decay of the layers (--decay-for).");
    }

    /// <summary>Allocates the plan of a validation batch and copies the validation part to the device.</summary>
    /// <param name="network">The network.</param>
    /// <param name="data">The data, with a validation part.</param>
    /// <param name="resolved">The options.</param>
    /// <param name="update">The optimizer, whose weight decay is set.</param>
    /// <param name="batch">The training batch; a validation batch is at most as large.</param>
    /// <exception cref="TrainingException">There is no validation part.</exception>
    public AutoDecay(Network network, Dataset data, ResolvedOptions resolved, ParameterUpdate update, int batch)
    {
        var validation = RequireValidation(data);
        (_network, _resolved, _update) = (network, resolved, update);
        (_batch, _seed) = (Math.Min(batch, validation.Count), NamedSeed.Of(resolved.Options.Seed, "auto-decay"));
        _slopes = update.DecaySlopes(resolved);
        _plans = new PlanCache(network.Memory, network.Device, SettingsFor(network.Model, resolved.PlanSettings));
        try
        {
            _split = DeviceSplit.Create(network.Device, validation, data, _plans, _batch);
            _plans.Reserve([_batch], []);
            _counters = new StepScheduleUploader(network.Device, _plans.StepTable);
            _ = _split.StepFor(_plans.Training(_batch));
            _zeros = new int[network.Memory.Gradients.Length];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The settings of the plan of a validation batch: those of evaluation, with gradients.</summary>
    public static PlanSettings SettingsFor(Model model, PlanSettings settings)
    {
        // Batch normalization whose parameters are frozen uses its running statistics, and keeps them.
        var normalization = model.Nodes.SelectMany(node => node.Flatten()).Where(node => node.Layer is BatchNormLayer)
            .SelectMany(node => node.Parameters).Select(parameter => parameter.Name);
        return settings with
        {
            Dropout = 0,
            SpatialDropout = false,
            StochasticDepth = 0,
            LabelSmoothing = 0,
            ClassWeights = null,
            MixesSamples = false,
            Frozen = settings.Frozen.Concat(normalization).ToHashSet(StringComparer.Ordinal),
        };
    }

    /// <summary>The weight decay at the start, if the options and the recipe have none.</summary>
    public static float StartFor(OptimizerOptions optimizer) =>
        optimizer.DecayMode == DecayMode.L2 ? 1e-3f : optimizer.DecaySchedule == DecaySchedule.Rate ? 0.1f : 1e-4f;

    /// <summary>The least and the greatest weight decay; a start above is kept as the greatest.</summary>
    public static (double Least, double Most) RangeFor(OptimizerOptions optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        var isShare = optimizer.DecayMode == DecayMode.Decoupled && optimizer.DecaySchedule != DecaySchedule.Rate;
        return (LeastDecay, isShare ? MostShrinkage : MostShrinkage / optimizer.LearningRate);
    }

    /// <summary>The validation part.</summary>
    /// <exception cref="TrainingException">There is none.</exception>
    public static DataSplit RequireValidation(Dataset data) => data.Validation ?? throw new TrainingException(
        "auto-decay needs a validation part, whose loss it follows. Hold out a part of the training data, such as --validation 0.2.");

    /// <summary>The state at the start of a run.</summary>
    public AutoDecayState Start() => new(Math.Log(_resolved.Optimizer.WeightDecay), 0, 0, 0, 0);

    /// <summary>Sets the weight decay of the optimizer to that of a state.</summary>
    public void Apply(AutoDecayState state) => _update.SetRules(_resolved.RulesFor(state.WeightDecay));

    /// <summary>Measures the hypergradient at the current weights, and changes the weight decay; between two steps. Waits for the device.</summary>
    public AutoDecayState Update(AutoDecayState state)
    {
        RunBatch(state.Updates);
        var moments = _update.Measurement.Measure();
        _network.Device.Upload<int>(_zeros, _network.Memory.Gradients);
        var hypergradient = 0.0;
        for (var s = 0; s < _slopes.Length; s++) hypergradient -= _slopes[s] * moments[s].GradientProducts;
        // A validation loss that is not finite says nothing; the loop finds a divergence by itself.
        if (!double.IsFinite(hypergradient)) return state with { Updates = state.Updates + 1 };
        var next = Next(state, hypergradient, _resolved.Optimizer);
        Apply(next);
        return next;
    }

    /// <summary>The step of Adam for the logarithm of the weight decay.</summary>
    internal static AutoDecayState Next(AutoDecayState state, double hypergradient, OptimizerOptions optimizer)
    {
        var updates = state.Updates + 1;
        var mean = Beta1 * state.Mean + (1 - Beta1) * hypergradient;
        var square = Beta2 * state.Square + (1 - Beta2) * hypergradient * hypergradient;
        var change = Rate * (mean / (1 - Math.Pow(Beta1, updates))) / (Math.Sqrt(square / (1 - Math.Pow(Beta2, updates))) + Tiny);
        var (least, most) = RangeFor(optimizer);
        var log = Math.Clamp(state.LogDecay - change, Math.Log(least), Math.Log(Math.Max(most, optimizer.WeightDecay)));
        return new(log, mean, square, updates, state.Average + Math.Min(1, 3.0 / (updates + 2)) * (Math.Exp(log) - state.Average));
    }

    public void Dispose()
    {
        _split?.Dispose();
        _plans.Dispose();
    }

    // Runs the next batch of the validation part forward and backward. Each pass over it has another order; what does not fill a batch waits for the next one.
    private void RunBatch(long update)
    {
        var perPass = _split.Count / _batch;
        var pass = update / perPass;
        if (pass != _pass)
        {
            _split.Shuffle(_seed, (int)(pass % int.MaxValue));
            _pass = pass;
        }

        var from = (int)(update % perPass) * _batch;
        _counters.EnsureUploaded(new EvaluationSchedule(_counters, from, _batch, _split.Count / _batch * _batch));
        _split.Require(from, _batch);
        _split.StepFor(_plans.Training(_batch)).Run();
    }
}
