using Gpu.Kernels.Activations;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Normalization;

namespace Gpu.Kernels;

/// <summary>
/// Batch normalization of images [batch, height, width, channels], an activation and 2x2 max pooling in one operation: the same as <see cref="BatchNorm"/>
/// followed by <see cref="MaxPool2d"/>. The normalized image and its gradient, three quarters of which are zeros, are never written to memory.
/// Views must hold exactly the words of the shape's input or output, or one word per channel; otherwise an <see cref="ArgumentException"/> names the view.
/// </summary>
public static class BatchNormMaxPool
{
    /// <summary>Whether this operation supports a pooling: 2x2 windows with stride 2 and no padding.</summary>
    public static bool Fits(Pool2dShape pooling) => pooling.IsTwoByTwo;

    /// <summary>Words of workspace for all passes. Its content need not be kept between calls.</summary>
    public static int WorkspaceLength(Pool2dShape shape) => Math.Max(
        BatchNorm.WorkspaceLength(Rows(shape), shape.Channels), BatchNormWorkspace.LengthWith(BatchNormMaxPoolLayout.PartialLength(shape), shape.Channels));

    /// <summary>Normalizes with the statistics of the batch, as <see cref="BatchNorm.ForwardTraining"/> does, and pools.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes of the pooling; its input has the size of the normalized image</param>
    /// <param name="input">x, <see cref="Pool2dShape.InputLength"/> words</param>
    /// <param name="parameters">gamma, beta and the running statistics, [channels] each; the running statistics are updated</param>
    /// <param name="momentum">the weight of the batch in the running statistics, 0 to 1</param>
    /// <param name="epsilon">added to the variance</param>
    /// <param name="output">receives the pooled values, <see cref="Pool2dShape.OutputLength"/> words</param>
    /// <param name="saved">receives the statistics that the backward pass needs, [channels] each</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">
    /// fewer than 2 values per channel, an unsupported pooling (<see cref="Fits"/>), or a view has the wrong length
    /// </exception>
    public static void ForwardTraining(
        IExecutor executor, Pool2dShape shape, DeviceView input, in BatchNormParameters parameters, float momentum, float epsilon, DeviceView output,
        in BatchNormSaved saved, Activation activation, DeviceView workspace)
    {
        Check(shape, input, parameters, workspace);
        BatchNorm.RequireVariance(Rows(shape));
        output.Require(shape.OutputLength, nameof(output));
        saved.Require(shape.Channels);
        Operands.Check(
            executor,
            [new(output, nameof(output)), new(workspace, nameof(workspace)), .. saved.Operands, .. parameters.Running],
            [new(input, nameof(input)), .. parameters.Weights]);
        executor.Execute(new BatchNormStatisticsOperation(Rows(shape), shape.Channels, input, parameters, saved, momentum, epsilon, workspace));
        Normalize(executor, shape, input, saved.Mean, parameters.Beta, output, activation, workspace);
    }

    /// <summary>Normalizes with the running statistics, and pools.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes of the pooling; its input has the size of the normalized image</param>
    /// <param name="input">x, <see cref="Pool2dShape.InputLength"/> words</param>
    /// <param name="parameters">gamma, beta and the running statistics, [channels] each</param>
    /// <param name="epsilon">added to the variance</param>
    /// <param name="output">receives the pooled values, <see cref="Pool2dShape.OutputLength"/> words</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">an unsupported pooling (<see cref="Fits"/>), or a view has the wrong length</exception>
    public static void ForwardEvaluation(
        IExecutor executor, Pool2dShape shape, DeviceView input, in BatchNormParameters parameters, float epsilon, DeviceView output, Activation activation,
        DeviceView workspace)
    {
        Check(shape, input, parameters, workspace);
        output.Require(shape.OutputLength, nameof(output));
        Operands.Check(
            executor,
            [new(output, nameof(output)), new(workspace, nameof(workspace))],
            [new(input, nameof(input)), .. parameters.Weights, .. parameters.Running]);
        executor.Execute(new BatchNormScaleOperation(shape.Channels, parameters, epsilon, workspace));
        Normalize(executor, shape, input, parameters.RunningMean, parameters.Beta, output, activation, workspace);
    }

