namespace Gpu.Training.Loop;

/// <summary>Lookahead: in every <see cref="Period"/>-th step a slow copy of the parameters moves towards them, and they return to it.</summary>
/// <param name="Period">Steps k between two synchronizations, 1 or more; 5 in the paper.</param>
/// <param name="Rate">How far the slow copy moves, alpha, above 0, at most 1; 0.5 in the paper.</param>
public sealed record LookaheadOptions(int Period = 5, float Rate = 0.5f)
{
    /// <summary>
    /// Whether the rate falls from 1 at the start of the run to <see cref="Rate"/> at its end, as 1 - (1 - rate) progress^3, instead of being constant.
    /// Source: Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024, which averages every 5 steps and ends at 1 - 0.95^5 = 0.226.
    /// </summary>
    public bool Falls { get; init; }
}
