namespace Gpu.Training.Loop;

/// <summary>What the schedule <c>plateau</c> remembers from epoch to epoch; a checkpoint stores it.</summary>
/// <param name="BestLoss">The lowest loss so far, by more than the threshold; infinity before the first epoch.</param>
/// <param name="BadEpochs">Epochs since then, or since the last reduction.</param>
/// <param name="CooldownEpochs">Epochs that are still not counted after a reduction.</param>
/// <param name="Factor">The factor of the learning rate, from 0 to 1.</param>
public sealed record PlateauState(double BestLoss, int BadEpochs, int CooldownEpochs, double Factor)
{
    /// <summary>The state before the first epoch.</summary>
    public static PlateauState Initial { get; } = new(double.PositiveInfinity, 0, 0, 1);
}
