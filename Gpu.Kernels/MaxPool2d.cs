using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Pooling;

namespace Gpu.Kernels;

/// <summary>
/// 2-D max pooling of images [batch, height, width, channels], with any window, stride and padding. Padding is never the maximum.
/// Views must hold exactly the words that the shape gives; otherwise an <see cref="ArgumentException"/> names the view.
/// </summary>
/// <example><code>MaxPool2d.Forward(device, new Pool2dShape(batch, 28, 28, 32, 2, 2, 2, 2), x, y);</code></example>
public static class MaxPool2d
{
    /// <summary>Writes the largest value of each window; NaN if the window contains NaN.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes</param>
    /// <param name="input">[batch, input height, input width, channels]</param>
    /// <param name="output">receives [batch, output height, output width, channels]</param>
    /// <exception cref="ArgumentException">the shape is invalid, or a view has the wrong length</exception>
    public static void Forward(IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView output)
    {
        shape.Validate();
        input.Require(shape.InputLength, nameof(input));
        Operands.Check(executor, [new(output, nameof(output))], [new(input, nameof(input))]);
        PoolOperations.Maximum(executor, shape, input, Output(shape, output));
    }

    /// <summary>
    /// Computes the gradient of <see cref="Forward"/> with respect to the input. The first maximum of a window in row-major order gets the whole gradient of
    /// the window; in a window with NaN, the first NaN.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes of the forward pass</param>
    /// <param name="input">the input of the forward pass, [batch, input height, input width, channels]</param>
    /// <param name="output">the output of the forward pass, [batch, output height, output width, channels]</param>
    /// <param name="outputGradient">the gradient with respect to the output, in its layout</param>
    /// <param name="inputGradient">receives the gradient with respect to the input, in its layout; must not overlap the other views</param>
    /// <param name="gate">the activation that produced the input, to get the gradient before it; see <see cref="Activation"/>; default: none</param>
    /// <param name="accumulate">adds to <paramref name="inputGradient"/> instead of overwriting it</param>
    /// <exception cref="ArgumentException">the shape is invalid, a view has the wrong length, or the gate's derivative needs more than its output</exception>
    public static void Backward(
        IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView output, DeviceView outputGradient, DeviceView inputGradient,
        Activation gate = default, bool accumulate = false)
    {
        shape.Validate();
        input.Require(shape.InputLength, nameof(input));
        output.Require(shape.OutputLength, nameof(output));
        outputGradient.Require(shape.OutputLength, nameof(outputGradient));
        var target = new GradientTarget(inputGradient, gate, input, accumulate).Require(shape.InputLength, nameof(inputGradient), nameof(input));
        Operands.Check(
            executor,
            [new(inputGradient, nameof(inputGradient))],
            [new(input, nameof(input)), new(output, nameof(output)), new(outputGradient, nameof(outputGradient))]);
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
            where TBackend : struct, IVectorBackend<TBackend, TVector>
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
