using System.Runtime.InteropServices;

namespace Gpu.Training.Loop;

/// <summary>Host copy of everything that the rest of a run depends on, taken between two steps.</summary>
internal sealed record TrainingState
{
    /// <summary>The name of the weights of a discriminator in <see cref="Words"/>.</summary>
    public const string Discriminator = "discriminator";

    /// <summary>Position of the loop.</summary>
    public required LoopPosition Position { get; init; }

    /// <summary>The training weights.</summary>
    public required WeightValues Training { get; init; }

    /// <summary>The weights with the lowest validation loss; null without validation split, and before the first evaluation.</summary>
    public required WeightValues? Best { get; init; }

    /// <summary>Optimizer state, average, metrics of the epoch and loss scale by name, as words: they hold floats and integers mixed.</summary>
    public required IReadOnlyDictionary<string, int[]> Words { get; init; }

    /// <summary>Whether all weights, their average and those of a discriminator are finite.</summary>
    public bool IsFinite() => Training.IsFinite() && new[] { "average", Discriminator }.All(name =>
        !Words.TryGetValue(name, out var words) || WeightValues.IsFinite(MemoryMarshal.Cast<int, float>(words)));
}
