using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Residual;

namespace Gpu.Kernels;

/// <summary>
/// Residual addition f(a + b) with an activation f. b may pass through a parameter-free shortcut between different sizes; see <see cref="ShortcutShape"/>.
/// </summary>
/// <example><code>ResidualAdd.Forward(device, a, b, y, Activation.Relu);</code></example>
public static class ResidualAdd
{
    /// <summary>Writes output[i] = f(a[i] + b[i]).</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="a">any number of words</param>
    /// <param name="b">as many words as <paramref name="a"/></param>
    /// <param name="output">receives as many words; may be <paramref name="a"/> or <paramref name="b"/></param>
    /// <param name="activation">f</param>
    /// <exception cref="ArgumentException">the views differ in length</exception>
    public static void Forward(IExecutor executor, DeviceView a, DeviceView b, DeviceView output, Activation activation)
    {
        b.Require(a.Length, nameof(b));
        output.Require(a.Length, nameof(output));
        Operands.Check(executor, [new(output, nameof(output))], [], [new(a, nameof(a)), new(b, nameof(b))]);
        var call = new ForwardCall(executor, null, a, b, output, activation.Slope);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    /// <summary>Writes output = f(a + shortcut(b)).</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes of the shortcut</param>
    /// <param name="a">[batch, output height, output width, output channels]</param>
    /// <param name="b">[batch, height, width, input channels]</param>
    /// <param name="output">receives the layout of <paramref name="a"/>; may be <paramref name="a"/></param>
    /// <param name="activation">f</param>
    /// <exception cref="ArgumentException">the shape is invalid, or a view has the wrong length</exception>
    public static void Forward(IExecutor executor, ShortcutShape shape, DeviceView a, DeviceView b, DeviceView output, Activation activation)
    {
        shape.Validate();
        a.Require(shape.OutputLength, nameof(a));
        b.Require(shape.InputLength, nameof(b));
        output.Require(shape.OutputLength, nameof(output));
        Operands.Check(executor, [new(output, nameof(output))], [new(b, nameof(b))], [new(a, nameof(a))]);
        var call = new ForwardCall(executor, shape.IsIdentity ? null : shape, a, b, output, activation.Slope);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    /// <summary>Computes the gradients of f(a + b), which are the same for a and b: outputGradient * f'(a + b).</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="activation">f; its <see cref="Activation.DerivativeFromOutput"/> must be true</param>
    /// <param name="output">the output of the forward pass; ignored if f is the identity</param>
    /// <param name="outputGradient">the gradient with respect to the output, any number of words</param>
    /// <param name="gradientA">receives the gradient with respect to a, as many words; may be <paramref name="outputGradient"/></param>
    /// <param name="gradientB">
    /// receives the gradient with respect to b, as many words; may be <paramref name="outputGradient"/>, or <paramref name="gradientA"/> if
    /// <paramref name="accumulateB"/> is true; empty for none
    /// </param>
    /// <param name="accumulateA">adds to <paramref name="gradientA"/> instead of overwriting it</param>
    /// <param name="accumulateB">adds to <paramref name="gradientB"/> instead of overwriting it</param>
    /// <exception cref="ArgumentException">the views differ in length, or the derivative of f needs more than its output</exception>
    public static void Backward(
        IExecutor executor, Activation activation, DeviceView output, DeviceView outputGradient, DeviceView gradientA, DeviceView gradientB,
        bool accumulateA, bool accumulateB)
    {
        output = RequireOutput(activation, output, outputGradient);
        gradientA.Require(outputGradient.Length, nameof(gradientA));
        if (!gradientB.IsEmpty) gradientB.Require(outputGradient.Length, nameof(gradientB));
        // x + x: the kernel adds to b after it has stored a, element by element.
        var isSame = accumulateB && gradientA == gradientB;
        Operands.Check(
            executor,
            [new(gradientA, nameof(gradientA)), new(isSame ? default : gradientB, nameof(gradientB))],
            [new(activation.Kind == ActivationKind.Identity ? default : output, "output")],
            [new(outputGradient, nameof(outputGradient))]);
        var call = new BackwardCall(executor, null, output, outputGradient, Target(gradientA, accumulateA), Target(gradientB, accumulateB), activation.Slope);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    /// <summary>Computes the gradients of f(a + shortcut(b)).</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes of the shortcut</param>
    /// <param name="activation">f; its <see cref="Activation.DerivativeFromOutput"/> must be true</param>
    /// <param name="output">the output of the forward pass, [batch, output height, output width, output channels]; ignored if f is the identity</param>
    /// <param name="outputGradient">the gradient with respect to the output, in its layout</param>
    /// <param name="gradientA">receives the gradient with respect to a, in the layout of the output; may be <paramref name="outputGradient"/></param>
    /// <param name="gradientB">receives the gradient with respect to b, [batch, height, width, input channels]; empty for none</param>
    /// <param name="accumulateA">adds to <paramref name="gradientA"/> instead of overwriting it</param>
    /// <param name="accumulateB">adds to <paramref name="gradientB"/> instead of overwriting it</param>
    /// <exception cref="ArgumentException">
    /// the shape is invalid, a view has the wrong length, or the derivative of f needs more than its output
    /// </exception>
    public static void Backward(
        IExecutor executor, ShortcutShape shape, Activation activation, DeviceView output, DeviceView outputGradient, DeviceView gradientA,
        DeviceView gradientB, bool accumulateA = false, bool accumulateB = false)
    {
        shape.Validate();
        outputGradient.Require(shape.OutputLength, nameof(outputGradient));
        if (shape.IsIdentity || gradientB.IsEmpty)
        {
            Backward(executor, activation, output, outputGradient, gradientA, gradientB, accumulateA, accumulateB);
            return;
        }

        output = RequireOutput(activation, output, outputGradient);
        gradientA.Require(shape.OutputLength, nameof(gradientA));
        gradientB.Require(shape.InputLength, nameof(gradientB));
        Operands.Check(
            executor,
            [new(gradientA, nameof(gradientA))],
            [new(activation.Kind == ActivationKind.Identity ? default : output, "output")],
            [new(outputGradient, nameof(outputGradient))]);
        Operands.Check(
            executor,
            [new(gradientB, nameof(gradientB))],
            [new(output, nameof(output)), new(gradientA, nameof(gradientA)), new(outputGradient, nameof(outputGradient))]);
        var call = new BackwardCall(executor, shape, output, outputGradient, Target(gradientA, accumulateA), Target(gradientB, accumulateB), activation.Slope);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    private static DeviceView RequireOutput(Activation activation, DeviceView output, DeviceView outputGradient)
    {
        if (activation.Kind == ActivationKind.Identity) return outputGradient;
        if (!activation.DerivativeFromOutput)
        {
            throw new ArgumentException(
                $"the derivative of {activation.Kind} cannot be computed from its output: add without an activation, "
                + "and run the activation as a separate operation",
                nameof(activation));
        }

        return output.Require(outputGradient.Length, nameof(output));
    }

    private static GradientTarget Target(DeviceView gradient, bool accumulate) => new(gradient, Activation.None, default, accumulate);

    private readonly record struct ForwardCall(IExecutor Executor, ShortcutShape? Shape, DeviceView A, DeviceView B, DeviceView Output, float Slope)
        : IActivationCall
    {
        public void Invoke<TActivation>()
            where TActivation : struct, IActivation => Executor.Execute(new ForwardOperation<TActivation>(this));
    }

    private readonly record struct BackwardCall(
        IExecutor Executor, ShortcutShape? Shape, DeviceView Output, DeviceView OutputGradient, GradientTarget A, GradientTarget B, float Slope)
        : IActivationCall
    {
        public void Invoke<TActivation>()
            where TActivation : struct, IActivation => Executor.Execute(new BackwardOperation<TActivation>(this));
    }

    private readonly struct ForwardOperation<TActivation>(ForwardCall call) : IOperation
        where TActivation : struct, IActivation
    {
        public int Granularity => call.Shape?.Granularity ?? 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            if (call.Shape is not { } shape)
            {
                var kernel = new ResidualForward<TBackend, TVector, TActivation>
                {
                    A = launcher.Bind(call.A),
                    B = launcher.Bind(call.B),
                    Output = launcher.Bind(call.Output),
                    Count = call.A.Length,
                    Slope = call.Slope,
                };
                var vectors = ResidualForward<TBackend, TVector, TActivation>.VectorsPerItem;
                launcher.Launch(kernel, IntMath.DivRoundUp(call.A.Length, vectors * TBackend.Width), 5 * vectors);
                return;
            }

            var rows = shape.Batch * shape.OutputHeight;
            var shortcut = new ShortcutForward<TBackend, TVector, TActivation>
            {
                A = launcher.Bind(call.A),
                B = launcher.Bind(call.B),
                Output = launcher.Bind(call.Output),
                Height = shape.Height,
                Width = shape.Width,
                ChannelsOfB = shape.InputChannels,
                OutputHeight = shape.OutputHeight,
                Stride = shape.Stride,
                ChannelsBefore = shape.ChannelsBefore,
                Tiles = RowTiles.For<TBackend, TVector>(rows, shape.OutputWidth, shape.OutputChannels),
                Slope = call.Slope,
            };
            launcher.Launch(shortcut, shortcut.Tiles.Items(rows), shortcut.Tiles.Cost(TBackend.Width, 5));
        }
    }

    private readonly struct BackwardOperation<TActivation>(BackwardCall call) : IOperation
        where TActivation : struct, IActivation
    {
        public int Granularity => call.Shape?.Granularity ?? 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            // The shortcut first: the gradient of a may overwrite that of the output.
            if (call.Shape is { } shape) LaunchShortcut<TBackend, TVector>(launcher, shape);
            var both = call.Shape is null && !call.B.Gradient.IsEmpty;
            var kernel = new ResidualBackward<TBackend, TVector, TActivation>
            {
                Output = launcher.Bind(call.Output),
                OutputGradient = launcher.Bind(call.OutputGradient),
                First = call.A.Bind<TBackend, TVector, Identity>(launcher),
                Second = (both ? call.B : call.A).Bind<TBackend, TVector, Identity>(launcher),
                Both = both ? 1 : 0,
                Count = call.OutputGradient.Length,
                Slope = call.Slope,
            };
            var vectors = ResidualBackward<TBackend, TVector, TActivation>.VectorsPerItem;
            launcher.Launch(kernel, IntMath.DivRoundUp(call.OutputGradient.Length, vectors * TBackend.Width), 6 * vectors);
        }

        private void LaunchShortcut<TBackend, TVector>(ILauncher<TBackend> launcher, ShortcutShape shape)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var rows = shape.Batch * shape.Height;
            var kernel = new ShortcutBackward<TBackend, TVector, TActivation>
            {
                Output = launcher.Bind(call.Output),
                OutputGradient = launcher.Bind(call.OutputGradient),
                Gradient = call.B.Bind<TBackend, TVector, Identity>(launcher),
                Height = shape.Height,
                OutputHeight = shape.OutputHeight,
                OutputWidth = shape.OutputWidth,
                OutputChannels = shape.OutputChannels,
                Stride = shape.Stride,
                ChannelsBefore = shape.ChannelsBefore,
                Tiles = RowTiles.For<TBackend, TVector>(rows, shape.Width, shape.InputChannels),
                Slope = call.Slope,
            };
            launcher.Launch(kernel, kernel.Tiles.Items(rows), kernel.Tiles.Cost(TBackend.Width, 5));
        }
    }
}
