using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// The filter transform: 3x3 filters [3, 3, inputs, outputs] to [panel, point, row, <see cref="PanelWidth"/>] for
/// <see cref="WinogradConv2d{TBackend,TVector,TActivation}"/>. Rows are the channels that are summed over: the inputs, or (<see cref="Transposed"/>, with the
/// taps in reverse order) the outputs. An item is <see cref="BlockRows"/> rows of one panel.
/// </summary>
internal struct WinogradWeights<TBackend, TVector> : IScratchKernel<TBackend>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Rows of an item: the words of a cache line, so that the transposition reads whole lines.</summary>
    public const int BlockRows = 16;

    /// <summary>The filters, and the transformed filters.</summary>
    public TBackend Weights, Transformed;

    /// <summary>Channels that are summed over (a multiple of <see cref="BlockRows"/>), the other channels, and how many of these form a panel.</summary>
    public int Rows, Columns, PanelWidth;

    /// <summary>Inputs and outputs change roles.</summary>
    public Flag Transposed;

    private TBackend _scratch;
    private int _scratchStride;

    /// <summary>Words of scratch memory of an item.</summary>
    public static int ScratchLength(int panelWidth) => WinogradTransform.Taps * BlockRows * panelWidth;

    /// <inheritdoc/>
    public void UseScratch(TBackend memory, int stride) => (_scratch, _scratchStride) = (memory, stride);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var blocks = Rows / BlockRows;
        var panel = item / blocks;
        var first = (item - panel * blocks) * BlockRows;
        var column = panel * PanelWidth;
        var columns = Math.Min(PanelWidth, Columns - column);
        var target = TBackend.Slice(Transformed, (panel * WinogradTransform.Products * Rows + first) * PanelWidth);
        if (Transposed)
        {
            var block = TBackend.Slice(_scratch, item * _scratchStride);
            Transpose(block, first, column, columns);
            TransformBlock(block, BlockRows * PanelWidth, PanelWidth, target, columns);
        }
        else
        {
            TransformBlock(TBackend.Slice(Weights, first * Columns + column), Rows * Columns, Columns, target, columns);
        }
    }

    // To [tap, row, column], one cache line (sixteen rows of a column) at a time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Transpose(TBackend block, int first, int column, int columns)
    {
        var width = PanelWidth;
        for (var tap = 0; tap < WinogradTransform.Taps; tap++)
        {
            var from = TBackend.Slice(Weights, ((WinogradTransform.Taps - 1 - tap) * Columns + column) * Rows + first);
            var to = TBackend.Slice(block, tap * BlockRows * width);
            for (var c = 0; c < columns; c++)
            {
                var line = to;
                for (var row = 0; row < BlockRows; row += 4)
                {
                    TBackend.StoreScalar(line, 0, TBackend.LoadScalar(from, row));
                    TBackend.StoreScalar(line, width, TBackend.LoadScalar(from, row + 1));
                    TBackend.StoreScalar(line, 2 * width, TBackend.LoadScalar(from, row + 2));
                    TBackend.StoreScalar(line, 3 * width, TBackend.LoadScalar(from, row + 3));
                    line = TBackend.Slice(line, 4 * width);
                }

                from = TBackend.Slice(from, Rows);
                to = TBackend.Slice(to, 1);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void TransformBlock(TBackend source, int tapStride, int rowStride, TBackend target, int columns)
    {
        for (var row = 0; row < BlockRows; row++)
        {
            for (var column = 0; column < columns; column += TBackend.Width)
                Transform(TBackend.Slice(source, column), tapStride, TBackend.Slice(target, column));
            source = TBackend.Slice(source, rowStride);
            target = TBackend.Slice(target, PanelWidth);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Transform(TBackend g, int tapStride, TBackend u)
    {
        var step = Rows * PanelWidth;
        var row = 3 * tapStride;
        WinogradTransform.Filter<TBackend, TVector>(
            TBackend.Load(g, 0), TBackend.Load(g, row), TBackend.Load(g, 2 * row), out var a0, out var a1, out var a2, out var a3, out var a4, out var a5);
        g = TBackend.Slice(g, tapStride);
        WinogradTransform.Filter<TBackend, TVector>(
            TBackend.Load(g, 0), TBackend.Load(g, row), TBackend.Load(g, 2 * row), out var b0, out var b1, out var b2, out var b3, out var b4, out var b5);
        g = TBackend.Slice(g, tapStride);
        WinogradTransform.Filter<TBackend, TVector>(
            TBackend.Load(g, 0), TBackend.Load(g, row), TBackend.Load(g, 2 * row), out var c0, out var c1, out var c2, out var c3, out var c4, out var c5);
        Row(a0, b0, c0, u, step);
        Row(a1, b1, c1, TBackend.Slice(u, 6 * step), step);
        Row(a2, b2, c2, TBackend.Slice(u, 12 * step), step);
        Row(a3, b3, c3, TBackend.Slice(u, 18 * step), step);
        Row(a4, b4, c4, TBackend.Slice(u, 24 * step), step);
        Row(a5, b5, c5, TBackend.Slice(u, 30 * step), step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row(TVector a, TVector b, TVector c, TBackend u, int step)
    {
        WinogradTransform.Filter<TBackend, TVector>(a, b, c, out var u0, out var u1, out var u2, out var u3, out var u4, out var u5);
        TBackend.Store(u, 0, u0);
        TBackend.Store(u, step, u1);
        TBackend.Store(u, 2 * step, u2);
        TBackend.Store(u, 3 * step, u3);
        TBackend.Store(u, 4 * step, u4);
        TBackend.Store(u, 5 * step, u5);
    }
}
