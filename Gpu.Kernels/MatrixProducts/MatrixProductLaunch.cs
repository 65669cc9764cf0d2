using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.MatrixProducts;

/// <summary>
/// A pass of a dense layer, or of a convolution that is one matrix product (<see cref="Conv2dShape.IsPointwise"/>, one group): packs both operands into panels,
/// and multiplies them by <see cref="MatrixProduct{TBackend,TVector,TActivation}"/>.
/// </summary>
internal static class MatrixProductLaunch
{
    // Floats of the widest vector.
    private const int Widest = 16;

    /// <summary>Words of workspace for any pass on any backend: both packed operands.</summary>
    public static int WorkspaceLength(Conv2dShape shape)
    {
        var (pixels, inputs, outputs) = (Pixels(shape), shape.InputChannels, shape.OutputChannels);
        return Math.Max(Math.Max(Words(pixels, outputs, inputs), Words(pixels, inputs, outputs)), Words(inputs, outputs, pixels));

        static int Words(int rows, int columns, int depth)
        {
            var g = MatrixProductGeometry.For(rows, columns, depth, Widest);
            return ShapeLimits.Workspace(LeftLength(g) + RightLength(g));
        }
    }

    /// <summary>Words of the packed weights of a forward pass, for vectors of any width.</summary>
    public static int WeightLength(Conv2dShape shape) => RightLength(ForwardGeometry(shape, Widest));

    /// <summary>Words of workspace of a forward pass whose weights are packed: the packed left operand.</summary>
    public static int PackedWorkspaceLength(Conv2dShape shape) => ShapeLimits.Workspace(LeftLength(ForwardGeometry(shape, Widest)));

    /// <summary>Packs the weights of a forward pass. The layout does not depend on the batch.</summary>
    public static void PackWeights<TBackend, TVector>(ILauncher<TBackend> launcher, Conv2dShape shape, DeviceView weights, DeviceView packed)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged =>
        PackRight<TBackend, TVector>(launcher, ForwardGeometry(shape, TBackend.Width), weights, transposed: false, packed, default);

