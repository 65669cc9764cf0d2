using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Convolution.TensorCore;
using Gpu.Kernels.Devices;
using Gpu.Kernels.MatrixProducts;

namespace Gpu.Kernels.Convolution;

/// <summary>Launches <see cref="DirectConv2dWeightGradient{TBackend,TVector}"/>, and the sum of its splits where there are several.</summary>
internal readonly struct Conv2dWeightGradientOperation(
    Conv2dShape shape, DeviceView input, DeviceView outputGradient, DeviceView weightGradient, DeviceView biasGradient, DeviceView workspace) : IOperation
{
    public int Granularity => shape.OutputPerGroup;

    /// <summary>Words of partial sums that any machine needs.</summary>
    public static int PartialLength(Conv2dShape shape)
    {
        var most = WinogradChoice.IsPossible(shape) ? WinogradWeightGradientLaunch.WorkspaceLength(shape) : 0;
        foreach (var (width, manyThreads) in new[] { (16, false), (8, false), (4, false), (4, true), (1, true) })
        {
            var g = DirectWeightGradientGeometry.For(shape, width, manyThreads);
            if (g.Splits > 1) most = Math.Max(most, g.Splits * g.SplitStride);
        }

        return most;
    }

    public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        if (TensorCoreDispatch.Suits(launcher.Matrices, shape.MultiplyAdds, shape.InputPerGroup, shape.OutputPerGroup))
        {
            var sums = TensorCoreWeightGradientLaunch.Launch(launcher.Matrices!, shape, input, outputGradient, weightGradient, biasGradient, workspace);
            if (sums.Splits > 1) SumUp<TBackend, TVector>(launcher, workspace, weightGradient, biasGradient, sums.Splits, sums.SplitStride);
            return;
        }

        if (!TBackend.IsGpu && MatrixProductChoice.PaysForWeightGradient(shape))
        {
            MatrixProductLaunch<Identity>.WeightGradient(shape, input, outputGradient, weightGradient, biasGradient, workspace).Launch<TBackend, TVector>(launcher);
            return;
        }

        if (ImplicitGemmConv2dLaunch.Suits(launcher.Groups, shape))
        {
            new ImplicitGemmWeightGradientLaunch(shape, input, outputGradient, weightGradient, biasGradient, workspace).Launch<TBackend, TVector>(launcher);
            return;
        }

        if (WinogradChoice.TakesWeightGradient(shape, TBackend.IsGpu))
        {
            new WinogradWeightGradientLaunch(shape, input, outputGradient, weightGradient, biasGradient, workspace).Launch<TBackend, TVector>(launcher);
            return;
        }

        var g = DirectWeightGradientGeometry.For(shape, TBackend.Width, TBackend.IsGpu);
        var split = g.Splits > 1;
        // The bias sums lie behind the weights' in each split, on a vector's boundary.
        var biasOffset = shape.WeightLength;
        var biasPartials = split ? workspace.Slice(biasOffset, workspace.Length - biasOffset) : biasGradient;
        var kernel = new DirectConv2dWeightGradient<TBackend, TVector>
        {
            Input = launcher.Bind(input),
            OutputGradient = launcher.Bind(outputGradient),
            Zeros = launcher.Zeros(shape.InputWidth * shape.InputChannels),
            Target = launcher.Bind(split ? workspace : weightGradient),
            BiasTarget = launcher.Bind(biasPartials),
            Geometry = g,
            HasBias = !biasGradient.IsEmpty,
            AddToTarget = !split,
        };
        var items = g.Splits * g.Panels * g.RowGroups;
        var cost = (long)(g.Pixels / g.Splits) * Math.Max(1, g.Tiles / g.RowGroups) * 16;
        launcher.Launch(kernel, items, (int)Math.Min(cost, int.MaxValue / 4));
        if (split) SumUp<TBackend, TVector>(launcher, workspace, weightGradient, biasGradient, g.Splits, g.SplitStride);
    }

    /// <summary>Adds the partial sums of all splits to the gradients: in each split the weights', and behind them the bias'.</summary>
    public static void SumUp<TBackend, TVector>(
        ILauncher<TBackend> launcher, DeviceView partials, DeviceView weightGradient, DeviceView biasGradient, int splits, int stride)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        if (GroupedSplitKReduce<TBackend, TVector>.Suits(launcher.Groups, splits, !biasGradient.IsEmpty))
        {
            var layout = GroupedSplitKReduce<TBackend, TVector>.LayoutFor(splits, weightGradient.Length + biasGradient.Length, launcher.Groups!.Value);
            var sum = new GroupedSplitKReduce<TBackend, TVector>
            {
                Partials = launcher.Bind(partials),
                Weights = launcher.Bind(weightGradient),
                Bias = launcher.Bind(biasGradient.IsEmpty ? weightGradient : biasGradient),
                WeightLength = weightGradient.Length,
                Layout = layout,
                Stride = stride,
            };
            launcher.LaunchGroups(sum, layout.Groups, layout.Threads);
            return;
        }

        Sum<TBackend, TVector>(launcher, partials, weightGradient, splits, stride);
        if (!biasGradient.IsEmpty)
            Sum<TBackend, TVector>(launcher, partials.Slice(weightGradient.Length, partials.Length - weightGradient.Length), biasGradient, splits, stride);
    }

    /// <summary>Adds the partial sums of all splits to a gradient, in order.</summary>
    public static void Sum<TBackend, TVector>(ILauncher<TBackend> launcher, DeviceView partials, DeviceView gradient, int splits, int stride)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var sum = new SplitKReduce<TBackend, TVector>
        {
            Partials = launcher.Bind(partials),
            Output = launcher.Bind(gradient),
            Count = gradient.Length,
            Splits = splits,
            Stride = stride,
        };
        launcher.Launch(sum, Items.Covering(gradient.Length, TBackend.Width), 4 * splits);
    }
}
