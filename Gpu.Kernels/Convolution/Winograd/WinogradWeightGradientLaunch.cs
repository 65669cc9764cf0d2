using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Launches <see cref="WinogradWeightGradient{TBackend,TVector}"/>, and the sum of its splits.</summary>
internal readonly struct WinogradWeightGradientLaunch(
    Conv2dShape shape, DeviceView input, DeviceView outputGradient, DeviceView weightGradient, DeviceView biasGradient, DeviceView workspace) : IOperation
{
    public int Granularity => 16;

    /// <summary>Words of partial sums.</summary>
    public static int WorkspaceLength(Conv2dShape shape)
    {
        var g = WinogradGradientGeometry.For(shape);
        return g.Splits * g.SplitStride;
    }

    public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var g = WinogradGradientGeometry.For(shape);
        // The bias sums lie behind the weights' in each split.
        var biases = workspace.Slice(shape.WeightLength, workspace.Length - shape.WeightLength);
        var kernel = new WinogradWeightGradient<TBackend, TVector>
        {
            Input = launcher.Bind(input),
            OutputGradient = launcher.Bind(outputGradient),
            Zeros = launcher.Zeros(WinogradTransform.Points * shape.InputChannels),
            Target = launcher.Bind(workspace),
            BiasTarget = launcher.Bind(biases),
            Geometry = g,
            HasBias = !biasGradient.IsEmpty,
        };
        var cost = (long)(g.Forward.Tiles / g.Splits + 1) * WinogradTransform.Products * g.InputBlock * Items.Covering(g.OutputBlock, TBackend.Width);
        launcher.LaunchWithScratch(kernel, g.Splits * g.InputBlocks * g.OutputBlocks, (int)Math.Min(cost, int.MaxValue / 4), g.ScratchLength);
        Conv2dWeightGradientOperation.Sum<TBackend, TVector>(launcher, workspace, weightGradient, g.Splits, g.SplitStride);
        if (!biasGradient.IsEmpty) Conv2dWeightGradientOperation.Sum<TBackend, TVector>(launcher, biases, biasGradient, g.Splits, g.SplitStride);
    }
}
