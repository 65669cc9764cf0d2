using Gpu.Kernels.Activations;
using Gpu.Kernels.Launching;

namespace Gpu.Kernels.Pooling;

/// <summary>
/// Maximum, average and global average pooling of images [batch, height, width, channels], forward and backward: any window, stride and padding. Padding
/// never is a maximum. Gradients are overwritten, or added to with <c>accumulate</c>; a gate multiplies them by the derivative of the activation that
/// gave the input.
/// </summary>
public static class Poolings
{
    /// <summary>output = the largest value of each window; NaN where the window holds NaN.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">sizes</param>
    /// <param name="input"><see cref="PoolingShape.InputLength"/> words</param>
    /// <param name="output"><see cref="PoolingShape.OutputLength"/> words</param>
    /// <exception cref="ArgumentException">sizes that make no sense, or a view of another length</exception>
    public static void MaxForward(IExecutor executor, PoolingShape shape, DeviceView input, DeviceView output)
    {
        shape.Check();
        input.Require(shape.InputLength, nameof(input));
        WindowOperations.Maximum(executor, shape, input, Output(shape, output));
    }

    /// <summary>
    /// The gradient of <see cref="MaxForward"/>: the first maximum of a window, row by row, takes all of the window's gradient. (Where a window holds NaN,
    /// its first NaN.)
    /// </summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">sizes</param>
    /// <param name="input">the forward pass's input</param>
    /// <param name="output">the forward pass's output</param>
    /// <param name="outputGradient">the gradient with respect to the output</param>
    /// <param name="inputGradient">receives the gradient with respect to the input; none of the other views</param>
    /// <param name="gate">the activation that gave the input, to have the gradient with respect to what went into it; none by default</param>
    /// <param name="accumulate">add to <paramref name="inputGradient"/></param>
    /// <exception cref="ArgumentException">sizes that make no sense, a view of another length, or a gate whose derivative needs more than its value</exception>
    public static void MaxBackward(
        IExecutor executor, PoolingShape shape, DeviceView input, DeviceView output, DeviceView outputGradient, DeviceView inputGradient,
        Activation gate = default, bool accumulate = false)
    {
        shape.Check();
        input.Require(shape.InputLength, nameof(input));
        output.Require(shape.OutputLength, nameof(output));
        outputGradient.Require(shape.OutputLength, nameof(outputGradient));
        var target = new GradientTarget(inputGradient, gate, input, accumulate).Require(shape.InputLength, nameof(inputGradient), nameof(input));
        var call = new MaxBackwardCall(executor, shape, input, output, outputGradient, target);
        ActivationDispatch.Call(gate.Kind, ref call);
    }

    /// <summary>output = the average of each window; see <see cref="PoolingShape.CountPadding"/>.</summary>
    /// <inheritdoc cref="MaxForward"/>
    public static void AverageForward(IExecutor executor, PoolingShape shape, DeviceView input, DeviceView output)
    {
        shape.Check();
        input.Require(shape.InputLength, nameof(input));
        WindowOperations.Sum(executor, shape, average: true, input, Output(shape, output));
    }

    /// <summary>The gradient of <see cref="AverageForward"/>.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">sizes</param>
    /// <param name="outputGradient">the gradient with respect to the output</param>
    /// <param name="inputGradient">receives the gradient with respect to the input</param>
    /// <param name="gate">the activation that gave the input; none by default</param>
    /// <param name="input">the forward pass's input; needed for a gate only</param>
    /// <param name="accumulate">add to <paramref name="inputGradient"/></param>
    /// <exception cref="ArgumentException">sizes that make no sense, a view of another length, or a gate whose derivative needs more than its value</exception>
    public static void AverageBackward(
        IExecutor executor, PoolingShape shape, DeviceView outputGradient, DeviceView inputGradient,
        Activation gate = default, DeviceView input = default, bool accumulate = false)
    {
        shape.Check();
        outputGradient.Require(shape.OutputLength, nameof(outputGradient));
        var target = new GradientTarget(inputGradient, gate, input, accumulate).Require(shape.InputLength, nameof(inputGradient), nameof(input));
        WindowOperations.Spread(executor, shape, average: true, outputGradient, target);
    }

