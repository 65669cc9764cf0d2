using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>Launches <see cref="TensorCoreWeightGradient{TUnit,TTile}"/>; with several splits their sums lie in the workspace, and the caller adds them up.</summary>
internal struct TensorCoreWeightGradientLaunch(
    ITensorCoreLauncher matrices, Conv2dShape shape, DeviceView input, DeviceView outputGradient, DeviceView weightGradient, DeviceView biasGradient, DeviceView workspace) : ITensorCoreCall
{
    /// <summary>Splits, and words from one to the next; known after the launch.</summary>
    public int Splits { get; private set; }

    /// <inheritdoc cref="Splits"/>
    public int SplitStride { get; private set; }

    /// <summary>Launches.</summary>
    public static TensorCoreWeightGradientLaunch Launch(
        ITensorCoreLauncher matrices, Conv2dShape shape, DeviceView input, DeviceView outputGradient, DeviceView weightGradient, DeviceView biasGradient, DeviceView workspace)
    {
        var call = new TensorCoreWeightGradientLaunch(matrices, shape, input, outputGradient, weightGradient, biasGradient, workspace);
        // There are always enough tiles for large ones: the pixels can be cut into more splits.
        TensorCoreDispatch.Call(matrices, shape.KernelHeight * shape.KernelWidth * shape.InputPerGroup, shape.OutputPerGroup, int.MaxValue, ref call);
        return call;
    }

    /// <inheritdoc/>
    public void With<TUnit, TTile>()
        where TUnit : struct, ITensorCoreUnit
        where TTile : struct, IBlockTile
    {
        var g = TensorCoreWeightGradientGeometry.For(shape, TTile.Rows, TTile.Columns, TUnit.Depth, workspace.Length, matrices.Multiprocessors);
        (Splits, SplitStride) = (g.Splits, g.SplitStride);
        var split = g.Splits > 1;
        var weights = split ? workspace : weightGradient;
        var fours = shape.OutputPerGroup % 4 == 0;
        var kernel = new TensorCoreWeightGradient<TUnit, TTile>
        {
            Input = matrices.View(input),
            OutputGradient = matrices.View(outputGradient),
            Target = matrices.View(weights),
            BiasTarget = matrices.View(split ? workspace.Slice(shape.WeightLength, workspace.Length - shape.WeightLength) : biasGradient),
            InputAddress = matrices.Address(input),
            OutputGradientAddress = matrices.Address(outputGradient),
            Geometry = g,
            HasBias = !biasGradient.IsEmpty,
            AddToTarget = !split,
            VectorInput = shape.InputPerGroup % 4 == 0 && input.Offset % 4 == 0,
            VectorGradient = fours && outputGradient.Offset % 4 == 0,
            VectorTarget = fours && weights.Offset % 4 == 0,
        };
        matrices.LaunchGroups(kernel, g.RowTiles * g.ColumnTiles * g.Groups * g.Splits, SharedTiles<TUnit, TTile>.Threads);
    }
}
