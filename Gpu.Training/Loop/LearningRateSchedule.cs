using System.Globalization;
using System.Text.Json.Serialization;
using Gpu.Training.Data;
using Gpu.Training.IO;

namespace Gpu.Training.Loop;

/// <summary>
/// A learning-rate schedule: gives the factor by which the base learning rate is multiplied at each step. The factor depends only on the step, so a resumed
/// run continues exactly where it stopped; only <c>plateau</c> also depends on the losses so far (<see cref="Observe"/>). The table in this class lists every
/// schedule with its parameters and formula; to add one, add a row.
/// </summary>
/// <remarks>
/// Where PyTorch has the schedule, the factors are equal at every step: StepLR, ExponentialLR, CosineAnnealingLR, CosineAnnealingWarmRestarts, LinearLR,
/// PolynomialLR, OneCycleLR and ReduceLROnPlateau. The value <c>per=epoch</c> keeps the factor constant within an epoch, as programs do that call the scheduler
/// once per epoch.
/// </remarks>
[JsonConverter(typeof(ScheduleJsonConverter))]
public sealed class LearningRateSchedule : IEquatable<LearningRateSchedule>
{
    private static readonly Parameter Every = new("every", 10, value => value > 0, "a number of epochs above 0");
    private static readonly Parameter Factor = new("factor", 0.1, value => value is > 0 and <= 1, "a number above 0, up to 1");
    private static readonly Parameter Final = new("final", 0, value => value is >= 0 and <= 1, "a number from 0 to 1");
    private static readonly Parameter Power = new("power", 2, value => value > 0, "a number above 0");
    private static readonly Parameter Rise = new("rise", 0.3, value => value is > 0 and < 1, "a number above 0 and below 1");
    private static readonly Parameter Delta = new("delta", 1e-3, value => value >= 0, "a number of 0 or more");
    private static readonly Parameter Period = new("period", 10, value => value > 0, "a number of epochs above 0");
    private static readonly Parameter Growth = new("growth", 1, value => value >= 1, "a number of 1 or more");
    private static readonly Parameter Patience = new("patience", 10, value => value >= 0 && value == Math.Floor(value), "a whole number of epochs, 0 or more");
    private static readonly Parameter Threshold = new("threshold", 1e-4, value => value is >= 0 and < 1, "a number from 0, below 1");
    private static readonly Parameter Cooldown = new("cooldown", 0, value => value >= 0 && value == Math.Floor(value), "a whole number of epochs, 0 or more");
    private static readonly Parameter Least = new("least", 0, value => value is >= 0 and <= 1, "a number from 0 to 1");
    private static readonly Parameter Start = new("start", 0.04, value => value is > 0 and <= 1, "a number above 0, up to 1");

    // A formula gets its values v in the order of the row's parameters.
    private static readonly Definition[] Definitions =
    [
        new("constant", [], (_, _) => 1),

        // Multiplied by factor every `every` epochs.
        new("step", [Every, Factor], (position, v) => Math.Pow(v[1], Math.Floor(position.Step / (v[0] * position.StepsPerEpoch)))),

        // Multiplied by factor per epoch, as a smooth function of the step.
        new("exponential", [Factor with { Default = 0.9 }], (position, v) => Math.Pow(v[0], position.Step / position.StepsPerEpoch)),

        // Half a cosine from 1 to final (Loshchilov and Hutter, "SGDR", 2017, without restarts).
        new("cosine", [Final], (position, v) => Cosine(1, v[0], position.Progress)),

        // Linear from 1 to final.
        new("linear", [Final], (position, v) => 1 + (v[0] - 1) * position.Progress),

        // From 1 to final along (1 - progress)^power; with power 1 it is linear.
        new("polynomial", [Power, Final], (position, v) => v[1] + (1 - v[1]) * Math.Pow(1 - position.Progress, v[0])),

        // Rises from start to 1 over the fraction `rise` of the run, then falls to final, both along half a cosine
        // Smith and Topin, "Super-Convergence", 2018. The peak is where PyTorch has it.
        new("onecycle", [Rise, Start, Final], (position, v) => OneCycle(position, v[0], v[1], v[2])),

        // 1 / sqrt(1 + delta t), with t in steps, or in epochs with per=epoch.
        new("inverse-sqrt", [Delta], (position, v) => 1 / Math.Sqrt(1 + v[0] * position.Time)),

        // The same number for the whole run, 1 / sqrt(1 + delta).
        new("inverse-sqrt-constant", [Delta], (_, v) => 1 / Math.Sqrt(1 + v[0])),

        // 1 / (1 + delta t), with t as above.
        new("inverse-time", [Delta], (position, v) => 1 / (1 + v[0] * position.Time)),

        // Half a cosine from 1 to final, again and again; each period is `growth` times as long as the one before.
        // Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
        new("cosine-restarts", [Period, Growth, Final], (position, v) => Cosine(1, v[2], RestartProgress(position.Step / position.StepsPerEpoch, v[0], v[1]))),

        // Multiplied by factor when the loss has not fallen for more than `patience` epochs; see Observe.
        new(PlateauName, [Factor, Patience, Threshold, Cooldown, Least], (_, _) => 1),
    ];

