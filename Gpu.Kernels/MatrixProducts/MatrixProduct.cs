using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.MatrixProducts;

/// <summary>
/// Output [rows, columns] = f(left * right + bias), or a gradient: a product of operands that <see cref="PackPanels{TBackend,TVector}"/> has packed.
/// </summary>
/// <remarks>
/// The blocking is that of K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008. A tile of twelve rows by two
/// vectors of columns is summed in registers over a chunk of the depth. An item goes through its block of the output chunk by chunk; in a chunk, a panel of
/// the right operand stays in the first-level cache while all left panels of the item pass by, which stay in the second-level cache. The sums
/// of a chunk are added to what the output holds from the chunks before it, in their order.
/// </remarks>
internal partial struct MatrixProduct<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    // Words of the next right panel that a step of a tile asks for: eleven tiles (a batch of 128) are through with a panel.
    private const int WordsAhead = 4;

    /// <summary>The packed operands; a bias a column; the output.</summary>
    public TBackend Left, Right, Bias, Output;

    /// <summary>The activated values that the gradient belongs to, as the output lies; read when <see cref="Gated"/>.</summary>
    public TBackend Saved;

    /// <summary>Sizes.</summary>
    public MatrixProductGeometry Geometry;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>A bias is added.</summary>
    public Flag HasBias;

    /// <summary>The sums pass through the activation; not together with <see cref="Accumulate"/>.</summary>
    public Flag Activates;

    /// <summary>The product is multiplied by the activation's derivative at <see cref="Saved"/>.</summary>
    public Flag Gated;

    /// <summary>The product is added to what the output holds.</summary>
    public Flag Accumulate;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item) => Block(item);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Block(int item)
    {
        ref readonly var g = ref Geometry;
        var outer = item / (g.RowsInner ? g.RowBlocks : g.ColumnBlocks);
        var inner = item - outer * (g.RowsInner ? g.RowBlocks : g.ColumnBlocks);
        var rowBlock = g.RowsInner ? inner : outer;
        var columnBlock = g.RowsInner ? outer : inner;
        var firstRowPanel = (int)((long)g.RowPanels * rowBlock / g.RowBlocks);
        var lastRowPanel = (int)((long)g.RowPanels * (rowBlock + 1) / g.RowBlocks);
        var firstColumnPanel = (int)((long)g.ColumnPanels * columnBlock / g.ColumnBlocks);
        var lastColumnPanel = (int)((long)g.ColumnPanels * (columnBlock + 1) / g.ColumnBlocks);
        var panelColumns = MatrixProductGeometry.PanelVectors * TBackend.Width;
        for (var chunk = 0; chunk < g.Chunks; chunk++)
        {
            var length = Math.Min(g.ChunkDepth, g.Depth - chunk * g.ChunkDepth);
            for (var columnPanel = firstColumnPanel; columnPanel < lastColumnPanel; columnPanel++)
            {
                var right = TBackend.Slice(
                    Right, PackPanels<TBackend, TVector>.PanelStart(g.ColumnPanels, panelColumns, g.ChunkDepth, chunk, length, columnPanel));
                // Panels follow each other in memory: the tiles ask for the next one bit by bit.
                var ahead = TBackend.Slice(right, length * panelColumns);
                for (var rowPanel = firstRowPanel; rowPanel < lastRowPanel; rowPanel++)
                {
                    var left = TBackend.Slice(
                        Left, PackPanels<TBackend, TVector>.PanelStart(g.RowPanels, MatrixProductGeometry.PanelRows, g.ChunkDepth, chunk, length, rowPanel));
                    Panel(left, right, ahead, length, rowPanel * MatrixProductGeometry.PanelRows, columnPanel * panelColumns, chunk == 0);
                    ahead = TBackend.Slice(ahead, length * WordsAhead);
                }
            }
        }

        if (Activates) Activate(firstRowPanel * MatrixProductGeometry.PanelRows, lastRowPanel * MatrixProductGeometry.PanelRows,
            firstColumnPanel * panelColumns, lastColumnPanel * panelColumns);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Panel(TBackend left, TBackend right, TBackend ahead, int length, int row, int column, bool first)
    {
        var rows = Geometry.Rows - row;
        if (TBackend.Width == 16)
        {
            if (rows > 8) TwelveRows(left, right, ahead, length, row, column, first);
            else if (rows > 4) EightRows(left, right, ahead, length, row, column, first);
            else FourRows(left, right, ahead, length, row, column, first);
        }
        else
        {
            // Machines of narrower vectors have 16 registers, or (GPUs) do better with more threads of fewer.
            FourRows(left, right, ahead, length, row, column, first);
            if (rows > 4) FourRows(TBackend.Slice(left, 4), right, ahead, length, row + 4, column, first);
            if (rows > 8) FourRows(TBackend.Slice(left, 8), right, ahead, length, row + 8, column, first);
        }
    }

    // What the sums of a tile start from. The output is asked for now, to be there when they are done.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Start(int row, int column, bool first, int rows, out TVector bias0, out TVector bias1)
    {
        bias0 = TBackend.Zero;
        bias1 = TBackend.Zero;
        if (HasBias & first)
        {
            bias0 = TBackend.LoadPartial(Bias, column, Geometry.Columns - column);
            bias1 = TBackend.LoadPartial(Bias, column + TBackend.Width, Geometry.Columns - column - TBackend.Width);
        }

        if (TBackend.IsGpu) return;
        var at = row * Geometry.Columns + column;
        for (var i = 0; i < rows; i++)
        {
            TBackend.Prefetch(Output, at);
            TBackend.Prefetch(Output, at + TBackend.Width);
            at += Geometry.Columns;
        }
    }

    // A row's sums over a chunk, into the output.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Finish(int row, int column, TVector a, TVector b, bool first)
    {
        if (row >= Geometry.Rows) return;
        var index = row * Geometry.Columns + column;
        var columns = Geometry.Columns - column;
        // The derivative is a factor, and so may be applied to the chunks one by one.
        if (Gated & TActivation.DerivativeFromOutput)
        {
            a = TActivation.Backward<TBackend, TVector>(TBackend.LoadPartial(Saved, index, columns), a, Slope);
            b = TActivation.Backward<TBackend, TVector>(TBackend.LoadPartial(Saved, index + TBackend.Width, columns - TBackend.Width), b, Slope);
        }

        if (Accumulate | !first)
        {
            a = TBackend.Add(a, TBackend.LoadPartial(Output, index, columns));
            b = TBackend.Add(b, TBackend.LoadPartial(Output, index + TBackend.Width, columns - TBackend.Width));
        }

        TBackend.StorePartial(Output, index, a, columns);
        TBackend.StorePartial(Output, index + TBackend.Width, b, columns - TBackend.Width);
    }

    // After the last chunk: a block of the output through the activation.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Activate(int row, int lastRow, int firstColumn, int lastColumn)
    {
        lastRow = Math.Min(lastRow, Geometry.Rows);
        lastColumn = Math.Min(lastColumn, Geometry.Columns);
        for (; row < lastRow; row++)
        {
            for (var column = firstColumn; column < lastColumn; column += TBackend.Width)
            {
                var index = row * Geometry.Columns + column;
                var value = TBackend.LoadPartial(Output, index, lastColumn - column);
                TBackend.StorePartial(Output, index, TActivation.Forward<TBackend, TVector>(value, Slope), lastColumn - column);
            }
        }
    }
}
