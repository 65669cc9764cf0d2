using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.MatrixProducts;

/// <summary>
/// Matrix product of packed operands: output [rows, columns] = f(left * right + bias), or a gradient. <see cref="PackPanels{TBackend,TVector}"/> packs them.
/// </summary>
/// <remarks>
/// Cache blocking as in K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008. A tile of up to twelve rows by
/// two vectors of columns is summed in registers over one chunk of the depth. An item computes a block of the output, one chunk after the other. Within a
/// chunk, a panel of the right operand stays in the L1 cache while all left panels of the block, which stay in the L2 cache, are multiplied by it. The
/// sums of each chunk are added to the output in order. The tiles are unrolled by MatrixProduct.tt.
/// </remarks>
internal partial struct MatrixProduct<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    // Words of the next right panel that one step of a tile prefetches: eleven tiles (a batch of 128) then prefetch all of it.
    private const int PrefetchWords = 4;

    /// <summary>The packed operands; bias [columns]; output [rows, columns].</summary>
    public TBackend Left, Right, Bias, Output;

    /// <summary>The activated values [rows, columns] at which the derivative is taken; read if <see cref="Gated"/>.</summary>
    public TBackend Saved;

    /// <summary>Sizes.</summary>
    public MatrixProductGeometry Geometry;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>The bias is added.</summary>
    public Flag HasBias;

    /// <summary>The activation is applied; not together with <see cref="Accumulate"/>.</summary>
    public Flag Activates;

    /// <summary>The product is multiplied by the activation's derivative at <see cref="Saved"/>.</summary>
    public Flag Gated;

    /// <summary>The product is added to the output, instead of replacing it.</summary>
    public Flag Accumulate;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item) => MultiplyBlock(item);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void MultiplyBlock(int item)
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
                // Panels are contiguous in memory. Each tile prefetches a part of the next one.
                var next = TBackend.Slice(right, length * panelColumns);
                for (var rowPanel = firstRowPanel; rowPanel < lastRowPanel; rowPanel++)
                {
                    var left = TBackend.Slice(
                        Left, PackPanels<TBackend, TVector>.PanelStart(g.RowPanels, MatrixProductGeometry.PanelRows, g.ChunkDepth, chunk, length, rowPanel));
                    MultiplyPanels(left, right, next, length, rowPanel * MatrixProductGeometry.PanelRows, columnPanel * panelColumns, chunk == 0);
                    next = TBackend.Slice(next, length * PrefetchWords);
                }
            }
        }

        if (Activates) Activate(firstRowPanel * MatrixProductGeometry.PanelRows, lastRowPanel * MatrixProductGeometry.PanelRows,
            firstColumnPanel * panelColumns, lastColumnPanel * panelColumns);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void MultiplyPanels(TBackend left, TBackend right, TBackend next, int length, int row, int column, bool first)
    {
        var rows = Geometry.Rows - row;
        if (TBackend.Width == 16)
        {
            if (rows > 8) Tile12x2(left, right, next, length, row, column, first);
            else if (rows > 4) Tile8x2(left, right, next, length, row, column, first);
            else Tile4x2(left, right, next, length, row, column, first);
        }
        else
        {
            // CPUs with narrower vectors have 16 registers; GPUs run more threads if each needs fewer.
            Tile4x2(left, right, next, length, row, column, first);
            if (rows > 4) Tile4x2(TBackend.Slice(left, 4), right, next, length, row + 4, column, first);
            if (rows > 8) Tile4x2(TBackend.Slice(left, 8), right, next, length, row + 8, column, first);
        }
    }

    // The bias, in the first chunk. Prefetches the output, which is read and written when the sums are done.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void InitialSums(int row, int column, bool first, int rows, out TVector bias0, out TVector bias1)
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

    // Writes the sums of a row over one chunk: in the first chunk to the output, then added to it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void StoreSums(int row, int column, TVector a, TVector b, bool first)
    {
        if (row >= Geometry.Rows) return;
        var index = row * Geometry.Columns + column;
        var columns = Geometry.Columns - column;
        // The derivative is a factor, so it may be applied to each chunk by itself.
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

    // Applies the activation to a block of the output, after the last chunk.
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
