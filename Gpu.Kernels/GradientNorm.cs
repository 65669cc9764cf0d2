using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;

namespace Gpu.Kernels;

/// <summary>Where the results of <see cref="GradientNorm"/> lie in their view.</summary>
public static class GradientNormLayout
{
    /// <summary>Word of the norm, a float.</summary>
    public const int Norm = 0;

    /// <summary>Word of the factor that clips the gradients to the largest norm allowed, a float.</summary>
    public const int ClipFactor = 1;

    /// <summary>Words in the view.</summary>
    public const int Words = 16;
}

/// <summary>
/// The L2 norm of all gradients together, in stages: sums of 64 vectors, sums of those, and so on, in an order that depends on the length alone.
/// </summary>
public static class GradientNorm
{
    private const int MaxFinalSums = 64;

    // Groups of threads that fill a large GPU, and vectors of a thread at least before there are more groups.
    private const int MaxGroups = 1024;
    private const int MinVectorsPerThread = 16;

    /// <summary>Words of workspace for so many gradients.</summary>
    public static int WorkspaceLength(int count) => PartialSums(count) + PartialSums(PartialSums(count));

    /// <summary>The norm of the gradients as they are, and 1 as the factor that clips.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="gradients">the gradients; zeros, as between segments of an arena, do no harm</param>
    /// <param name="norm">receives the results, <see cref="GradientNormLayout.Words"/> words as laid out in <see cref="GradientNormLayout"/></param>
    /// <param name="workspace">scratch, at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">a view is too short, or there are no gradients</exception>
    public static void Run(IExecutor executor, DeviceView gradients, DeviceView norm, DeviceView workspace) =>
        Run(executor, gradients, default, float.PositiveInfinity, norm, workspace);

    /// <summary>
    /// The norm of the gradients times the step's gradient scale, which is the norm of what the optimizer applies, and the factor
    /// min(1, maxNorm / (norm + 1e-6)) that clips it, as PyTorch's clip_grad_norm_.
    /// </summary>
    /// <param name="executor">where to run</param>
    /// <param name="gradients">the gradients, not yet scaled</param>
    /// <param name="stepState">the values of the step, <see cref="StepStateLayout"/>; empty for a gradient scale of 1</param>
    /// <param name="maxNorm">the norm to clip to, above 0; infinity for no clipping</param>
    /// <param name="norm">receives the results, <see cref="GradientNormLayout.Words"/> words as laid out in <see cref="GradientNormLayout"/></param>
    /// <param name="workspace">scratch, at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">a view is too short, or there are no gradients</exception>
    /// <exception cref="ArgumentOutOfRangeException">a largest norm that is not above 0</exception>
    public static void Run(IExecutor executor, DeviceView gradients, DeviceView stepState, float maxNorm, DeviceView norm, DeviceView workspace)
    {
        if (gradients.IsEmpty) throw new ArgumentException("there are no gradients", nameof(gradients));
        if (gradients.Length > int.MaxValue - 65536)
            throw new ArgumentException($"there are {gradients.Length:N0} gradients, more than can be indexed; use several arenas", nameof(gradients));
        if (!(maxNorm > 0f)) throw new ArgumentOutOfRangeException(nameof(maxNorm), maxNorm, "the norm to clip to must be above 0");
        if (!stepState.IsEmpty) stepState.Require(StepStateLayout.Words, nameof(stepState));
        norm.Require(GradientNormLayout.Words, nameof(norm));
        if (workspace.Length < WorkspaceLength(gradients.Length))
            throw new ArgumentException($"the workspace must hold {WorkspaceLength(gradients.Length)} words, but holds {workspace.Length}", nameof(workspace));
        executor.Execute(new Operation(gradients, stepState, maxNorm, norm, workspace));
    }

    // Sums of the first stage on the machine that makes the most of them, rounded up to keep what follows aligned.
    private static int PartialSums(int count) => IntMath.DivRoundUp(IntMath.DivRoundUp(count, Reduce<Vector128Backend, System.Runtime.Intrinsics.Vector128<float>, IdentityMap>.Vectors * 4), 16) * 16;

    private readonly struct Operation(DeviceView gradients, DeviceView stepState, float maxNorm, DeviceView norm, DeviceView workspace) : IOperation
    {
        // Vector indices are multiples of the width, and the kernel cuts the last vector short itself.
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            if (launcher.Groups is { } limits)
            {
                LaunchGroups<TBackend, TVector>(launcher, limits);
                return;
            }

            var halves = PartialSums(gradients.Length);
            var here = workspace.First(halves);
            var there = workspace.Slice(halves, PartialSums(halves));
            var count = LaunchSums<TBackend, TVector, SquareMap>(launcher, gradients, here);
            while (count > MaxFinalSums)
            {
                count = LaunchSums<TBackend, TVector, IdentityMap>(launcher, here.First(count), there);
                (here, there) = (there, here);
            }

            launcher.Launch(Finish<TBackend, TVector>(launcher, here, count), 1, 4 * count);
        }

        private GradientNormFinish<TBackend, TVector> Finish<TBackend, TVector>(ILauncher<TBackend> launcher, DeviceView sums, int count)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged => new()
            {
                Sums = launcher.Bind(sums),
                StepState = launcher.Bind(stepState.IsEmpty ? norm : stepState),
                Norm = launcher.Bind(norm),
                Count = count,
                IsScaled = !stepState.IsEmpty,
                MaxNorm = maxNorm,
            };

        // One launch for few gradients; else two, the second by one group.
        private void LaunchGroups<TBackend, TVector>(ILauncher<TBackend> launcher, GroupLimits limits)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var threads = GroupThreads.For(limits);
            var groups = Math.Min(MaxGroups, IntMath.DivRoundUp(IntMath.DivRoundUp(gradients.Length, TBackend.Width), MinVectorsPerThread * threads));
            groups = Math.Min(groups, PartialSums(gradients.Length));
            var finish = Finish<TBackend, TVector>(launcher, workspace, groups);
            var squares = new GroupedReduce<TBackend, TVector, SquareMap>
            {
                Input = launcher.Bind(gradients),
                Output = finish.Sums,
                Count = gradients.Length,
                Finish = finish,
            };
            launcher.LaunchGroups(squares, groups, threads);
            if (groups == 1) return;
            var sums = new GroupedReduce<TBackend, TVector, IdentityMap> { Input = finish.Sums, Output = finish.Sums, Count = groups, Finish = finish };
            launcher.LaunchGroups(sums, 1, threads);
        }

        private static int LaunchSums<TBackend, TVector, TMap>(ILauncher<TBackend> launcher, DeviceView input, DeviceView output)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
            where TMap : struct, IReduceMap
        {
            var perItem = Reduce<TBackend, TVector, TMap>.Vectors * TBackend.Width;
            var items = IntMath.DivRoundUp(input.Length, perItem);
            var kernel = new Reduce<TBackend, TVector, TMap>
            {
                Input = launcher.Bind(input),
                Output = launcher.Bind(output),
                Count = input.Length,
                ItemStride = TBackend.IsGpu ? TBackend.Width : perItem,
                VectorStride = TBackend.IsGpu ? items * TBackend.Width : TBackend.Width,
            };
            launcher.Launch(kernel, items, 2 * Reduce<TBackend, TVector, TMap>.Vectors);
            return items;
        }
    }
}
