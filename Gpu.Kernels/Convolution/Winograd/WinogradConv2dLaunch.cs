using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Transforms the weights and launches <see cref="WinogradConv2d{TBackend,TVector,TActivation}"/>.</summary>
internal readonly struct WinogradConv2dLaunch<TActivation>(
    Conv2dShape shape, bool backward, DeviceView input, DeviceView weights, DeviceView bias, DeviceView output, DeviceView saved,
    bool gated, bool accumulate, float slope, DeviceView workspace) : IOperation
    where TActivation : struct, IActivation
{
    public int Granularity => 16;

    /// <summary>Words of workspace, for vectors of any width and either pass: the transformed weights.</summary>
    public static int WorkspaceLength(Conv2dShape shape)
    {
        const int widestPanel = 32;
        var forward = (long)Items.Covering(shape.OutputChannels, widestPanel) * widestPanel * shape.InputChannels;
        var backward = (long)Items.Covering(shape.InputChannels, widestPanel) * widestPanel * shape.OutputChannels;
        return checked((int)(Math.Max(forward, backward) * WinogradTransform.Products));
    }

    public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var g = WinogradGeometry.For(shape, backward, TBackend.Width);
        var transform = new WinogradWeights<TBackend, TVector>
        {
            Weights = launcher.Bind(weights),
            Transformed = launcher.Bind(workspace),
            Rows = g.InputChannels,
            Columns = g.OutputChannels,
            PanelWidth = g.PanelWidth,
            Transposed = backward,
        };
        const int blockRows = WinogradWeights<TBackend, TVector>.BlockRows;
        var weightCost = blockRows * (120 * g.PanelWidth / TBackend.Width + (backward ? 2 * WinogradTransform.Taps * g.PanelWidth : 0));
        launcher.LaunchWithScratch(
            transform, g.Panels * g.InputChannels / blockRows, weightCost, WinogradWeights<TBackend, TVector>.ScratchLength(g.PanelWidth));
        var kernel = new WinogradConv2d<TBackend, TVector, TActivation>
        {
            Input = launcher.Bind(input),
            Weights = launcher.Bind(workspace),
            Bias = launcher.Bind(bias),
            Output = launcher.Bind(output),
            Saved = launcher.Bind(saved),
            Zeros = launcher.Zeros(WinogradTransform.Points * g.InputChannels),
            Geometry = g,
            Slope = slope,
            HasBias = !bias.IsEmpty,
            Gated = gated,
            Accumulate = accumulate,
        };
        var cost = (long)g.TilesPerStrip * WinogradTransform.Products * g.OutputChannels / TBackend.Width * (g.InputChannels + 6);
        launcher.LaunchWithScratch(kernel, g.Strips, (int)Math.Min(cost, int.MaxValue / 4), g.ScratchLength);
    }
}
