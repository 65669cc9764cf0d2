namespace Gpu.Training.Loop;

/// <summary>A factor of the learning rate for some parameters.</summary>
/// <param name="Pattern">the full name of parameters or layers, with * for any text and ? for one letter</param>
/// <param name="Factor">the factor, above 0</param>
public sealed record LearningRateScale(string Pattern, float Factor);
