using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.MatrixProducts;

/// <summary>
/// A pass of a dense layer, or of a convolution that is one matrix product (<see cref="Conv2dShape.IsPointwise"/>, one group), by
/// <see cref="MatrixProduct{TBackend,TVector,TActivation}"/>: packs both operands and multiplies them. For products large enough to pay for the packing; see <see cref="MatrixProducts"/>.
/// </summary>
internal readonly struct MatrixProductLaunch<TActivation> : IOperation
    where TActivation : struct, IActivation
{
    private readonly int _rows, _columns, _depth;
    private readonly DeviceView _left, _right, _bias, _output, _saved, _sums, _workspace;
    private readonly bool _leftTransposed, _rightTransposed, _activates, _gated, _accumulate;
    private readonly float _slope;

    private MatrixProductLaunch(
        (int Rows, int Columns, int Depth) extents, (DeviceView Left, bool Transposed) left, (DeviceView Right, bool Transposed) right, DeviceView output,
        DeviceView bias, DeviceView saved, DeviceView sums, bool gated, bool accumulate, float slope, DeviceView workspace)
    {
        (_rows, _columns, _depth) = extents;
        (_left, _leftTransposed) = left;
        (_right, _rightTransposed) = right;
        (_output, _bias, _saved, _sums, _workspace) = (output, bias, saved, sums, workspace);
        (_gated, _accumulate, _slope) = (gated, accumulate, slope);
        _activates = !gated && typeof(TActivation) != typeof(Identity);
    }

    // Rows of all operands are read and written by vectors.
    public int Granularity => _rows % 4 == 0 && _columns % 4 == 0 && _depth % 4 == 0 ? 4 : 1;

    /// <summary>The forward pass, or (backward) the gradient of the input; the arguments are those of <see cref="Conv2dOperation{TActivation}"/>.</summary>
    public static MatrixProductLaunch<TActivation> Gather(
        Conv2dShape shape, bool backward, DeviceView input, DeviceView weights, DeviceView bias, DeviceView output, DeviceView saved,
        bool gated, bool accumulate, float slope, DeviceView workspace)
    {
        var (depth, columns) = backward ? (shape.OutputChannels, shape.InputChannels) : (shape.InputChannels, shape.OutputChannels);
        return new((MatrixProductChoice.Pixels(shape), columns, depth), (input, true), (weights, backward), output, bias, saved, default, gated, accumulate, slope, workspace);
    }

    /// <summary>The gradients of weights and bias, added to what the views hold.</summary>
    public static MatrixProductLaunch<TActivation> WeightGradient(
        Conv2dShape shape, DeviceView input, DeviceView outputGradient, DeviceView weightGradient, DeviceView biasGradient, DeviceView workspace) =>
        new((shape.InputChannels, shape.OutputChannels, MatrixProductChoice.Pixels(shape)), (input, false), (outputGradient, false), weightGradient,
            default, default, biasGradient, false, true, 0, workspace);

    public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var g = MatrixProductGeometry.For(_rows, _columns, _depth, TBackend.Width);
        var leftLength = PackPanels<TBackend, TVector>.PackedLength(g.RowPanels, MatrixProductGeometry.PanelRows, _depth, g.Chunks);
        leftLength = Items.Covering(leftLength, 16) * 16;
        var right = _workspace.Slice(leftLength, _workspace.Length - leftLength);
        Pack<TBackend, TVector>(launcher, g, _left, _leftTransposed, _workspace, _rows, MatrixProductGeometry.PanelRows, g.RowPanels, default);
        Pack<TBackend, TVector>(launcher, g, _right, _rightTransposed, right, _columns, MatrixProductGeometry.PanelVectors * TBackend.Width, g.ColumnPanels, _sums);
        var product = new MatrixProduct<TBackend, TVector, TActivation>
        {
            Left = launcher.Bind(_workspace),
            Right = launcher.Bind(right),
            Bias = launcher.Bind(_bias),
            Output = launcher.Bind(_output),
            Saved = launcher.Bind(_saved),
            Geometry = g,
            Slope = _slope,
            HasBias = !_bias.IsEmpty,
            Activates = _activates,
            Gated = _gated,
            Accumulate = _accumulate,
        };
        var items = g.RowBlocks * g.ColumnBlocks;
        var cost = (long)g.RowPanels * g.ColumnPanels * MatrixProductGeometry.PanelRows * MatrixProductGeometry.PanelVectors * _depth / items;
        launcher.Launch(product, items, (int)Math.Min(cost, int.MaxValue / 4));
    }

    private void Pack<TBackend, TVector>(
        ILauncher<TBackend> launcher, MatrixProductGeometry g, DeviceView source, bool transposed, DeviceView packed, int lines, int panelLines, int panels, DeviceView sums)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        // Transposed, rows are read along the depth, and long runs are the better ones; where vectors run over the end of a panel's row, rows must follow each other.
        var partDepth = transposed || panelLines % TBackend.Width != 0 ? g.ChunkDepth : Math.Min(64, g.ChunkDepth);
        var parts = Items.Covering(g.ChunkDepth, partDepth);
        var pack = new PackPanels<TBackend, TVector>
        {
            Source = launcher.Bind(source),
            Packed = launcher.Bind(packed),
            Sums = launcher.Bind(sums),
            Depth = _depth,
            Lines = lines,
            PanelLines = panelLines,
            Panels = panels,
            ChunkDepth = g.ChunkDepth,
            PartDepth = partDepth,
            Parts = parts,
            Transposed = transposed,
            HasSums = !sums.IsEmpty,
        };
        var panelCost = 4 * Items.Covering(panelLines, TBackend.Width);
        if (!sums.IsEmpty)
            launcher.Launch(pack, panels, panelCost * _depth);
        else
            launcher.Launch(pack, Items.Covering(panels, PackPanels<TBackend, TVector>.PanelsPerItem) * g.Chunks * parts, panelCost * PackPanels<TBackend, TVector>.PanelsPerItem * partDepth);
    }
}
