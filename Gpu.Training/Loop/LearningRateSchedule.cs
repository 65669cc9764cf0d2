using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gpu.Training.Data;

namespace Gpu.Training.Loop;

/// <summary>
/// A learning-rate schedule: gives the factor by which the base learning rate is multiplied at each step. The factor depends only on the step, so a resumed
/// run continues exactly where it stopped. The table in this class lists every schedule with its parameters and formula; to add one, add a row.
/// </summary>
[JsonConverter(typeof(ScheduleJsonConverter))]
public sealed class LearningRateSchedule : IEquatable<LearningRateSchedule>
{
    private static readonly Parameter Every = new("every", 10, value => value > 0, "a number of epochs above 0");
    private static readonly Parameter Factor = new("factor", 0.1, value => value is > 0 and <= 1, "a number above 0, up to 1");
    private static readonly Parameter Final = new("final", 0, value => value is >= 0 and <= 1, "a number from 0 to 1");
    private static readonly Parameter Power = new("power", 2, value => value > 0, "a number above 0");
    private static readonly Parameter Rise = new("rise", 0.3, value => value is > 0 and < 1, "a number above 0 and below 1");
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
        // Smith and Topin, "Super-Convergence", 2018.
        new("onecycle", [Rise, Start, Final], (position, v) =>
            position.Progress < v[0] ? Cosine(v[1], 1, position.Progress / v[0]) : Cosine(1, v[2], (position.Progress - v[0]) / (1 - v[0]))),
    ];

    private readonly Definition _definition;
    private readonly double[] _values;

    private LearningRateSchedule(Definition definition, double[] values)
    {
        _definition = definition;
        _values = values;
    }

    /// <summary>Keeps the learning rate constant.</summary>
    public static LearningRateSchedule Constant { get; } = new(Definitions[0], []);

    /// <summary>All schedules in the syntax of <see cref="Parse"/> with their default values, such as <c>step:every=10,factor=0.1</c>.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. Definitions.Select(definition => new LearningRateSchedule(definition, definition.Defaults()).ToString())];

    /// <summary>
    /// Parses <c>NAME[:key=value,...]</c>, such as <c>cosine:final=0.01</c>. Omitted values have the defaults that <see cref="All"/> shows.
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
        foreach (var pair in parts[1].Split(',')) SetValue(definition, values, pair);
        return new(definition, values);
    }

    /// <summary>The factor of the base learning rate at a step, 0 to 1.</summary>
    /// <param name="step">Optimizer step, starting at 0.</param>
    /// <param name="warmup">Steps of linear warm-up, during which the factor is (step + 1) / warmup times the schedule's first factor.</param>
    /// <param name="totalSteps">Steps of the whole run, including warm-up.</param>
    /// <param name="stepsPerEpoch">Optimizer steps per epoch.</param>
    public double FactorAt(long step, int warmup, long totalSteps, int stepsPerEpoch)
    {
        if (step < warmup) return _definition.Formula(new Position(0, 0, stepsPerEpoch), _values) * (step + 1) / warmup;
        var (done, total) = (step - warmup, Math.Max(1, totalSteps - warmup));
        var progress = total <= 1 ? 0 : Math.Min(1, (double)done / (total - 1));
        return _definition.Formula(new Position(done, progress, stepsPerEpoch), _values);
    }

    /// <summary>The schedule in the syntax of <see cref="Parse"/>, with all values.</summary>
    public override string ToString()
    {
        var values = _definition.Parameters.Zip(_values, (parameter, value) => string.Create(CultureInfo.InvariantCulture, $"{parameter.Key}={value}"));
        return _values.Length == 0 ? _definition.Name : $"{_definition.Name}:{string.Join(",", values)}";
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
        var keys = definition.Parameters.Select(parameter => parameter.Key).ToArray();
        var index = Array.IndexOf(keys, key);
        if (sides.Length < 2 || index < 0)
        {
            var valid = keys.Length == 0 ? "takes no values" : $"takes {string.Join(", ", keys.Select(known => known + "=number"))}";
            throw new FormatException($"'{pair}' is not valid for the schedule '{definition.Name}', which {valid}.{DidYouMean(key, keys)}");
        }

        if (!double.TryParse(sides[1], NumberStyles.Float, CultureInfo.InvariantCulture, out values[index])
            || !double.IsFinite(values[index]) || !definition.Parameters[index].IsValid(values[index]))
            throw new FormatException($"'{key}={sides[1]}' is out of range: {key} must be {definition.Parameters[index].Range}.");
    }

    private static string DidYouMean(string typed, string[] names) =>
        NearestName.Find(typed, names) is { } nearest ? $" Did you mean '{nearest}'?" : "";

    private static double Cosine(double from, double to, double progress) => to + (from - to) * (1 + Math.Cos(Math.PI * progress)) / 2;

    /// <summary>Position in a run, counted from the end of the warm-up.</summary>
    /// <param name="Step">Optimizer steps completed.</param>
    /// <param name="Progress">0 at the first step, 1 at the last.</param>
    /// <param name="StepsPerEpoch">Optimizer steps per epoch.</param>
    private readonly record struct Position(double Step, double Progress, int StepsPerEpoch);

    private sealed record Parameter(string Key, double Default, Func<double, bool> IsValid, string Range);

    private sealed record Definition(string Name, Parameter[] Parameters, Func<Position, double[], double> Formula)
    {
        public double[] Defaults() => [.. Parameters.Select(parameter => parameter.Default)];
    }

    /// <summary>Serializes a schedule as a JSON string in the syntax of <see cref="Parse"/>.</summary>
    private sealed class ScheduleJsonConverter : JsonConverter<LearningRateSchedule>
    {
        public override LearningRateSchedule Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.String) throw new JsonException("a schedule must be a string such as \"cosine:final=0\"");
            try
            {
                return Parse(reader.GetString()!);
            }
            catch (FormatException e)
            {
                throw new JsonException(e.Message, e);
            }
        }

        public override void Write(Utf8JsonWriter writer, LearningRateSchedule value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
