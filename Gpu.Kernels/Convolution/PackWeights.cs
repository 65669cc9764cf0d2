using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Lays weights [taps, input per group, outputs] out as <see cref="GatherConvolution{TMachine,TVector,TActivation}"/> reads them fastest: panels of
/// <see cref="PanelWidth"/> output channels, filled up with zeros, [group, panel, tap, row, PanelWidth]. An item is one such row.
/// Transposed, the roles of the channels are swapped (rows are the outputs, the panel's columns the inputs) and the taps stand in reverse order: the
/// gradient of the input needs the one, and reads its taps from left to right by the other.
/// </summary>
public struct PackWeights<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>The weights, and the packed ones.</summary>
    public TMachine Weights, Packed;

    /// <summary>Output channels in all (the weights' row length).</summary>
    public int OutputChannels;

    /// <summary>Taps, input channels a group, output channels a group.</summary>
    public int Taps, InputPerGroup, OutputPerGroup;

    /// <summary>Columns of a panel, and panels a group.</summary>
    public int PanelWidth, PanelsPerGroup;

    /// <summary>Whether inputs and outputs change roles.</summary>
    public Flag Transposed;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
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
            var from = TMachine.Slice(Weights, source + first * OutputChannels + row);
            var step = OutputChannels;
            // Counted from the panel row's place in the packed weights: a counter from 0 would look the same in all threads to ILGPU, which it is not behind
            // the first loop.
            var at = target;
            var filled = target + Math.Min(PanelWidth, columns - first);
            for (; at + 3 < filled; at += 4)
            {
                var a = TMachine.LoadScalar(from, 0);
                var b = TMachine.LoadScalar(from, step);
                var c = TMachine.LoadScalar(from, 2 * step);
                var d = TMachine.LoadScalar(from, 3 * step);
                from = TMachine.Slice(from, 4 * step);
                TMachine.StoreScalar(Packed, at, a);
                TMachine.StoreScalar(Packed, at + 1, b);
                TMachine.StoreScalar(Packed, at + 2, c);
                TMachine.StoreScalar(Packed, at + 3, d);
            }

            for (; at < target + PanelWidth; at++)
            {
                TMachine.StoreScalar(Packed, at, at < filled ? TMachine.LoadScalar(from, 0) : 0f);
                from = TMachine.Slice(from, step);
            }
        }
        else
        {
            source += row * OutputChannels + first;
            for (var column = 0; column < PanelWidth; column += TMachine.Width)
            {
                var left = columns - first - column;
                var value = left >= TMachine.Width ? TMachine.Load(Weights, source + column)
                    : left > 0 ? TMachine.LoadPartial(Weights, source + column, left) : TMachine.Zero;
                TMachine.Store(Packed, target + column, value);
            }
        }
    }
}
