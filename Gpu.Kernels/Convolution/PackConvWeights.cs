using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Lays weights [taps, input per group, outputs] out as <see cref="DirectConv2d{TBackend,TVector,TActivation}"/> reads them fastest: panels of
/// <see cref="PanelWidth"/> output channels, filled up with zeros, [group, panel, tap, row, PanelWidth]. An item is <see cref="RowsPerItem"/> such rows.
/// Transposed, the roles of the channels are swapped (rows are the outputs, the panel's columns the inputs) and the taps stand in reverse order: the
/// gradient of the input needs the one, and reads its taps from left to right by the other.
/// </summary>
internal struct PackConvWeights<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The weights, and the packed ones.</summary>
    public TBackend Weights, Packed;

    /// <summary>Output channels in all (the weights' row length).</summary>
    public int OutputChannels;

    /// <summary>Taps, input channels a group, output channels a group.</summary>
    public int Taps, InputPerGroup, OutputPerGroup;

    /// <summary>Columns of a panel, and panels a group.</summary>
    public int PanelWidth, PanelsPerGroup;

    /// <summary>Whether inputs and outputs change roles.</summary>
    public Flag Transposed;

    /// <summary>Rows that an item packs: one on a GPU, whose neighbouring threads then write side by side; as many as a vector has lanes on the CPU, a block to transpose.</summary>
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
            // Counted from the panel row's place in the packed weights: a counter from 0 would look the same in all threads to ILGPU, which it is not behind
            // the first loop.
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
