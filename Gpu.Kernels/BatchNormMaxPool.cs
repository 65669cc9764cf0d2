using Gpu.Kernels.Activations;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Normalization;

namespace Gpu.Kernels;

/// <summary>
/// Batch normalization of images [batch, height, width, channels], an activation, and 2x2 maximum pooling as one operation: <see cref="BatchNorm"/> followed by
/// <see cref="MaxPool2d"/>. The normalized image and its gradient (three quarters of which are zeros) are never written to memory.
/// Views must hold exactly the words of the shape's input or output, or one word for each channel; otherwise an <see cref="ArgumentException"/> names the one that
/// does not.
/// </summary>
public static class BatchNormMaxPool
{
    /// <summary>Whether a pooling is the one that this computes: windows of 2x2 side by side, without padding.</summary>
    public static bool Fits(Pool2dShape pooling) => pooling.IsTwoByTwo;

    /// <summary>Words of workspace that the passes use. Its content need not be kept between calls.</summary>
    public static int WorkspaceLength(Pool2dShape shape) => Math.Max(
        BatchNorm.WorkspaceLength(Rows(shape), shape.Channels), BatchNormWorkspace.LengthWith(BatchNormMaxPoolLayout.PartialLength(shape), shape.Channels));

    /// <summary>Normalizes by the batch's own statistics, as <see cref="BatchNorm.ForwardTraining"/>, and pools.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">the sizes of the pooling; its input is the normalization's</param>
    /// <param name="input"><see cref="Pool2dShape.InputLength"/> words</param>
    /// <param name="parameters">scale, shift and running statistics</param>
    /// <param name="momentum">share of the batch in the running statistics, 0 to 1</param>
    /// <param name="epsilon">added to the variance</param>
    /// <param name="output">receives the pooled values, <see cref="Pool2dShape.OutputLength"/> words</param>
    /// <param name="saved">receives what the backward pass needs</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">fewer than two values for each channel, a pooling that does not fit (<see cref="Fits"/>), or a view of another length</exception>
    public static void ForwardTraining(
        IExecutor executor, Pool2dShape shape, DeviceView input, in BatchNormParameters parameters, float momentum, float epsilon, DeviceView output,
        in BatchNormSaved saved, Activation activation, DeviceView workspace)
    {
        Check(shape, input, parameters, workspace);
        BatchNorm.RequireVariance(Rows(shape));
        output.Require(shape.OutputLength, nameof(output));
        saved.Require(shape.Channels);
        executor.Execute(new BatchNormStatisticsOperation(Rows(shape), shape.Channels, input, parameters, saved, momentum, epsilon, workspace));
        Normalize(executor, shape, input, saved.Mean, parameters.Beta, output, activation, workspace);
    }

    /// <summary>Normalizes by the running statistics, and pools. Parameters as in <see cref="ForwardTraining"/>.</summary>
    /// <exception cref="ArgumentException">a pooling that does not fit (<see cref="Fits"/>), or a view of another length</exception>
    public static void ForwardEvaluation(
        IExecutor executor, Pool2dShape shape, DeviceView input, in BatchNormParameters parameters, float epsilon, DeviceView output, Activation activation,
        DeviceView workspace)
    {
        Check(shape, input, parameters, workspace);
        output.Require(shape.OutputLength, nameof(output));
        executor.Execute(new BatchNormScaleOperation(shape.Channels, parameters, epsilon, workspace));
        Normalize(executor, shape, input, parameters.RunningMean, parameters.Beta, output, activation, workspace);
    }

    /// <summary>The gradients of a forward pass in training. Parameters as in <see cref="BatchNorm.Backward"/>, but for these:</summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">the sizes of the forward pass</param>
    /// <param name="input">the forward pass's input</param>
    /// <param name="outputGradient">with respect to the pooled values, <see cref="Pool2dShape.OutputLength"/> words</param>
    /// <param name="parameters">as in the forward pass</param>
    /// <param name="saved">as the forward pass left it</param>
    /// <param name="inputGradient">receives the gradient, none of the other views; empty when it is not wanted</param>
    /// <param name="gradients">added to</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <param name="gate">the activation whose output the input is; the gradient is multiplied by its derivative</param>
    /// <param name="accumulate">adds to what <paramref name="inputGradient"/> holds</param>
    /// <exception cref="ArgumentException">a view of another length, or a gate whose derivative needs more than its output</exception>
    public static void Backward(
        IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView outputGradient, in BatchNormParameters parameters, in BatchNormSaved saved,
        DeviceView inputGradient, in BatchNormGradients gradients, Activation activation, DeviceView workspace, Activation gate = default, bool accumulate = false)
    {
        Check(shape, input, parameters, workspace);
        outputGradient.Require(shape.OutputLength, nameof(outputGradient));
        saved.Require(shape.Channels);
        if (!inputGradient.IsEmpty) inputGradient.Require(shape.InputLength, nameof(inputGradient));
        gradients.Require(shape.Channels);
        gate.RequireDerivativeFromOutput();
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
                $"only windows of 2x2 side by side and without padding can be pooled together with batch normalization, but this is {shape}; pool by MaxPool2d",
                nameof(shape));
        }

        input.Require(shape.InputLength, nameof(input));
        parameters.Require(shape.Channels);
        workspace.RequireAtLeast(WorkspaceLength(shape), nameof(workspace));
    }

    private static void Normalize(
        IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView mean, DeviceView beta, DeviceView output, Activation activation, DeviceView workspace)
    {
        var call = new ForwardCall(executor, shape, input, mean, beta, output, activation.Slope, workspace);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    private readonly struct ForwardCall(
        IExecutor executor, Pool2dShape shape, DeviceView input, DeviceView mean, DeviceView beta, DeviceView output, float slope, DeviceView workspace) : IActivationCall
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
