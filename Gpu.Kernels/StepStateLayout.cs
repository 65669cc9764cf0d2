namespace Gpu.Kernels;

/// <summary>
/// Where the values that change from step to step lie, as words of one small view in device memory. Kernels read them there, so that a recorded
/// step (or a captured CUDA graph) stays right when it is run again.
/// </summary>
public static class StepStateLayout
{
    /// <summary>Word of the optimizer's step number, an integer that is 1 at the first update.</summary>
    public const int Step = 0;

    /// <summary>Word of the learning rate, a float.</summary>
    public const int LearningRate = 1;

    /// <summary>Word of the factor that the optimizer applies to every gradient, a float: 1 over the accumulated batches, say.</summary>
    public const int GradientScale = 2;

    /// <summary>Word of the number that dropout and augmentation draw by, an integer that differs from pass to pass.</summary>
    public const int Draw = 3;

    /// <summary>Word of the position, in the list of sample numbers, of the batch's first sample, an integer.</summary>
    public const int BatchStart = 4;

    /// <summary>Word of an integer that is 1 when the optimizer is to leave everything as it is and only reset the gradients; see <see cref="LossScaling"/>.</summary>
    public const int SkipsUpdate = 5;

    /// <summary>Words in the view.</summary>
    public const int Words = 16;
}
