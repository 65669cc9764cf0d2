using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;

namespace Gpu.Kernels;

/// <summary>Limits gradients one by one, as PyTorch's clip_grad_value_ does; <see cref="GradientNorm"/> limits their norm.</summary>
public static class GradientClip
{
    private const int PerItemOnCpu = 4096;

    /// <summary>
    /// Limits gradient * gradient scale, the value that the optimizer applies, to -limit ... limit, by changing the gradient. NaN stays NaN.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="gradients">all gradients, before scaling; at least one</param>
    /// <param name="stepState">the step state, <see cref="StepStateLayout.Words"/> words; empty for a gradient scale of 1</param>
    /// <param name="limit">the largest absolute value, above 0</param>
    /// <exception cref="ArgumentException">there are no gradients, or a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is not above 0</exception>
    public static void Value(IExecutor executor, DeviceView gradients, DeviceView stepState, float limit)
    {
        if (gradients.IsEmpty) throw new ArgumentException("there are no gradients", nameof(gradients));
        if (gradients.Length > int.MaxValue - 65536)
            throw new ArgumentException($"there are {gradients.Length:N0} gradients, more than can be indexed; use several arenas", nameof(gradients));
        if (!(limit > 0f)) throw new ArgumentOutOfRangeException(nameof(limit), limit, "the largest absolute value must be above 0");
        if (!stepState.IsEmpty) stepState.Require(StepStateLayout.Words, nameof(stepState));
        Operands.Check(executor, [new(gradients, nameof(gradients))], [new(stepState, nameof(stepState))]);
        executor.Execute(new Operation(gradients, stepState, limit));
    }

    private readonly struct Operation(DeviceView gradients, DeviceView stepState, float limit) : IOperation
    {
        // Vector indices are multiples of the vector width. The kernel handles a partial last vector.
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var perItem = TBackend.IsGpu ? TBackend.Width : PerItemOnCpu;
            launcher.Launch(
                new ClipValueKernel<TBackend, TVector>
                {
                    Gradients = launcher.Bind(gradients),
                    // Without a state any valid memory will do: the kernel does not read it.
                    State = launcher.Bind(stepState.IsEmpty ? gradients : stepState),
                    HasState = !stepState.IsEmpty,
                    Count = gradients.Length,
                    PerItem = perItem,
                    Limit = limit,
                },
                IntMath.DivRoundUp(gradients.Length, perItem), 5 * perItem / TBackend.Width);
        }
    }
}
