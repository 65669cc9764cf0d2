using Gpu.Kernels.Backends;

namespace Gpu.Kernels.MatrixProducts;

/// <summary>Which passes of which layers go by <see cref="MatrixProductLaunch{TActivation}"/> on the CPU.</summary>
internal static class MatrixProductChoice
{
    // With more pixels the packed input would take more memory than it saves time: weights are read often enough to stay in a cache as they are.
    private const int MostPixels = 4096;

    // Below this the launches cost more than a faster product saves.
    private const long FewestMultiplyAdds = 64 * 1024;

    // Weights, forward: with more of them a panel of a few columns does not stay in the first-level cache.
    private const int LargestWeights = 450_000;

    // Weights, of their gradient: with fewer of them everything stays in the second-level cache as it is.
    private const int ManyWeights = 150_000;

    /// <summary>Pixels over all images: the rows of the product.</summary>
    public static int Pixels(Conv2dShape shape) => checked(shape.Batch * shape.InputHeight * shape.InputWidth);

    /// <summary>Words of workspace that any pass needs on any machine.</summary>
    public static int WorkspaceLength(Conv2dShape shape)
    {
        if (!IsProduct(shape)) return 0;
        const int widest = 16;
        var (pixels, inputs, outputs) = (Pixels(shape), shape.InputChannels, shape.OutputChannels);
        return checked(Math.Max(Math.Max(Words(pixels, outputs, inputs), Words(pixels, inputs, outputs)), Words(inputs, outputs, pixels)));

        static int Words(int rows, int columns, int depth)
        {
            var g = MatrixProductGeometry.For(rows, columns, depth, widest);
            var left = PackPanels<GpuScalarBackend, float>.PackedLength(g.RowPanels, MatrixProductGeometry.PanelRows, depth, g.Chunks);
            return checked(left + 16 + PackPanels<GpuScalarBackend, float>.PackedLength(g.ColumnPanels, MatrixProductGeometry.PanelVectors * widest, depth, g.Chunks));
        }
    }

    /// <summary>Whether the forward pass, or (backward) the gradient of the input, is faster this way on the CPU.</summary>
    public static bool PaysForGather(Conv2dShape shape, bool backward)
    {
        if (!IsProduct(shape) || shape.MultiplyAdds < FewestMultiplyAdds) return false;
        // Backward, the gather packs the weights too. Forward it reads them in place, which is faster as long as their rows are short and few.
        return backward || shape.OutputChannels > 128 || (shape.OutputChannels > 64 && shape.WeightLength > LargestWeights);
    }

    /// <summary>Whether the gradient of the weights is faster this way on the CPU.</summary>
    public static bool PaysForWeightGradient(Conv2dShape shape) =>
        // Both operands are read along their rows as they are; what packing gives is that rows far apart do not share a place in the caches.
        IsProduct(shape) && shape.MultiplyAdds >= FewestMultiplyAdds && shape.OutputChannels >= 256 && shape.WeightLength > ManyWeights;

    private static bool IsProduct(Conv2dShape shape) => shape.IsPointwise && shape.Groups == 1 && Pixels(shape) <= MostPixels;
}
