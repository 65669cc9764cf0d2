using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Transforms the weights and launches <see cref="WinogradConv2d{TBackend,TVector,TActivation}"/>.</summary>
internal static class WinogradConv2dLaunch
{
    /// <summary>Words of workspace, for vectors of any width and either pass: the transformed weights.</summary>
    public static int WorkspaceLength(Conv2dShape shape) =>
        Math.Max(WeightLength(shape.InputChannels, shape.OutputChannels), WeightLength(shape.OutputChannels, shape.InputChannels));

    /// <summary>Words of the transformed weights of a forward pass, for vectors of any width.</summary>
    public static int WeightLength(Conv2dShape shape) => WeightLength(shape.InputChannels, shape.OutputChannels);

    /// <summary>Transforms the weights of a forward pass or (backward) of an input gradient.</summary>
    public static void TransformWeights<TBackend, TVector>(
        ILauncher<TBackend> launcher, Conv2dShape shape, bool backward, DeviceView weights, DeviceView transformed)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var g = WinogradGeometry.For(shape, backward, TBackend.Width);
        var transform = new WinogradWeights<TBackend, TVector>
        {
            Weights = launcher.Bind(weights),
            Transformed = launcher.Bind(transformed),
            Rows = g.InputChannels,
            Columns = g.OutputChannels,
            PanelWidth = g.PanelWidth,
            Transposed = backward,
        };
        const int blockRows = WinogradWeights<TBackend, TVector>.BlockRows;
        var weightCost = blockRows * (120 * g.PanelWidth / TBackend.Width + (backward ? 2 * WinogradTransform.Taps * g.PanelWidth : 0));
        launcher.LaunchWithScratch(
            transform, g.Panels * g.InputChannels / blockRows, weightCost, WinogradWeights<TBackend, TVector>.ScratchLength(g.PanelWidth));
    }

    /// <summary>Launches a pass.</summary>
    public static void Launch<TBackend, TVector, TActivation>(ILauncher<TBackend> launcher, in Conv2dArguments a)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        var g = WinogradGeometry.For(a.Shape, a.IsBackward, TBackend.Width);
        if (a.Packed.IsEmpty) TransformWeights<TBackend, TVector>(launcher, a.Shape, a.IsBackward, a.Weights, a.Workspace);
        var kernel = new WinogradConv2d<TBackend, TVector, TActivation>
        {
            Input = launcher.Bind(a.Input),
            Weights = launcher.Bind(a.Packed.IsEmpty ? a.Workspace : a.Packed),
            Bias = launcher.Bind(a.Bias),
            Output = launcher.Bind(a.Output),
            Saved = launcher.Bind(a.Saved),
            Zeros = launcher.Zeros(WinogradTransform.Points * g.InputChannels),
            Geometry = g,
            Slope = a.Activation.Slope,
            HasBias = !a.Bias.IsEmpty,
            Gated = a.Gated,
            Accumulate = a.Accumulate,
        };
        var cost = (long)g.TilesPerStrip * WinogradTransform.Products * g.OutputChannels / TBackend.Width * (g.InputChannels + 6);
        launcher.LaunchWithScratch(kernel, g.Strips, (int)Math.Min(cost, int.MaxValue / 4), g.ScratchLength);
    }

    private static int WeightLength(int summed, int computed)
    {
        const int widestPanel = 32;
        return ShapeLimits.Workspace((long)IntMath.RoundUp(computed, widestPanel) * summed * WinogradTransform.Products);
    }
}
