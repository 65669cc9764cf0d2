using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Packs weights [tap, input channel of the group, output channel] into panels [group, panel, tap, row, <see cref="PanelWidth"/>], the layout that
/// <see cref="DirectConv2d{TBackend,TVector,TActivation}"/> reads fastest. Rows are input channels, columns are output channels, and the last panel is padded
/// with zeros. An item is <see cref="RowsPerItem"/> rows.
/// </summary>
/// <remarks>
/// If <see cref="Transposed"/>, rows are output channels and columns are input channels, as the input gradient needs them. The order of the taps is reversed,
/// so that the input gradient reads its pixels from left to right.
/// </remarks>
internal struct PackConvWeights<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The weights and the packed weights.</summary>
    public TBackend Weights, Packed;

    /// <summary>Output channels of all groups: the row length of the weights.</summary>
    public int OutputChannels;

    /// <summary>Taps, and channels of one group.</summary>
    public int Taps, InputPerGroup, OutputPerGroup;

    /// <summary>Columns of a panel, and panels of one group.</summary>
    public int PanelWidth, PanelsPerGroup;

    /// <summary>Input and output channels are swapped, and the order of the taps is reversed.</summary>
    public Flag Transposed;

    /// <summary>
    /// Rows of an item. One on a GPU, so that consecutive threads write consecutive memory. On the CPU the width of a vector, so that an item transposes whole
    /// blocks.
    /// </summary>
    public static int RowsPerItem => TBackend.IsGpu ? 1 : TBackend.Width;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        if (TBackend.IsGpu) PackRow(item);
        else PackBlock(item);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void PackBlock(int item)
    {
        var rows = Transposed ? OutputPerGroup : InputPerGroup;
        var columns = Transposed ? InputPerGroup : OutputPerGroup;
        var blocks = (rows + RowsPerItem - 1) / RowsPerItem;
        var rest = item / blocks;
        var row = (item - rest * blocks) * RowsPerItem;
        var target = (rest * rows + row) * PanelWidth;
        var tap = rest % Taps;
        rest /= Taps;
        var group = rest / PanelsPerGroup;
        var first = (rest - group * PanelsPerGroup) * PanelWidth;
        var left = Math.Min(RowsPerItem, rows - row);
        if (Transposed)
        {
            var source = ((Taps - 1 - tap) * InputPerGroup + first) * OutputChannels + group * OutputPerGroup + row;
            for (var column = 0; column < PanelWidth; column += TBackend.Width)
            {
                var from = TBackend.Slice(Weights, source + column * OutputChannels);
                TBackend.Transpose(from, OutputChannels, columns - first - column, left, TBackend.Slice(Packed, target + column), PanelWidth);
            }

            return;
        }

        var at = (tap * InputPerGroup + row) * OutputChannels + group * OutputPerGroup + first;
        for (; left > 0; left--)
        {
            for (var column = 0; column < PanelWidth; column += TBackend.Width)
                TBackend.Store(Packed, target + column, TBackend.LoadPartial(Weights, at + column, Math.Max(0, columns - first - column)));
            at += OutputChannels;
            target += PanelWidth;
        }
    }

    private readonly void PackRow(int item)
    {
        var rows = Transposed ? OutputPerGroup : InputPerGroup;
        var columns = Transposed ? InputPerGroup : OutputPerGroup;
        var row = item % rows;
        var rest = item / rows;
        var tap = rest % Taps;
        rest /= Taps;
        var panel = rest % PanelsPerGroup;
        var group = rest / PanelsPerGroup;
        var target = item * PanelWidth;
        var first = panel * PanelWidth;
        var source = (Transposed ? Taps - 1 - tap : tap) * InputPerGroup * OutputChannels + group * OutputPerGroup;
        if (Transposed)
        {
            var from = TBackend.Slice(Weights, source + first * OutputChannels + row);
            var step = OutputChannels;
            // The index starts at the row's own index. ILGPU would take a counter from 0 for uniform across threads, which it no longer is after the first
            // loop.
            var at = target;
            var filled = target + Math.Min(PanelWidth, columns - first);
            for (; at + 3 < filled; at += 4)
            {
                var a = TBackend.LoadScalar(from, 0);
                var b = TBackend.LoadScalar(from, step);
                var c = TBackend.LoadScalar(from, 2 * step);
                var d = TBackend.LoadScalar(from, 3 * step);
                from = TBackend.Slice(from, 4 * step);
                TBackend.StoreScalar(Packed, at, a);
                TBackend.StoreScalar(Packed, at + 1, b);
                TBackend.StoreScalar(Packed, at + 2, c);
                TBackend.StoreScalar(Packed, at + 3, d);
            }

            for (; at < target + PanelWidth; at++)
            {
                TBackend.StoreScalar(Packed, at, at < filled ? TBackend.LoadScalar(from, 0) : 0f);
                from = TBackend.Slice(from, step);
            }
        }
        else
        {
            source += row * OutputChannels + first;
            for (var column = 0; column < PanelWidth; column += TBackend.Width)
            {
                var left = columns - first - column;
                var value = left >= TBackend.Width ? TBackend.Load(Weights, source + column)
                    : left > 0 ? TBackend.LoadPartial(Weights, source + column, left) : TBackend.Zero;
                TBackend.Store(Packed, target + column, value);
            }
        }
    }
}
