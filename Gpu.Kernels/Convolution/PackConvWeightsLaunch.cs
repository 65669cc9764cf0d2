using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Launches <see cref="PackConvWeights{TBackend,TVector}"/>.</summary>
internal static class PackConvWeightsLaunch
{
    /// <summary>Packs the weights of a pass. For an input gradient, they are transposed and the order of the taps is reversed.</summary>
    /// <param name="launcher">launcher of the device</param>
    /// <param name="shape">shape of the convolution</param>
    /// <param name="backward">whether the pass is an input gradient</param>
    /// <param name="weights">the weights</param>
    /// <param name="packed">receives the packed weights at its start</param>
    /// <param name="panelWidth">columns of a panel</param>
    public static void Launch<TBackend, TVector>(
        ILauncher<TBackend> launcher, Conv2dShape shape, bool backward, DeviceView weights, DeviceView packed, int panelWidth)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var (summed, computed) = backward ? (shape.OutputPerGroup, shape.InputPerGroup) : (shape.InputPerGroup, shape.OutputPerGroup);
        var taps = shape.KernelHeight * shape.KernelWidth;
        var panels = IntMath.DivRoundUp(computed, panelWidth);
        var pack = new PackConvWeights<TBackend, TVector>
        {
            Weights = launcher.Bind(weights),
            Packed = launcher.Bind(packed),
            OutputChannels = shape.OutputChannels,
            Taps = taps,
            InputPerGroup = shape.InputPerGroup,
            OutputPerGroup = shape.OutputPerGroup,
            PanelWidth = panelWidth,
            PanelsPerGroup = panels,
            Transposed = backward,
        };
        var rows = PackConvWeights<TBackend, TVector>.RowsPerItem;
        launcher.Launch(pack, shape.Groups * panels * taps * IntMath.DivRoundUp(summed, rows), 8 * rows);
    }
}
