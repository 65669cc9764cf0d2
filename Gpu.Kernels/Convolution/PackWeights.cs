using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Lays weights [taps, input per group, outputs] out as <see cref="GatherConvolution{TMachine,TVector,TActivation}"/> reads them fastest: panels of
/// <see cref="PanelWidth"/> output channels, filled up with zeros, [group, panel, tap, row, PanelWidth]. An item is one such row.
/// Transposed, the roles of the channels are swapped: rows are the outputs, the panel's columns the inputs (the gradient of the input needs that).
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
    public bool Transposed;

    /// <inheritdoc/>
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
        var source = tap * InputPerGroup * OutputChannels + group * OutputPerGroup;
        if (Transposed)
        {
            source += first * OutputChannels + row;
            for (var column = 0; column < PanelWidth; column++)
            {
                var value = first + column < columns ? TMachine.LoadScalar(Weights, source + column * OutputChannels) : 0f;
                TMachine.StoreScalar(Packed, target + column, value);
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