    private const string PlateauName = "plateau";

    private readonly Definition _definition;
    private readonly double[] _values;
    private readonly bool _isPerEpoch;

    private LearningRateSchedule(Definition definition, double[] values, bool isPerEpoch = false)
    {
        _definition = definition;
        _values = values;
        _isPerEpoch = isPerEpoch;
    }

    /// <summary>Keeps the learning rate constant.</summary>
    public static LearningRateSchedule Constant { get; } = new(Definitions[0], []);

    /// <summary>All schedules in the syntax of <see cref="Parse"/> with their default values, such as <c>step:every=10,factor=0.1</c>.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. Definitions.Select(definition => new LearningRateSchedule(definition, definition.Defaults()).ToString())];

    /// <summary>
    /// Parses <c>NAME[:key=value,...]</c>, such as <c>cosine:final=0.01</c>. Omitted values have the defaults that <see cref="All"/> shows. Every schedule also
    /// takes <c>per=step</c> (the default) or <c>per=epoch</c>.
    /// </summary>
    /// <exception cref="FormatException">The text is not a valid schedule. The message lists the valid names or values.</exception>
    public static LearningRateSchedule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split(':', 2);
        var names = Definitions.Select(definition => definition.Name).ToArray();
        var index = Array.IndexOf(names, parts[0].Trim().ToLowerInvariant());
        if (index < 0) throw new FormatException($"'{parts[0]}' is not a schedule.{DidYouMean(parts[0], names)} Schedules: {string.Join(", ", names)}.");
        var definition = Definitions[index];
        var values = definition.Defaults();
        if (parts.Length == 1 || parts[1].Length == 0) return new(definition, values);
        var isPerEpoch = false;
        foreach (var pair in parts[1].Split(','))
        {
            if (ReadsPer(pair, definition) is { } perEpoch) isPerEpoch = perEpoch;
            else SetValue(definition, values, pair);
        }

