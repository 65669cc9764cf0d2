using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gpu.Training.Data;

namespace Gpu.Training.Loop;

/// <summary>
/// A learning-rate schedule: the factor that the base learning rate is multiplied by at each step. The factor depends on the step alone, so a resumed run
/// continues exactly where it stopped. The table in this class holds every schedule with its parameters and its formula; a new one is one more row.
/// </summary>
[JsonConverter(typeof(JsonText))]
public sealed class LearningRateSchedule : IEquatable<LearningRateSchedule>
{
    private static readonly Parameter Every = new("every", 10, value => value > 0, "a number of epochs above 0");
    private static readonly Parameter Factor = new("factor", 0.1, value => value is > 0 and <= 1, "a number above 0, up to 1");
    private static readonly Parameter Final = new("final", 0, value => value is >= 0 and <= 1, "a number from 0 to 1");
    private static readonly Parameter Rise = new("rise", 0.3, value => value is > 0 and < 1, "a number above 0 and below 1");
    private static readonly Parameter Start = new("start", 0.04, value => value is > 0 and <= 1, "a number above 0, up to 1");

    // The values v of a formula are in the order of the row's parameters.
    private static readonly Shape[] Shapes =
    [
        new("constant", [], (_, _) => 1),

        // Multiplied by factor after every `every` epochs.
        new("step", [Every, Factor], (at, v) => Math.Pow(v[1], Math.Floor(at.Step / (v[0] * at.StepsPerEpoch)))),

        // Multiplied by factor each epoch, smoothly from step to step.
        new("exponential", [Factor with { Default = 0.9 }], (at, v) => Math.Pow(v[0], at.Step / at.StepsPerEpoch)),

        // Half a cosine from 1 to final (Loshchilov and Hutter, "SGDR", 2017, without restarts).
        new("cosine", [Final], (at, v) => Cosine(1, v[0], at.Progress)),

        // A straight line from 1 to final.
        new("linear", [Final], (at, v) => 1 + (v[0] - 1) * at.Progress),

        // From start up to 1 over the share `rise` of the run, then down to final, both by half a cosine (Smith and Topin, "Super-Convergence", 2018).
        new("onecycle", [Rise, Start, Final], (at, v) =>
            at.Progress < v[0] ? Cosine(v[1], 1, at.Progress / v[0]) : Cosine(1, v[2], (at.Progress - v[0]) / (1 - v[0]))),
    ];

    private readonly Shape _shape;
    private readonly double[] _values;

    private LearningRateSchedule(Shape shape, double[] values)
    {
        _shape = shape;
        _values = values;
    }

    /// <summary>The same learning rate throughout.</summary>
    public static LearningRateSchedule Constant { get; } = new(Shapes[0], []);

    /// <summary>Every schedule as text with its default values, such as <c>step:every=10,factor=0.1</c>.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Shapes.Select(shape => new LearningRateSchedule(shape, shape.Defaults()).ToString())];

    /// <summary>
    /// Reads <c>NAME[:key=value,...]</c>, such as <c>cosine:final=0.01</c>. A value that is left out has the default that <see cref="All"/> shows.
    /// </summary>
    /// <exception cref="FormatException">the text is not a schedule; the message lists the names or the values that are</exception>
    public static LearningRateSchedule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split(':', 2);
        var names = Shapes.Select(shape => shape.Name).ToArray();
        var index = Array.IndexOf(names, parts[0].Trim().ToLowerInvariant());
        if (index < 0) throw new FormatException($"'{parts[0]}' is not a schedule.{DidYouMean(parts[0], names)} Schedules: {string.Join(", ", names)}.");
        var shape = Shapes[index];
        var values = shape.Defaults();
        if (parts.Length == 1 || parts[1].Length == 0) return new(shape, values);
        foreach (var pair in parts[1].Split(',')) SetValue(shape, values, pair);
        return new(shape, values);
    }

    /// <summary>The factor of the base learning rate, 0 to 1.</summary>
    /// <param name="step">the optimizer step, from 0</param>
    /// <param name="warmup">steps of linear warm-up, during which the factor is (step + 1) / warmup times the schedule's first factor</param>
    /// <param name="totalSteps">steps of the whole run, warm-up included</param>
    /// <param name="stepsPerEpoch">optimizer steps an epoch</param>
    public double FactorAt(long step, int warmup, long totalSteps, int stepsPerEpoch)
    {
        if (step < warmup) return _shape.Formula(new Moment(0, 0, stepsPerEpoch), _values) * (step + 1) / warmup;
        var (done, total) = (step - warmup, Math.Max(1, totalSteps - warmup));
        var progress = total <= 1 ? 0 : Math.Min(1, (double)done / (total - 1));
        return _shape.Formula(new Moment(done, progress, stepsPerEpoch), _values);
    }

    /// <summary>The text that <see cref="Parse"/> reads, with every value.</summary>
    public override string ToString()
    {
        var values = _shape.Parameters.Zip(_values, (parameter, value) => string.Create(CultureInfo.InvariantCulture, $"{parameter.Key}={value}"));
        return _values.Length == 0 ? _shape.Name : $"{_shape.Name}:{string.Join(",", values)}";
    }

    /// <summary>True for the same schedule with the same values.</summary>
    public bool Equals(LearningRateSchedule? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as LearningRateSchedule);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    private static void SetValue(Shape shape, double[] values, string pair)
    {
        var sides = pair.Split('=', 2);
        var key = sides[0].Trim().ToLowerInvariant();
        var keys = shape.Parameters.Select(parameter => parameter.Key).ToArray();
        var index = Array.IndexOf(keys, key);
        if (sides.Length < 2 || index < 0)
        {
            var valid = keys.Length == 0 ? "takes no values" : $"takes {string.Join(", ", keys.Select(known => known + "=number"))}";
            throw new FormatException($"'{pair}' does not belong to the schedule '{shape.Name}', which {valid}.{DidYouMean(key, keys)}");
        }

        if (!double.TryParse(sides[1], NumberStyles.Float, CultureInfo.InvariantCulture, out values[index])
            || !double.IsFinite(values[index]) || !shape.Parameters[index].IsValid(values[index]))
            throw new FormatException($"{key}={sides[1]} is not possible: {shape.Parameters[index].Range} is needed.");
    }

    private static string DidYouMean(string typed, string[] names) =>
        NearestName.Find(typed, names) is { } nearest ? $" Did you mean '{nearest}'?" : "";

    private static double Cosine(double from, double to, double progress) => to + (from - to) * (1 + Math.Cos(Math.PI * progress)) / 2;

    /// <summary>A moment of a run after its warm-up.</summary>
    /// <param name="Step">optimizer steps done</param>
    /// <param name="Progress">0 at the first step, 1 at the last</param>
    /// <param name="StepsPerEpoch">optimizer steps an epoch</param>
    private readonly record struct Moment(double Step, double Progress, int StepsPerEpoch);

    private sealed record Parameter(string Key, double Default, Func<double, bool> IsValid, string Range);

    private sealed record Shape(string Name, Parameter[] Parameters, Func<Moment, double[], double> Formula)
    {
        public double[] Defaults() => [.. Parameters.Select(parameter => parameter.Default)];
    }

    /// <summary>In JSON a schedule is its text.</summary>
    private sealed class JsonText : JsonConverter<LearningRateSchedule>
    {
        public override LearningRateSchedule Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.String) throw new JsonException("a schedule is a text such as \"cosine:final=0\"");
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
