using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Launches <see cref="PackConvWeights{TBackend,TVector}"/>, which writes the packed weights to the start of the workspace.</summary>
internal static class PackConvWeightsLaunch
{
    /// <summary>Packs the weights of a pass. For an input gradient, they are transposed and the order of the taps is reversed.</summary>
    /// <param name="launcher">launcher of the device</param>
    /// <param name="a">operands of the pass</param>
    /// <param name="panelWidth">columns of a panel</param>
    public static void Launch<TBackend, TVector>(ILauncher<TBackend> launcher, in Conv2dArguments a, int panelWidth)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var shape = a.Shape;
        var taps = shape.KernelHeight * shape.KernelWidth;
        var panels = IntMath.DivRoundUp(a.ComputedPerGroup, panelWidth);
        var pack = new PackConvWeights<TBackend, TVector>
        {
            Weights = launcher.Bind(a.Weights),
            Packed = launcher.Bind(a.Workspace),
            OutputChannels = shape.OutputChannels,
            Taps = taps,
            InputPerGroup = shape.InputPerGroup,
            OutputPerGroup = shape.OutputPerGroup,
            PanelWidth = panelWidth,
            PanelsPerGroup = panels,
            Transposed = a.IsBackward,
        };
        var rows = PackConvWeights<TBackend, TVector>.RowsPerItem;
        launcher.Launch(pack, shape.Groups * panels * taps * IntMath.DivRoundUp(a.SummedPerGroup, rows), 8 * rows);
    }
}