        return new(definition, values, isPerEpoch);
    }

    /// <summary>The factor of the base learning rate at a step, 0 to 1.</summary>
    /// <param name="step">Optimizer step, starting at 0.</param>
    /// <param name="warmup">Steps of linear warm-up, during which the factor is (step + 1) / warmup times the schedule's first factor.</param>
    /// <param name="totalSteps">Steps of the whole run, including warm-up.</param>
    /// <param name="stepsPerEpoch">Optimizer steps per epoch.</param>
    public double FactorAt(long step, int warmup, long totalSteps, int stepsPerEpoch)
    {
        var (done, total) = (Math.Max(0, step - warmup), Math.Max(1, totalSteps - warmup));
        var position = _isPerEpoch ? EpochPosition(done, total, stepsPerEpoch) : StepPosition(done, total, stepsPerEpoch);
        var factor = _definition.Formula(position, _values);
        return step < warmup ? factor * (step + 1) / warmup : factor;
    }

    /// <summary>
    /// The state of the schedule <c>plateau</c> after an epoch: as PyTorch's ReduceLROnPlateau with threshold_mode 'rel', the factor is multiplied when the
    /// loss was not below (1 - threshold) times the best for more than `patience` epochs. Other schedules return <paramref name="state"/>.
    /// </summary>
    /// <param name="state">The state before the epoch.</param>
    /// <param name="loss">The validation loss of the epoch, or the training loss without a validation split.</param>
    public PlateauState Observe(PlateauState state, double loss)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (_definition.Name != PlateauName) return state;
        var (factor, patience, threshold, cooldown, least) = (_values[0], _values[1], _values[2], _values[3], _values[4]);
        var isBetter = loss < state.BestLoss * (1 - threshold);
        var (best, bad) = isBetter ? (loss, 0) : (state.BestLoss, state.BadEpochs + 1);
        var wait = state.CooldownEpochs;
        if (wait > 0) (wait, bad) = (wait - 1, 0);
        if (bad <= patience) return new PlateauState(best, bad, wait, state.Factor);
        return new PlateauState(best, 0, (int)cooldown, Math.Max(least, state.Factor * factor));
    }

    /// <summary>The schedule in the syntax of <see cref="Parse"/>, with all values.</summary>
    public override string ToString()
    {
        var values = _definition.Parameters.Zip(_values, (parameter, value) => string.Create(CultureInfo.InvariantCulture, $"{parameter.Key}={value}"));
        if (_isPerEpoch) values = values.Append("per=epoch");
        var text = string.Join(",", values);
        return text.Length == 0 ? _definition.Name : $"{_definition.Name}:{text}";
    }

    /// <summary>True if the other schedule has the same name and values.</summary>
    public bool Equals(LearningRateSchedule? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as LearningRateSchedule);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    private static void SetValue(Definition definition, double[] values, string pair)
    {
        var sides = pair.Split('=', 2);
        var key = sides[0].Trim().ToLowerInvariant();
        var keys = definition.Parameters.Select(parameter => parameter.Key).Append("per").ToArray();
        var index = Array.IndexOf(keys, key);
        if (sides.Length < 2 || index < 0)
        {
            var valid = $"takes {string.Join(", ", keys.Select(known => known == "per" ? "per=step or per=epoch" : known + "=number"))}";
            throw new FormatException($"'{pair}' is not valid for the schedule '{definition.Name}', which {valid}.{DidYouMean(key, keys)}");
        }

        if (!double.TryParse(sides[1], NumberStyles.Float, CultureInfo.InvariantCulture, out values[index])
            || !double.IsFinite(values[index]) || !definition.Parameters[index].IsValid(values[index]))
            throw new FormatException($"'{key}={sides[1]}' is out of range: {key} must be {definition.Parameters[index].Range}.");
    }

    // True or false for per=epoch or per=step; null for another key.
    private static bool? ReadsPer(string pair, Definition definition)
    {
        var sides = pair.Split('=', 2);
        if (sides[0].Trim().ToLowerInvariant() != "per") return null;
        return sides.ElementAtOrDefault(1)?.Trim().ToLowerInvariant() switch
        {
            "epoch" => true,
            "step" => false,
            _ => throw new FormatException($"'{pair}' is not valid for the schedule '{definition.Name}': per must be step or epoch."),
        };
    }

    private static Position StepPosition(long done, long total, int stepsPerEpoch) =>
        new(done, total <= 1 ? 0 : Math.Min(1, (double)done / (total - 1)), total, stepsPerEpoch, done);

    // The last epoch has not arrived at the final value, or a whole epoch would run with it: progress is epoch / epochs, as in PyTorch with T_max = epochs.
    private static Position EpochPosition(long done, long total, int stepsPerEpoch)
    {
        var (epoch, epochs) = (done / stepsPerEpoch, (total + stepsPerEpoch - 1) / stepsPerEpoch);
        return new Position(epoch * stepsPerEpoch, Math.Min(1, (double)epoch / epochs), total, stepsPerEpoch, epoch);
    }

    private static double OneCycle(Position position, double rise, double start, double final)
    {
        // As in PyTorch, the peak is at step rise * total - 1 and the end at step total - 1; a rise of less than a step is left out.
        var (peak, end) = (rise * position.Total - 1, position.Total - 1);
        if (peak > 0 && position.Step <= peak) return Cosine(start, 1, position.Step / peak);
        peak = Math.Max(0, peak);
        return Cosine(1, final, end <= peak ? 1 : Math.Min(1, (position.Step - peak) / (end - peak)));
    }

    // The part of the current period that has passed, 0 to 1.
    private static double RestartProgress(double epoch, double period, double growth)
    {
        if (growth == 1) return epoch % period / period;
        while (epoch >= period) (epoch, period) = (epoch - period, period * growth);
        return epoch / period;
    }

    private static string DidYouMean(string typed, string[] names) =>
        NearestName.Find(typed, names) is { } nearest ? $" Did you mean '{nearest}'?" : "";

    private static double Cosine(double from, double to, double progress) => to + (from - to) * (1 + Math.Cos(Math.PI * progress)) / 2;

    /// <summary>Position in a run, counted from the end of the warm-up.</summary>
    /// <param name="Step">Optimizer steps completed.</param>
    /// <param name="Progress">0 at the first step, 1 at the last; per epoch, the completed part of the epochs.</param>
    /// <param name="Total">Optimizer steps of the run.</param>
    /// <param name="StepsPerEpoch">Optimizer steps per epoch.</param>
    /// <param name="Time">Steps completed, or epochs with per=epoch.</param>
    private readonly record struct Position(double Step, double Progress, double Total, int StepsPerEpoch, double Time);

    private sealed record Parameter(string Key, double Default, Func<double, bool> IsValid, string Range);

    private sealed record Definition(string Name, Parameter[] Parameters, Func<Position, double[], double> Formula)
    {
        public double[] Defaults() => [.. Parameters.Select(parameter => parameter.Default)];
    }

    /// <summary>Serializes a schedule as a JSON string in the syntax of <see cref="Parse"/>.</summary>
    private sealed class ScheduleJsonConverter() : TextJsonConverter<LearningRateSchedule>(Parse, "a schedule must be a string such as \"cosine:final=0\"");
}
