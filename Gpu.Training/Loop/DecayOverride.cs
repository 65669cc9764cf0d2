namespace Gpu.Training.Loop;

/// <summary>The weight decay of some parameters.</summary>
/// <param name="Pattern">the full name of parameters or layers, with * for any text and ? for one letter</param>
/// <param name="WeightDecay">the coefficient, 0 or more</param>
public sealed record DecayOverride(string Pattern, float WeightDecay);
