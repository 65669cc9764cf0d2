namespace Gpu.Kernels;

/// <summary>
/// The layout of the step state: the values that change from step to step, in a small view in device memory. Kernels read them there, so that a recorded step
/// or a captured CUDA graph stays correct when it runs again.
/// </summary>
public static class StepStateLayout
{
    /// <summary>Word of the step number of the optimizer, an integer; 1 at the first update.</summary>
    public const int Step = 0;

    /// <summary>Word of the learning rate, a float.</summary>
    public const int LearningRate = 1;

    /// <summary>Word of the factor that the optimizer applies to all gradients, a float; for example 1 / the number of accumulated batches.</summary>
    public const int GradientScale = 2;

    /// <summary>
    /// Word of the random draw, an integer that differs from pass to pass. Dropout and augmentation use it as a word of the counter of <see cref="Philox"/>.
    /// </summary>
    public const int Draw = 3;

    /// <summary>Word of the position of the first sample of the batch in the order of samples, an integer; see <see cref="BatchGather"/>.</summary>
    public const int BatchStart = 4;

    /// <summary>
    /// Word of an integer that is 1 if the optimizer skips this update and only resets the gradients, otherwise 0; see <see cref="LossScaling"/>.
    /// </summary>
    public const int SkipsUpdate = 5;

    /// <summary>Words of the view.</summary>
    public const int Words = 16;
}