    /// <summary>Launches a forward pass or an input gradient: pixels by channels.</summary>
    public static void Launch<TBackend, TVector, TActivation>(ILauncher<TBackend> launcher, in Conv2dArguments a)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        var g = MatrixProductGeometry.For(Pixels(a.Shape), a.ComputedPerGroup, a.SummedPerGroup, TBackend.Width);
        var rest = PackLeft<TBackend, TVector>(launcher, g, a.Input, transposed: true, a.Workspace);
        if (a.Packed.IsEmpty) PackRight<TBackend, TVector>(launcher, g, a.Weights, transposed: a.IsBackward, rest, default);
        Multiply(launcher, new MatrixProduct<TBackend, TVector, TActivation>
        {
            Left = launcher.Bind(a.Workspace),
            Right = launcher.Bind(a.Packed.IsEmpty ? rest : a.Packed),
            Bias = launcher.Bind(a.Bias),
            Output = launcher.Bind(a.Output),
            Saved = launcher.Bind(a.Saved),
            Geometry = g,
            Slope = a.Activation.Slope,
            HasBias = !a.Bias.IsEmpty,
            Activates = !a.Gated && typeof(TActivation) != typeof(Identity),
            Gated = a.Gated,
            Accumulate = a.Accumulate,
        });
    }

    /// <summary>
    /// Launches a weight gradient: input channels by output channels, summed over the pixels. The bias gradient is summed while its operand is packed.
    /// </summary>
    public static void Launch<TBackend, TVector>(ILauncher<TBackend> launcher, in Conv2dGradientArguments a)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var g = MatrixProductGeometry.For(a.Shape.InputChannels, a.Shape.OutputChannels, Pixels(a.Shape), TBackend.Width);
        var right = PackLeft<TBackend, TVector>(launcher, g, a.Input, transposed: false, a.Workspace);
        PackRight<TBackend, TVector>(launcher, g, a.OutputGradient, transposed: false, right, a.BiasGradient);
        Multiply(launcher, new MatrixProduct<TBackend, TVector, Identity>
        {
            Left = launcher.Bind(a.Workspace),
            Right = launcher.Bind(right),
            Bias = launcher.Bind(default),
            Output = launcher.Bind(a.WeightGradient),
            Saved = launcher.Bind(default),
            Geometry = g,
            Accumulate = true,
        });
    }

    // With room to begin the right operand at a multiple of 16 words.
    private static long LeftLength(MatrixProductGeometry g) =>
        PackPanels<GpuScalarBackend, float>.PackedLength(g.RowPanels, MatrixProductGeometry.PanelRows, g.Depth, g.Chunks) + 16L;

    private static int RightLength(MatrixProductGeometry g) =>
        PackPanels<GpuScalarBackend, float>.PackedLength(g.ColumnPanels, MatrixProductGeometry.PanelVectors * Widest, g.Depth, g.Chunks);

    private static MatrixProductGeometry ForwardGeometry(Conv2dShape shape, int vectorWidth) =>
        MatrixProductGeometry.For(Pixels(shape), shape.OutputChannels, shape.InputChannels, vectorWidth);

    private static int Pixels(Conv2dShape shape) => checked(shape.Batch * shape.InputHeight * shape.InputWidth);

    private static void Multiply<TBackend, TVector, TActivation>(ILauncher<TBackend> launcher, in MatrixProduct<TBackend, TVector, TActivation> product)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        var g = product.Geometry;
        var items = g.RowBlocks * g.ColumnBlocks;
        var cost = (long)g.RowPanels * g.ColumnPanels * MatrixProductGeometry.PanelRows * MatrixProductGeometry.PanelVectors * g.Depth / items;
        launcher.Launch(product, items, (int)Math.Min(cost, int.MaxValue / 4));
    }

    // The left operand at the start of the workspace; what is returned is the rest of it, for the right one.
    private static DeviceView PackLeft<TBackend, TVector>(
        ILauncher<TBackend> launcher, MatrixProductGeometry g, DeviceView source, bool transposed, DeviceView workspace)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        Pack<TBackend, TVector>(launcher, g, source, transposed, workspace, g.Rows, MatrixProductGeometry.PanelRows, g.RowPanels, default);
        var length = PackPanels<TBackend, TVector>.PackedLength(g.RowPanels, MatrixProductGeometry.PanelRows, g.Depth, g.Chunks);
        length = IntMath.RoundUp(length, 16);
        return workspace.Slice(length, workspace.Length - length);
    }

    private static void PackRight<TBackend, TVector>(
        ILauncher<TBackend> launcher, MatrixProductGeometry g, DeviceView source, bool transposed, DeviceView packed, DeviceView sums)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged =>
        Pack<TBackend, TVector>(launcher, g, source, transposed, packed, g.Columns, MatrixProductGeometry.PanelVectors * TBackend.Width, g.ColumnPanels, sums);

    private static void Pack<TBackend, TVector>(
        ILauncher<TBackend> launcher, MatrixProductGeometry g, DeviceView source, bool transposed, DeviceView packed, int lines, int panelLines, int panels,
        DeviceView sums)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        // Transposed, rows are read along the depth, and long runs are better. Where vectors reach past the end of a panel's row, rows must follow each other.
        var partDepth = transposed || panelLines % TBackend.Width != 0 ? g.ChunkDepth : Math.Min(64, g.ChunkDepth);
        var parts = IntMath.DivRoundUp(g.ChunkDepth, partDepth);
        var pack = new PackPanels<TBackend, TVector>
        {
            Source = launcher.Bind(source),
            Packed = launcher.Bind(packed),
            Sums = launcher.Bind(sums),
            Depth = g.Depth,
            Lines = lines,
            PanelLines = panelLines,
            Panels = panels,
            ChunkDepth = g.ChunkDepth,
            PartDepth = partDepth,
            Parts = parts,
            Transposed = transposed,
            HasSums = !sums.IsEmpty,
        };
        var panelCost = 4 * IntMath.DivRoundUp(panelLines, TBackend.Width);
        const int perItem = PackPanels<TBackend, TVector>.PanelsPerItem;
        if (!sums.IsEmpty) launcher.Launch(pack, panels, panelCost * g.Depth);
        else launcher.Launch(pack, IntMath.DivRoundUp(panels, perItem) * g.Chunks * parts, panelCost * perItem * partDepth);
    }
}
