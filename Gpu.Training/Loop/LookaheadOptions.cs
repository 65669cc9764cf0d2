namespace Gpu.Training.Loop;

/// <summary>Lookahead: in every <see cref="Period"/>-th step a slow copy of the parameters moves towards them, and they return to it.</summary>
/// <param name="Period">Steps k between two synchronizations, 1 or more; 5 in the paper.</param>
/// <param name="Rate">How far the slow copy moves, alpha, above 0, at most 1; 0.5 in the paper.</param>
public sealed record LookaheadOptions(int Period = 5, float Rate = 0.5f);
