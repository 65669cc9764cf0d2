using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Convolution;

/// <summary>Launches <see cref="WinogradWeightGradient{TMachine,TVector}"/>, and the sum of its splits.</summary>
internal readonly struct WinogradWeightGradientOperation(
    ConvolutionShape shape, DeviceView input, DeviceView outputGradient, DeviceView weightGradient, DeviceView biasGradient, DeviceView workspace) : IOperation
{
    public int Granularity => 16;

    /// <summary>Words of partial sums.</summary>
    public static int WorkspaceLength(ConvolutionShape shape)
    {
        var g = WinogradGradientGeometry.For(shape);
        return g.Splits * g.SplitStride;
    }

    public void Launch<TMachine, TVector>(ILauncher<TMachine> launcher)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var g = WinogradGradientGeometry.For(shape);
        // The bias sums lie behind the weights' in each split.
        var biases = workspace.Slice(shape.WeightLength, workspace.Length - shape.WeightLength);
        var kernel = new WinogradWeightGradient<TMachine, TVector>
        {
            Input = launcher.Bind(input),
            OutputGradient = launcher.Bind(outputGradient),
            Zeros = launcher.Zeros(WinogradTransform.Points * shape.InputChannels),
            Target = launcher.Bind(workspace),
            BiasTarget = launcher.Bind(biases),
            Geometry = g,
            HasBias = !biasGradient.IsEmpty,
        };
        var cost = (long)(g.Forward.Tiles / g.Splits + 1) * WinogradTransform.Products * g.InputBlock * Items.Covering(g.OutputBlock, TMachine.Width);
        launcher.LaunchWithScratch(kernel, g.Splits * g.InputBlocks * g.OutputBlocks, (int)Math.Min(cost, int.MaxValue / 4), g.ScratchLength);
        WeightGradientOperation.Sum<TMachine, TVector>(launcher, workspace, weightGradient, g.Splits, g.SplitStride);
        if (!biasGradient.IsEmpty) WeightGradientOperation.Sum<TMachine, TVector>(launcher, biases, biasGradient, g.Splits, g.SplitStride);
    }
}
