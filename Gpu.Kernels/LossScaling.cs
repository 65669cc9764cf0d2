using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;

namespace Gpu.Kernels;

/// <summary>The layout of the state of <see cref="LossScaling"/>.</summary>
public static class LossScaleLayout
{
    /// <summary>Word of the loss scale, a float; a power of two.</summary>
    public const int Scale = 0;

    /// <summary>Word of the number of updates since the scale last changed, an integer.</summary>
    public const int GoodSteps = 1;

    /// <summary>Word of the number of skipped updates, an integer.</summary>
    public const int Skipped = 2;

    /// <summary>Words of the view.</summary>
    public const int Words = 16;
}

/// <summary>The state of loss scaling.</summary>
/// <param name="Scale">the loss scale</param>
/// <param name="GoodSteps">updates since the scale last changed</param>
/// <param name="Skipped">updates that were skipped because a gradient was infinite or NaN</param>
public readonly record struct LossScaleState(float Scale, int GoodSteps, int Skipped);

/// <summary>
/// Dynamic loss scaling for gradients in half precision. The gradient of the loss is multiplied by a scale that keeps small gradients in the range of half
/// precision; the gradients of the weights are divided by it in 32 bits. If gradients overflow, the update is skipped and the scale is halved. After 2,000
/// successful updates in a row the scale is doubled. All of this happens on the device, so no step waits for the host.
/// Source: Micikevicius et al., "Mixed precision training", ICLR 2018.
/// </summary>
/// <remarks>
/// In each step run <see cref="Scale"/> on the gradient of the loss, then the backward pass, then <see cref="Update"/> and <see cref="FusedOptimizer"/>.
/// </remarks>
public static class LossScaling
{
    /// <summary>The scale of a new run.</summary>
    public const float InitialScale = 65536f;

    /// <summary>Successful updates in a row after which the scale doubles.</summary>
    public const int GrowthInterval = 2000;

    /// <summary>The scale does not grow beyond this: a larger one gains nothing.</summary>
    public const float MaxScale = 16777216f;

    /// <summary>The scale does not fall below this: gradients that overflow without scaling have another cause.</summary>
    public const float MinScale = 1f;

    /// <summary>Sets the state to that of a new run.</summary>
    /// <param name="device">the device of the view</param>
    /// <param name="lossScale">receives the state, <see cref="LossScaleLayout.Words"/> words</param>
    /// <exception cref="ArgumentException">the view has the wrong length</exception>
    public static void Reset(ComputeDevice device, DeviceView lossScale)
    {
        lossScale.Require(LossScaleLayout.Words, nameof(lossScale));
        var words = new float[LossScaleLayout.Words];
        words[LossScaleLayout.Scale] = InitialScale;
        device.Upload<float>(words, lossScale);
    }

    /// <summary>Reads the state. Waits until the device has finished.</summary>
    /// <param name="device">the device of the view</param>
    /// <param name="lossScale">the state, <see cref="LossScaleLayout.Words"/> words</param>
    /// <exception cref="ArgumentException">the view has the wrong length</exception>
    public static LossScaleState Read(ComputeDevice device, DeviceView lossScale)
    {
        lossScale.Require(LossScaleLayout.Words, nameof(lossScale));
        var words = new int[LossScaleLayout.Words];
        device.Download<int>(lossScale, words);
        return new(BitConverter.Int32BitsToSingle(words[LossScaleLayout.Scale]), words[LossScaleLayout.GoodSteps], words[LossScaleLayout.Skipped]);
    }

    /// <summary>Multiplies the gradient of the loss by the scale.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="gradient">the gradient, any number of words; multiplied in place</param>
    /// <param name="lossScale">the state, <see cref="LossScaleLayout.Words"/> words</param>
    /// <exception cref="ArgumentException"><paramref name="lossScale"/> has the wrong length</exception>
    public static void Scale(IExecutor executor, DeviceView gradient, DeviceView lossScale)
    {
        lossScale.Require(LossScaleLayout.Words, nameof(lossScale));
        Operands.Check(executor, [new(gradient, nameof(gradient))], [new(lossScale, nameof(lossScale))]);
        executor.Execute(new ScaleOperation(gradient, lossScale));
    }

    /// <summary>
    /// Checks the gradients for overflow, prepares the optimizer update and adjusts the scale. Divides the gradient scale of the step by the loss scale. Sets
    /// <see cref="StepStateLayout.SkipsUpdate"/> to 1 if the gradients overflowed, otherwise to 0. Subtracts the skipped updates from the step number, so that
    /// bias correction counts only the updates that were made. Run it once per update, after the step state is set and before
    /// <see cref="GradientNorm"/> clips.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="gradients">the scaled gradients; they also count as overflowed if the sum of their squares is infinite</param>
    /// <param name="stepState">the step state, <see cref="StepStateLayout.Words"/> words; updated</param>
    /// <param name="lossScale">the state, <see cref="LossScaleLayout.Words"/> words; updated</param>
    /// <param name="norm">scratch memory, <see cref="GradientNormLayout.Words"/> words</param>
    /// <param name="workspace">scratch memory, at least <see cref="GradientNorm.WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">there are no gradients, or a view has the wrong length</exception>
    public static void Update(IExecutor executor, DeviceView gradients, DeviceView stepState, DeviceView lossScale, DeviceView norm, DeviceView workspace)
    {
        stepState.Require(StepStateLayout.Words, nameof(stepState));
        lossScale.Require(LossScaleLayout.Words, nameof(lossScale));
        Operands.Check(
            executor,
            [new(stepState, nameof(stepState)), new(lossScale, nameof(lossScale)), new(norm, nameof(norm)), new(workspace, nameof(workspace))],
            [new(gradients, nameof(gradients))]);
        GradientNorm.Run(executor, gradients, norm, workspace);
        executor.Execute(new UpdateOperation(norm, stepState, lossScale));
    }

    private readonly struct ScaleOperation(DeviceView gradient, DeviceView lossScale) : IOperation
    {
        // Vector indices are multiples of the vector width. The kernel handles a partial last vector.
        public int Granularity => gradient.Offset % 4 == 0 ? 4 : 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new ScaleByLossScale<TBackend, TVector>
            {
                Values = launcher.Bind(gradient),
                LossScale = launcher.Bind(lossScale),
                Count = gradient.Length,
            };
            launcher.Launch(kernel, IntMath.DivRoundUp(gradient.Length, TBackend.Width), 4);
        }
    }

    private readonly struct UpdateOperation(DeviceView norm, DeviceView stepState, DeviceView lossScale) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged =>
            launcher.Launch(
                new LossScaleUpdate<TBackend, TVector>
                {
                    Norm = launcher.Bind(norm),
                    StepState = launcher.Bind(stepState),
                    LossScale = launcher.Bind(lossScale),
                },
                1, 20);
    }
}