    /// <summary>
    /// Computes the gradients of <see cref="ForwardTraining"/>: adds those of gamma and beta to their views, and writes that of the input.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes of the forward pass</param>
    /// <param name="input">x of the forward pass, <see cref="Pool2dShape.InputLength"/> words</param>
    /// <param name="outputGradient">the gradient with respect to the pooled values, <see cref="Pool2dShape.OutputLength"/> words</param>
    /// <param name="parameters">as in the forward pass</param>
    /// <param name="saved">as written by the forward pass</param>
    /// <param name="inputGradient">
    /// receives the gradient with respect to x, <see cref="Pool2dShape.InputLength"/> words; must not overlap the other views; empty if it is not needed
    /// </param>
    /// <param name="gradients">the gradients of gamma and beta, [channels] each; added to</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <param name="gate">the activation that produced x, to get the gradient before it; see <see cref="Activation"/>; default: none</param>
    /// <param name="accumulate">adds to <paramref name="inputGradient"/> instead of overwriting it</param>
    /// <exception cref="ArgumentException">
    /// an unsupported pooling (<see cref="Fits"/>), a view has the wrong length, or the gate's derivative needs more than its output
    /// </exception>
    public static void Backward(
        IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView outputGradient, in BatchNormParameters parameters, in BatchNormSaved saved,
        DeviceView inputGradient, in BatchNormGradients gradients, Activation activation, DeviceView workspace, Activation gate = default,
        bool accumulate = false)
    {
        Check(shape, input, parameters, workspace);
        outputGradient.Require(shape.OutputLength, nameof(outputGradient));
        saved.Require(shape.Channels);
        if (!inputGradient.IsEmpty) inputGradient.Require(shape.InputLength, nameof(inputGradient));
        gradients.Require(shape.Channels);
        gate.RequireDerivativeFromOutput();
        Operands.Check(
            executor,
            [new(inputGradient, nameof(inputGradient)), new(workspace, nameof(workspace)), .. gradients.Operands],
            [new(input, nameof(input)), new(outputGradient, nameof(outputGradient)), .. parameters.Weights, .. parameters.Running, .. saved.Operands]);
        var call = new BackwardCall(executor, shape, new()
        {
            Input = input, OutputGradient = outputGradient, Parameters = parameters, Saved = saved, InputGradient = inputGradient, Gradients = gradients,
            Activation = activation, Gate = gate, Accumulate = accumulate, Workspace = workspace,
        });
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    private static int Rows(Pool2dShape shape) => checked(shape.Batch * shape.InputHeight * shape.InputWidth);

    private static void Check(Pool2dShape shape, DeviceView input, in BatchNormParameters parameters, DeviceView workspace)
    {
        shape.Validate();
        if (!Fits(shape))
        {
            throw new ArgumentException(
                $"only 2x2 windows with stride 2 and no padding can be fused with batch normalization, but this is {shape}; use BatchNorm and MaxPool2d",
                nameof(shape));
        }

        input.Require(shape.InputLength, nameof(input));
        parameters.Require(shape.Channels);
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
    }

    private static void Normalize(
        IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView mean, DeviceView beta, DeviceView output, Activation activation,
        DeviceView workspace)
    {
        var call = new ForwardCall(executor, shape, input, mean, beta, output, activation.Slope, workspace);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    private readonly struct ForwardCall(
        IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView mean, DeviceView beta, DeviceView output, float slope,
        DeviceView workspace) : IActivationCall
    {
        public void Invoke<TActivation>()
            where TActivation : struct, IActivation =>
            executor.Execute(new BatchNormMaxPoolForwardOperation<TActivation>(shape, input, mean, beta, output, slope, workspace));
    }

    private readonly struct BackwardCall(IExecutor executor, Pool2dShape shape, BatchNormBackwardArguments arguments) : IActivationCall
    {
        public void Invoke<TActivation>()
            where TActivation : struct, IActivation
        {
            executor.Execute(new BatchNormMaxPoolGradientSumsOperation<TActivation>(shape, arguments));
            if (arguments.InputGradient.IsEmpty) return;
            var call = new InputGradientCall<TActivation>(executor, shape, arguments);
            ActivationDispatch.Call(arguments.Gate.Kind, ref call);
        }
    }

    private readonly struct InputGradientCall<TActivation>(IExecutor executor, Pool2dShape shape, BatchNormBackwardArguments arguments) : IActivationCall
        where TActivation : struct, IActivation
    {
        public void Invoke<TGate>()
            where TGate : struct, IActivation => executor.Execute(new BatchNormMaxPoolInputGradientOperation<TActivation, TGate>(shape, arguments));
    }
}
