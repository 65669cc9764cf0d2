using Gpu.Kernels.Backends;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Devices;
using Gpu.Kernels.MatrixProducts;

namespace Gpu.Kernels;

/// <summary>
/// How <see cref="PackedConv2d"/> packs the weights of a shape. Shapes that differ in the batch alone and have equal layouts share packed weights.
/// </summary>
/// <param name="Algorithm">the algorithm that reads the packed weights</param>
/// <param name="Words">words of packed weights; 0 if the weights are read as they are, by <see cref="Conv2d.Forward"/> with this algorithm</param>
public readonly record struct PackedConv2dLayout(Conv2dAlgorithm Algorithm, int Words);

/// <summary>
/// The forward pass of a convolution whose weights do not change: <see cref="Conv2d.Forward"/> packs or transforms them in each call, here that is done once.
/// The result differs by rounding, since other algorithms pay. For the CPU; on other devices the weights are read as they are.
/// </summary>
/// <example><code>
/// var layout = PackedConv2d.Layout(device, shape);
/// PackedConv2d.Pack(device, shape, weights, packed.View);
/// PackedConv2d.Forward(device, shape, x, packed.View, bias, y, Activation.Relu, workspace);
/// </code></example>
public static class PackedConv2d
{
    /// <summary>The layout of the packed weights of a shape on a device.</summary>
    /// <exception cref="ArgumentException">the shape is invalid</exception>
    public static PackedConv2dLayout Layout(ComputeDevice device, Conv2dShape shape)
    {
        ArgumentNullException.ThrowIfNull(device);
        shape.Validate();
        if (device is not CpuDevice) return new(shape.Algorithm, 0);
        var algorithm = Conv2dAlgorithms.ChoosePacked(shape);
        return new(algorithm, algorithm switch
        {
            Conv2dAlgorithm.Winograd => WinogradConv2dLaunch.WeightLength(shape),
            Conv2dAlgorithm.MatrixProduct => MatrixProductLaunch.WeightLength(shape),
            Conv2dAlgorithm.Direct => DirectConv2dLaunch.WeightLength(shape),
            _ => 0,
        });
    }

    /// <summary>Words of workspace of <see cref="Forward"/>. Its content need not be kept between calls.</summary>
    public static int WorkspaceLength(Conv2dShape shape)
    {
        shape.Validate();
        return Conv2dAlgorithms.ChoosePacked(shape) == Conv2dAlgorithm.MatrixProduct ? MatrixProductLaunch.PackedWorkspaceLength(shape) : 0;
    }

    /// <summary>Packs weights.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes; those of the forward pass, apart from the batch</param>
    /// <param name="weights">[kh, kw, c / groups, k]</param>
    /// <param name="packed">receives the packed weights; as many words as the <see cref="Layout"/> says</param>
    /// <exception cref="ArgumentException">the shape is invalid or has no packed weights on this device, or a view has the wrong length</exception>
    public static void Pack(IExecutor executor, Conv2dShape shape, DeviceView weights, DeviceView packed)
    {
        var layout = RequireLayout(executor, shape);
        weights.Require(shape.WeightLength, nameof(weights));
        packed.Require(layout.Words, nameof(packed));
        Operands.Check(executor, [new(packed, nameof(packed))], [new(weights, nameof(weights))]);
        executor.Execute(new PackOperation(layout.Algorithm, shape, weights, packed));
    }

    /// <summary>Computes output = f(convolution(input, weights) + bias).</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes</param>
    /// <param name="input">[n, h, w, c]</param>
    /// <param name="packed">the weights, packed by <see cref="Pack"/> for a shape with an equal <see cref="Layout"/></param>
    /// <param name="bias">[k]; empty for none</param>
    /// <param name="output">receives [n, oh, ow, k]</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">the shape is invalid or has no packed weights on this device, or a view has the wrong length</exception>
    public static void Forward(
        IExecutor executor, Conv2dShape shape, DeviceView input, DeviceView packed, DeviceView bias, DeviceView output, Activation activation,
        DeviceView workspace)
    {
        var layout = RequireLayout(executor, shape);
        input.Require(shape.InputLength, nameof(input));
        packed.Require(layout.Words, nameof(packed));
        output.Require(shape.OutputLength, nameof(output));
        if (!bias.IsEmpty) bias.Require(shape.OutputChannels, nameof(bias));
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
        Operands.Check(
            executor,
            [new(output, nameof(output)), new(workspace, nameof(workspace))],
            [new(input, nameof(input)), new(packed, nameof(packed)), new(bias, nameof(bias))]);
        // The algorithm of the layout: another one would read the packed weights otherwise.
        var run = (layout.Algorithm == Conv2dAlgorithm.Direct ? DirectConv2dLaunch.WithFullTiles(shape) : shape) with { Algorithm = layout.Algorithm };
        Conv2d.Execute(executor, new()
        {
            Shape = run, Pass = Conv2dPass.Forward, Input = input, Weights = default, Packed = packed, Bias = bias, Output = output, Activation = activation,
            Workspace = workspace,
        });
    }

    private static PackedConv2dLayout RequireLayout(IExecutor executor, Conv2dShape shape)
    {
        ArgumentNullException.ThrowIfNull(executor);
        var layout = Layout(executor.Device, shape);
        if (layout.Words > 0) return layout;
        throw new ArgumentException($"{executor.Device.Description} reads the weights of this convolution as they are. Use Conv2d.Forward", nameof(shape));
    }

    private readonly struct PackOperation(Conv2dAlgorithm algorithm, Conv2dShape shape, DeviceView weights, DeviceView packed) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            switch (algorithm)
            {
                case Conv2dAlgorithm.Winograd: WinogradConv2dLaunch.TransformWeights<TBackend, TVector>(launcher, shape, false, weights, packed); break;
                case Conv2dAlgorithm.MatrixProduct: MatrixProductLaunch.PackWeights<TBackend, TVector>(launcher, shape, weights, packed); break;
                default: DirectConv2dLaunch.PackWeights<TBackend, TVector>(launcher, shape, weights, packed); break;
            }
        }
    }
}
