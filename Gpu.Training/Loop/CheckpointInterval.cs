using System.Globalization;
using System.Text.Json.Serialization;
using Gpu.Training.IO;

namespace Gpu.Training.Loop;

/// <summary>How often a checkpoint is written within an epoch: by time, by steps or never.</summary>
[JsonConverter(typeof(IntervalJsonConverter))]
public sealed record CheckpointInterval
{
    private const double MaxSeconds = 7 * 24 * 3600;

    private static readonly (string Unit, double Seconds)[] TimeUnits = [("s", 1), ("m", 60), ("h", 3600)];

    private CheckpointInterval()
    {
    }

    /// <summary>Every 60 seconds.</summary>
    public static CheckpointInterval Default { get; } = new() { Time = TimeSpan.FromSeconds(60) };

    /// <summary>Only after epochs.</summary>
    public static CheckpointInterval Off { get; } = new();

    /// <summary>Time between two checkpoints; null for none.</summary>
    public TimeSpan? Time { get; private init; }

    /// <summary>Optimizer steps between two checkpoints; null for none.</summary>
    public long? Steps { get; private init; }

    /// <summary>Parses an interval: <c>60s</c>, <c>5m</c>, <c>1h</c> (up to a week), <c>1000steps</c> or <c>off</c>.</summary>
    /// <exception cref="FormatException">It is not an interval. The message is complete.</exception>
    public static CheckpointInterval Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var trimmed = text.Trim().ToLowerInvariant();
        if (trimmed == "off") return Off;
        var digits = trimmed.TakeWhile(letter => char.IsAsciiDigit(letter) || letter == '.').Count();
        var unit = trimmed[digits..].Trim();
        var isSteps = unit is "steps" or "step";
        var factor = TimeUnits.FirstOrDefault(known => known.Unit == unit).Seconds;
        if (double.TryParse(trimmed.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number > 0)
        {
            if (isSteps && number == Math.Floor(number) && number <= 1e9) return new CheckpointInterval { Steps = (long)number };
            if (factor > 0 && number * factor is >= 0.001 and <= MaxSeconds) return new CheckpointInterval { Time = TimeSpan.FromSeconds(number * factor) };
        }

        throw new FormatException(
            $"'{text}' is not an interval. Expected a time from 0.001s to 168h (60s, 5m, 1h), a number of steps from 1 to 10^9 (1000steps), or off.");
    }

    /// <summary>The interval in the syntax of <see cref="Parse"/>.</summary>
    public override string ToString() =>
        Time is { } time ? $"{time.TotalSeconds.ToString(CultureInfo.InvariantCulture)}s" : Steps is { } steps ? $"{steps}steps" : "off";

    /// <summary>Serializes an interval as a JSON string in the syntax of <see cref="Parse"/>.</summary>
    private sealed class IntervalJsonConverter() : TextJsonConverter<CheckpointInterval>(Parse, "a checkpoint interval must be a string such as \"60s\"");
}
