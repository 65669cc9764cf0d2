using System.Globalization;
using Gpu.Training.Data;

namespace Gpu.Training.Loop;

/// <summary>Schedules as text: <c>cosine:final=0.01</c>.</summary>
internal static class ScheduleText
{
    private static readonly (ScheduleKind Kind, string Name, string[] Keys)[] Known =
    [
        (ScheduleKind.Constant, "constant", []),
        (ScheduleKind.Step, "step", ["every", "factor"]),
        (ScheduleKind.Exponential, "exponential", ["factor"]),
        (ScheduleKind.Cosine, "cosine", ["final"]),
        (ScheduleKind.Linear, "linear", ["final"]),
        (ScheduleKind.OneCycle, "onecycle", ["rise", "start", "final"]),
    ];

    public static LearningRateSchedule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split(':', 2);
        var (kind, name, keys) = Known.FirstOrDefault(known => known.Name == parts[0].Trim().ToLowerInvariant());
        if (name is null)
        {
            var names = Known.Select(known => known.Name).ToArray();
            throw new FormatException($"'{parts[0]}' is not a schedule.{DidYouMean(parts[0], names)} Schedules: {string.Join(", ", names)}.");
        }

        var schedule = new LearningRateSchedule { Kind = kind };
        if (kind == ScheduleKind.Exponential) schedule = schedule with { Factor = 0.9 };
        if (parts.Length == 1 || parts[1].Length == 0) return schedule;
        foreach (var pair in parts[1].Split(','))
        {
            var sides = pair.Split('=', 2);
            var key = sides[0].Trim().ToLowerInvariant();
            if (sides.Length < 2 || !keys.Contains(key))
            {
                var valid = keys.Length == 0 ? "takes no values" : $"takes {string.Join(", ", keys.Select(known => known + "=number"))}";
                throw new FormatException($"'{pair}' does not belong to the schedule '{name}', which {valid}.{DidYouMean(key, keys)}");
            }

            schedule = Set(schedule, key, sides[1]);
        }

        return schedule;
    }

    public static string Write(LearningRateSchedule schedule)
    {
        var (_, name, keys) = Known.First(known => known.Kind == schedule.Kind);
        var values = keys.Select(key => string.Create(CultureInfo.InvariantCulture, $"{key}={Get(schedule, key)}"));
        return keys.Length == 0 ? name : $"{name}:{string.Join(",", values)}";
    }

    private static string DidYouMean(string typed, string[] names) =>
        NearestName.Find(typed, names) is { } nearest ? $" Did you mean '{nearest}'?" : "";

    private static double Get(LearningRateSchedule schedule, string key) => key switch
    {
        "every" => schedule.Every,
        "factor" => schedule.Factor,
        "final" => schedule.Final,
        "rise" => schedule.Rise,
        _ => schedule.Start,
    };

    private static LearningRateSchedule Set(LearningRateSchedule schedule, string key, string text)
    {
        var parsed = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value);
        return (parsed, key) switch
        {
            (true, "every") when value > 0 => schedule with { Every = value },
            (true, "factor") when value is > 0 and <= 1 => schedule with { Factor = value },
            (true, "final") when value is >= 0 and <= 1 => schedule with { Final = value },
            (true, "rise") when value is > 0 and < 1 => schedule with { Rise = value },
            (true, "start") when value is > 0 and <= 1 => schedule with { Start = value },
            _ => throw new FormatException($"{key}={text} is not possible: {Range(key)}."),
        };
    }

    private static string Range(string key) => key switch
    {
        "every" => "a number of epochs above 0 is needed",
        "final" => "a number from 0 to 1 is needed",
        "rise" => "a number above 0 and below 1 is needed",
        _ => "a number above 0, up to 1, is needed",
    };
}
