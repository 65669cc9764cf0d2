using Gpu.Kernels.Activations;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Pooling;

namespace Gpu.Kernels;

/// <summary>
/// Maximum pooling of images [batch, height, width, channels], forward and backward: any window, stride and padding. Padding is never a maximum.
/// The gradient is overwritten, or added to with <c>accumulate</c>; a gate multiplies it by the derivative of the activation that gave the input.
/// </summary>
public static class MaxPool2d
{
    /// <summary>output = the largest value of each window; NaN where the window holds NaN.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">sizes</param>
    /// <param name="input"><see cref="Pool2dShape.InputLength"/> words</param>
    /// <param name="output"><see cref="Pool2dShape.OutputLength"/> words</param>
    /// <exception cref="ArgumentException">sizes that make no sense, or a view of another length</exception>
    public static void Forward(IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView output)
    {
        shape.Validate();
        input.Require(shape.InputLength, nameof(input));
        PoolOperations.Maximum(executor, shape, input, Output(shape, output));
    }

    /// <summary>
    /// The gradient of <see cref="Forward"/>: the first maximum of a window, row by row, takes all of the window's gradient. (Where a window holds NaN,
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
    public static void Backward(
        IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView output, DeviceView outputGradient, DeviceView inputGradient,
        Activation gate = default, bool accumulate = false)
    {
        shape.Validate();
        input.Require(shape.InputLength, nameof(input));
        output.Require(shape.OutputLength, nameof(output));
        outputGradient.Require(shape.OutputLength, nameof(outputGradient));
        var target = new GradientTarget(inputGradient, gate, input, accumulate).Require(shape.InputLength, nameof(inputGradient), nameof(input));
        var call = new MaxBackwardCall(executor, shape, input, output, outputGradient, target);
        ActivationDispatch.Call(gate.Kind, ref call);
    }

    private static GradientTarget Output(Pool2dShape shape, DeviceView output) =>
        new GradientTarget(output, Activation.None, default, false).Require(shape.OutputLength, nameof(output), "");

    private readonly record struct MaxBackwardCall(
        IExecutor Executor, Pool2dShape Shape, DeviceView Input, DeviceView Output, DeviceView OutputGradient, GradientTarget Target) : IActivationCall
    {
        public void Invoke<TActivation>()
            where TActivation : struct, IActivation => Executor.Execute(new MaxBackwardOperation<TActivation>(this));
    }

    private readonly struct MaxBackwardOperation<TActivation>(MaxBackwardCall call) : IOperation
        where TActivation : struct, IActivation
    {
        public int Granularity => call.Shape.Channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, Backends.IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var shape = call.Shape;
            var area = shape.WindowHeight * shape.WindowWidth;
            if (shape.IsTwoByTwo)
            {
                var rows = shape.Batch * shape.OutputHeight;
                var kernel = new MaxPoolBackward2x2<TBackend, TVector, TActivation>
                {
                    Input = launcher.Bind(call.Input),
                    OutputGradient = launcher.Bind(call.OutputGradient),
                    InputGradient = call.Target.Bind<TBackend, TVector, TActivation>(launcher),
                    Geometry = shape.Geometry,
                    Tiles = RowTiles.For<TBackend, TVector>(rows, shape.OutputWidth, shape.Channels),
                };
                launcher.Launch(kernel, kernel.Tiles.Items(rows), kernel.Tiles.Cost(TBackend.Width, 34));
            }
            else if (shape.Disjoint)
            {
                var rows = shape.Batch * shape.OutputHeight;
                var kernel = new MaxPoolBackwardDisjoint<TBackend, TVector, TActivation>
                {
                    Input = launcher.Bind(call.Input),
                    Output = launcher.Bind(call.Output),
                    OutputGradient = launcher.Bind(call.OutputGradient),
                    InputGradient = call.Target.Bind<TBackend, TVector, TActivation>(launcher),
                    Geometry = shape.Geometry,
                    Tiles = RowTiles.For<TBackend, TVector>(rows, shape.OutputWidth, shape.Channels),
                };
                launcher.Launch(kernel, kernel.Tiles.Items(rows), kernel.Tiles.Cost(TBackend.Width, 2 + 8 * area));
            }
            else
            {
                var rows = shape.Batch * shape.InputHeight;
                var kernel = new MaxPoolBackwardOverlapping<TBackend, TVector, TActivation>
                {
                    Input = launcher.Bind(call.Input),
                    Output = launcher.Bind(call.Output),
                    OutputGradient = launcher.Bind(call.OutputGradient),
                    InputGradient = call.Target.Bind<TBackend, TVector, TActivation>(launcher),
                    Geometry = shape.Geometry,
                    Tiles = RowTiles.For<TBackend, TVector>(rows, shape.InputWidth, shape.Channels),
                };
                launcher.Launch(kernel, kernel.Tiles.Items(rows), kernel.Tiles.Cost(TBackend.Width, 2 + 4 * area));
            }
        }
    }
}
