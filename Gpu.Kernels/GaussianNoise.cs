using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Generation;

namespace Gpu.Kernels;

/// <summary>
/// Numbers of the standard normal distribution, each a function of the seed, <see cref="StepStateLayout.Draw"/> and its index (<see cref="Philox"/>). All
/// devices
/// and any number of threads draw the same numbers, up to the rounding of their last digits.
/// </summary>
/// <example><code>GaussianNoise.Fill(device, seed: 1, stepState, latents);</code></example>
public static class GaussianNoise
{
    /// <summary>Fills memory with numbers.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="seed">the seed; other seeds give independent numbers</param>
    /// <param name="stepState">the step state, <see cref="StepStateLayout.Words"/> words</param>
    /// <param name="output">receives the numbers; any number of words</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    public static void Fill(IExecutor executor, ulong seed, DeviceView stepState, DeviceView output)
    {
        stepState.Require(StepStateLayout.Words, nameof(stepState));
        if (output.IsEmpty) throw new ArgumentException("there is nothing to fill: the view is empty", nameof(output));
        Operands.Check(executor, [new(output, nameof(output))], [new(stepState, nameof(stepState))]);
        executor.Execute(new Operation(seed, stepState, output));
    }

    private readonly struct Operation(ulong seed, DeviceView stepState, DeviceView output) : IOperation
    {
        // Vector indices are multiples of the vector width. The kernel handles partial last vectors.
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new GaussianNoiseKernel<TBackend, TVector>
            {
                Output = launcher.Bind(output),
                State = launcher.Bind(stepState),
                Count = output.Length,
                Seed0 = (uint)seed,
                Seed1 = (uint)(seed >> 32),
            };
            var blocks = IntMath.DivRoundUp(output.Length, GaussianNoiseKernel<TBackend, TVector>.Block);
            launcher.Launch(kernel, blocks * (GaussianNoiseKernel<TBackend, TVector>.Counters / TBackend.Width), 400);
        }
    }
}