    /// <summary>output [batch, channels] = the average over all pixels of the input [batch, height, width, channels].</summary>
    /// <exception cref="ArgumentException">sizes that make no sense, or a view of another length</exception>
    public static void GlobalAverageForward(IExecutor executor, int batch, int height, int width, int channels, DeviceView input, DeviceView output) =>
        AverageForward(executor, PoolingShape.Global(batch, height, width, channels), input, output);

    /// <summary>The gradient of <see cref="GlobalAverageForward"/>; parameters as in <see cref="AverageBackward"/>.</summary>
    /// <exception cref="ArgumentException">sizes that make no sense, a view of another length, or a gate whose derivative needs more than its value</exception>
    public static void GlobalAverageBackward(
        IExecutor executor, int batch, int height, int width, int channels, DeviceView outputGradient, DeviceView inputGradient,
        Activation gate = default, DeviceView input = default, bool accumulate = false) =>
        AverageBackward(executor, PoolingShape.Global(batch, height, width, channels), outputGradient, inputGradient, gate, input, accumulate);

    private static GradientTarget Output(PoolingShape shape, DeviceView output) =>
        new GradientTarget(output, Activation.None, default, false).Require(shape.OutputLength, nameof(output), "");

    private readonly record struct MaxBackwardCall(
        IExecutor Executor, PoolingShape Shape, DeviceView Input, DeviceView Output, DeviceView OutputGradient, GradientTarget Target) : IActivationCall
    {
        public void With<TActivation>()
            where TActivation : struct, IActivation => Executor.Execute(new MaxBackwardOperation<TActivation>(this));
    }

    private readonly struct MaxBackwardOperation<TActivation>(MaxBackwardCall call) : IOperation
        where TActivation : struct, IActivation
    {
        public int Granularity => call.Shape.Channels;

        public void Launch<TMachine, TVector>(ILauncher<TMachine> launcher)
            where TMachine : struct, Machines.IMachine<TMachine, TVector>
            where TVector : unmanaged
        {
            var shape = call.Shape;
            var area = shape.WindowHeight * shape.WindowWidth;
            if (shape.IsTwoByTwo)
            {
                var rows = shape.Batch * shape.OutputHeight;
                var kernel = new MaxPoolingBackwardTwoByTwo<TMachine, TVector, TActivation>
                {
                    Input = launcher.Bind(call.Input),
                    OutputGradient = launcher.Bind(call.OutputGradient),
                    InputGradient = call.Target.Bind<TMachine, TVector, TActivation>(launcher),
                    Geometry = shape.Geometry,
                    Tiles = RowTiles.For<TMachine, TVector>(rows, shape.OutputWidth, shape.Channels),
                };
                launcher.Launch(kernel, kernel.Tiles.Items(rows), kernel.Tiles.Cost(TMachine.Width, 34));
            }
            else if (shape.Disjoint)
            {
                var rows = shape.Batch * shape.OutputHeight;
                var kernel = new MaxPoolingBackwardDisjoint<TMachine, TVector, TActivation>
                {
                    Input = launcher.Bind(call.Input),
                    Output = launcher.Bind(call.Output),
                    OutputGradient = launcher.Bind(call.OutputGradient),
                    InputGradient = call.Target.Bind<TMachine, TVector, TActivation>(launcher),
                    Geometry = shape.Geometry,
                    Tiles = RowTiles.For<TMachine, TVector>(rows, shape.OutputWidth, shape.Channels),
                };
                launcher.Launch(kernel, kernel.Tiles.Items(rows), kernel.Tiles.Cost(TMachine.Width, 2 + 8 * area));
            }
            else
            {
                var rows = shape.Batch * shape.InputHeight;
                var kernel = new MaxPoolingBackwardOverlapping<TMachine, TVector, TActivation>
                {
                    Input = launcher.Bind(call.Input),
                    Output = launcher.Bind(call.Output),
                    OutputGradient = launcher.Bind(call.OutputGradient),
                    InputGradient = call.Target.Bind<TMachine, TVector, TActivation>(launcher),
                    Geometry = shape.Geometry,
                    Tiles = RowTiles.For<TMachine, TVector>(rows, shape.InputWidth, shape.Channels),
                };
                launcher.Launch(kernel, kernel.Tiles.Items(rows), kernel.Tiles.Cost(TMachine.Width, 2 + 4 * area));
            }
        }
    }
}
