using System.Runtime.Intrinsics;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;

namespace Gpu.Kernels;

/// <summary>The layout of the results of <see cref="GradientNorm"/>.</summary>
public static class GradientNormLayout
{
    /// <summary>Word of the norm, a float.</summary>
    public const int Norm = 0;

    /// <summary>Word of the factor that clips the gradients to the maximum norm, a float.</summary>
    public const int ClipFactor = 1;

    /// <summary>Words of the view.</summary>
    public const int Words = 16;
}

/// <summary>
/// The L2 norm of all gradients, and the factor that clips it. The squares are summed in stages, in an order that depends only on the length and the device,
/// so the result is deterministic.
/// </summary>
/// <example><code>GradientNorm.Run(device, gradients, stepState, maxNorm: 1f, norm, workspace);</code></example>
public static class GradientNorm
{
    // Without groups: the most partial sums that the last launch adds up in a single item.
    private const int MaxFinalSums = 64;

    // The most groups, enough to fill a large GPU. With fewer gradients each thread sums about this many vectors, in fewer groups.
    private const int MaxGroups = 1024;
    private const int VectorsPerThread = 16;

    /// <summary>Words of workspace.</summary>
    /// <param name="count">the number of gradients</param>
    public static int WorkspaceLength(int count) => ShapeLimits.Workspace((long)PartialSums(count) + PartialSums(PartialSums(count)));

    /// <summary>Computes the norm of the gradients without scaling. The clip factor is 1 unless the norm is NaN or infinite.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="gradients">all gradients; zeros, such as those between the segments of an arena, do not change the norm</param>
    /// <param name="norm">receives the results, <see cref="GradientNormLayout.Words"/> words as laid out in <see cref="GradientNormLayout"/></param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words; its content need not be kept</param>
    /// <exception cref="ArgumentException">there are no gradients, or a view has the wrong length</exception>
    public static void Run(IExecutor executor, DeviceView gradients, DeviceView norm, DeviceView workspace) =>
        Run(executor, gradients, default, float.PositiveInfinity, norm, workspace);

    /// <summary>
    /// Computes norm = L2 norm of (gradients * gradient scale), which is the norm that the optimizer applies, and the clip factor
    /// min(1, maxNorm / (norm + 1e-6)), as PyTorch's clip_grad_norm_ does. A NaN norm gives a NaN factor.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="gradients">all gradients, before scaling</param>
    /// <param name="stepState">the step state, <see cref="StepStateLayout.Words"/> words; empty for a gradient scale of 1</param>
    /// <param name="maxNorm">the norm to clip to, above 0; infinity for no clipping</param>
    /// <param name="norm">receives the results, <see cref="GradientNormLayout.Words"/> words as laid out in <see cref="GradientNormLayout"/></param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words; its content need not be kept</param>
    /// <exception cref="ArgumentException">there are no gradients, or a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxNorm"/> is not above 0</exception>
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
        Operands.Check(
            executor,
            [new(norm, nameof(norm)), new(workspace, nameof(workspace))],
            [new(gradients, nameof(gradients)), new(stepState, nameof(stepState))]);
        executor.Execute(new Operation(gradients, stepState, maxNorm, norm, workspace));
    }

    // Words for the sums of the first stage on the backend with the narrowest vectors, which has the most sums. Rounded up to keep what follows aligned.
    private static int PartialSums(int count) =>
        IntMath.DivRoundUp(IntMath.DivRoundUp(count, Reduce<Vector128Backend, Vector128<float>, IdentityMap>.Vectors * 4), 16) * 16;

    private readonly struct Operation(DeviceView gradients, DeviceView stepState, float maxNorm, DeviceView norm, DeviceView workspace) : IOperation
    {
        // Vector indices are multiples of the vector width. The kernel handles a partial last vector.
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

            var firstLength = PartialSums(gradients.Length);
            var source = workspace.First(firstLength);
            var target = workspace.Slice(firstLength, PartialSums(firstLength));
            var count = LaunchSums<TBackend, TVector, SquareMap>(launcher, gradients, source);
            while (count > MaxFinalSums)
            {
                count = LaunchSums<TBackend, TVector, IdentityMap>(launcher, source.First(count), target);
                (source, target) = (target, source);
            }

            launcher.Launch(Finish<TBackend, TVector>(launcher, source, count), 1, 4 * count);
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

        // One launch if a single group is enough, otherwise two. The second adds up the sums of the groups, in one group.
        private void LaunchGroups<TBackend, TVector>(ILauncher<TBackend> launcher, GroupLimits limits)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var threads = GroupThreads.For(limits);
            var groups = Math.Min(MaxGroups, IntMath.DivRoundUp(IntMath.DivRoundUp(gradients.Length, TBackend.Width), VectorsPerThread * threads));
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
