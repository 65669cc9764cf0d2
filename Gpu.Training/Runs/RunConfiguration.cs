using Gpu.Training.Data;
using Gpu.Training.Loop;

namespace Gpu.Training.Runs;

/// <summary>What <c>config.json</c> in a run folder holds: enough to resume, evaluate and predict.</summary>
public sealed record RunConfiguration
{
    /// <summary>The model's name; its description is <c>model.json</c>.</summary>
    public required string Model { get; init; }

    /// <summary>The data set's name or folder as it was given.</summary>
    public required string Dataset { get; init; }

    /// <summary>The classes' names.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>Mean and standard deviation that pixels are normalised by.</summary>
    public required ChannelStatistics Normalization { get; init; }

    /// <summary>The device's identifier.</summary>
    public required string Device { get; init; }

    /// <summary>The options as they were given.</summary>
    public required TrainingOptions Options { get; init; }
}
