namespace Gpu.Training.Search;

/// <summary>How a search judges its settings.</summary>
public sealed record SearchOptions
{
    /// <summary>Folds of stratified cross-validation, 1 or more; 1 uses a single held-out part.</summary>
    public int Folds { get; init; } = 1;

    /// <summary>Fraction of the training samples held out if <see cref="Folds"/> is 1, above 0 and below 1.</summary>
    public double HoldOut { get; init; } = 0.2;

    /// <summary>Runs with different seeds per fold, 1 or more: the seed of the options, and those after it.</summary>
    public int Seeds { get; init; } = 1;

    /// <summary>Seed of the folds or the held-out part. All settings have the same.</summary>
    public ulong SplitSeed { get; init; } = 1;

    /// <summary>
    /// Successive halving (Jamieson and Talwalkar, 2016): all settings are trained for a part of their epochs, the best 1/N of them for N times as many epochs,
    /// and so on. N is 2 or more; null trains all settings to the end.
    /// </summary>
    public int? Halving { get; init; }
}
