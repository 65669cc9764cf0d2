using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Segmentation;

/// <summary>
/// <see cref="PixelLossGradient{TBackend,TVector}"/> with a group of threads for each part, a thread for each pixel: neighboring threads read neighboring
/// pixels, and a batch of a few images has enough threads for a GPU.
/// </summary>
internal struct GroupedPixelLossGradient<TBackend, TVector> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The arguments.</summary>
    public PixelLossGradient<TBackend, TVector> Pixels;

    /// <summary>Threads for a part, a power of two; 0 if the kernel with one thread for each part is better.</summary>
    public static int Threads(GroupLimits? limits) => limits is { } known ? Math.Min(GroupThreads.For(known), PixelLossLayout.LeastPixels) : 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(GroupThreads.Max);
        var part = Grid.IdxX;
        var image = Pixels.Grid.GetPart(part, out var first, out var end);
        var factors = Pixels.Grid.FactorsAt(image);
        var inverseCount = TBackend.LoadScalar(Pixels.Workspace, factors + 2 * Pixels.Grid.Classes + PixelLossLayout.InverseCount);
        var sum = 0f;
        var compensation = 0f;
        for (var pixel = first + Group.IdxX; pixel < end; pixel += Group.DimX) Pixels.Add(pixel, factors, inverseCount, ref sum, ref compensation);
        var total = GroupReduce<GpuScalarBackend, float>.Sum(shared, sum + compensation, 1);
        if (Group.IdxX != 0) return;
        var to = Pixels.Grid.PartAt(image, part - image * Pixels.Grid.Parts) + 3 * Pixels.Grid.Classes + PixelLossLayout.Loss;
        TBackend.StoreScalar(Pixels.Workspace, to, total);
    }
}
