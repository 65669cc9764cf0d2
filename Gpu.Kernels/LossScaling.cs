using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;

namespace Gpu.Kernels;

/// <summary>Where the state of loss scaling lies in its view.</summary>
public static class LossScaleLayout
{
    /// <summary>Word of the factor on the loss's gradient, a float, a power of two.</summary>
    public const int Scale = 0;

    /// <summary>Word of the updates since the scale last changed, an integer.</summary>
    public const int GoodSteps = 1;

    /// <summary>Word of the updates that were skipped, an integer.</summary>
    public const int Skipped = 2;

    /// <summary>Words in the view.</summary>
    public const int Words = 16;
}

/// <summary>Where loss scaling stands.</summary>
/// <param name="Scale">the factor on the loss's gradient</param>
/// <param name="GoodSteps">updates since it last changed</param>
/// <param name="Skipped">updates that were skipped because a gradient was infinite or not a number</param>
public readonly record struct LossScaleState(float Scale, int GoodSteps, int Skipped);

/// <summary>
/// Dynamic loss scaling, for gradients that pass through half precision: the loss's gradient is multiplied by a scale that keeps small gradients above half precision's smallest numbers, and
/// the weights' gradients are divided by it in 32 bits. An update whose gradients overflowed is skipped and halves the scale; 2,000 good ones double it. All of it happens on the
/// device: no step waits for the host. (Micikevicius et al., "Mixed precision training", ICLR 2018.)
/// </summary>
public static class LossScaling
{
    /// <summary>The scale at the start.</summary>
    public const float InitialScale = 65536f;

    /// <summary>Good updates in a row that double the scale.</summary>
    public const int GrowthInterval = 2000;

    /// <summary>The scale does not grow beyond this: nothing is left to gain there.</summary>
    public const float MaxScale = 16777216f;

    /// <summary>The scale does not fall below this: gradients that overflow without a scale are the network's own.</summary>
    public const float MinScale = 1f;

    /// <summary>Sets the state to that of a new run.</summary>
    public static void Reset(ComputeDevice device, DeviceView lossScale)
    {
        lossScale.Require(LossScaleLayout.Words, nameof(lossScale));
        var words = new float[LossScaleLayout.Words];
        words[LossScaleLayout.Scale] = InitialScale;
        device.Upload<float>(words, lossScale);
    }

    /// <summary>Reads the state; waits for the device.</summary>
    public static LossScaleState Read(ComputeDevice device, DeviceView lossScale)
    {
        lossScale.Require(LossScaleLayout.Words, nameof(lossScale));
        var words = new int[LossScaleLayout.Words];
        device.Download<int>(lossScale, words);
        return new(BitConverter.Int32BitsToSingle(words[LossScaleLayout.Scale]), words[LossScaleLayout.GoodSteps], words[LossScaleLayout.Skipped]);
    }

    /// <summary>Multiplies the gradient of the loss by the scale.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="gradient">any length</param>
    /// <param name="lossScale">the state, <see cref="LossScaleLayout"/></param>
    public static void Scale(IExecutor executor, DeviceView gradient, DeviceView lossScale)
    {
        lossScale.Require(LossScaleLayout.Words, nameof(lossScale));
        executor.Execute(new ScaleOperation(gradient, lossScale));
    }

    /// <summary>
    /// Looks whether all gradients are numbers, and prepares the update: its gradient scale is divided by the loss scale, its step number by which moments are corrected is that of the
    /// updates really made, and <see cref="StepStateLayout.SkipsUpdate"/> says whether <see cref="FusedOptimizer"/> only resets the gradients. To be run once for each update, after
    /// the step state was set and before a norm is clipped.
    /// </summary>
    /// <param name="executor">where to run</param>
    /// <param name="gradients">the scaled gradients; those whose squares add up to infinity count as overflowed, too</param>
    /// <param name="stepState">the values of the step, <see cref="StepStateLayout"/></param>
    /// <param name="lossScale">the state, <see cref="LossScaleLayout"/></param>
    /// <param name="norm">scratch, <see cref="GradientNormLayout.Words"/> words</param>
    /// <param name="workspace">scratch, <see cref="GradientNorm.WorkspaceLength"/> words</param>
    public static void Update(IExecutor executor, DeviceView gradients, DeviceView stepState, DeviceView lossScale, DeviceView norm, DeviceView workspace)
    {
        stepState.Require(StepStateLayout.Words, nameof(stepState));
        lossScale.Require(LossScaleLayout.Words, nameof(lossScale));
        GradientNorm.Run(executor, gradients, norm, workspace);
        executor.Execute(new UpdateOperation(norm, stepState, lossScale));
    }

    private readonly struct ScaleOperation(DeviceView gradient, DeviceView lossScale) : IOperation
    {
        // Vector indices are multiples of the width, and the kernel cuts the last vector short itself.
        public int Granularity => gradient.Offset % 4 == 0 ? 4 : 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new ScaleByLossScale<TBackend, TVector> { Values = launcher.Bind(gradient), LossScale = launcher.Bind(lossScale), Count = gradient.Length };
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
                new LossScaleUpdate<TBackend, TVector> { Norm = launcher.Bind(norm), StepState = launcher.Bind(stepState), LossScale = launcher.Bind(lossScale) }, 1, 20);
    }
}
