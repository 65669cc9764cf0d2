using Gpu.Kernels.Activations;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Normalization;

namespace Gpu.Kernels;

/// <summary>
/// Batch normalization per channel of [rows, channels], with a fused activation: output = f(gamma * (x - mean) / sqrt(variance + epsilon) + beta).
/// For images in NHWC layout, rows = batch * height * width. Source: S. Ioffe, C. Szegedy, "Batch normalization", 2015.
/// Views must hold exactly rows * channels words or one word per channel; otherwise an <see cref="ArgumentException"/> names the view.
/// </summary>
public static class BatchNorm
{
    /// <summary>Words of workspace for all passes. Its content need not be kept between calls.</summary>
    /// <param name="rows">values per channel: batch * height * width for images</param>
    /// <param name="channels">channels</param>
    public static int WorkspaceLength(int rows, int channels) => BatchNormLayout.WorkspaceLength(rows, channels);

    /// <summary>
    /// Normalizes with the statistics of the batch, and updates the running statistics: running = (1 - momentum) * running + momentum * batch. The running
    /// variance takes the unbiased estimate of the batch variance, as in PyTorch.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="rows">values per channel, at least 2</param>
    /// <param name="channels">channels</param>
    /// <param name="input">x, [rows, channels]</param>
    /// <param name="parameters">gamma, beta and the running statistics, [channels] each; the running statistics are updated</param>
    /// <param name="momentum">the weight of the batch in the running statistics, 0 to 1</param>
    /// <param name="epsilon">added to the variance</param>
    /// <param name="output">receives [rows, channels]</param>
    /// <param name="saved">receives the statistics that the backward pass needs, [channels] each</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">fewer than 2 rows, which have no variance, or a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 channel</exception>
    public static void ForwardTraining(
        IExecutor executor, int rows, int channels, DeviceView input, in BatchNormParameters parameters, float momentum, float epsilon, DeviceView output,
        in BatchNormSaved saved, Activation activation, DeviceView workspace)
    {
        RequireVariance(rows);
        Check(rows, channels, input, parameters, output, workspace);
        saved.Require(channels);
        Operands.Check(
            executor,
            [new(output, nameof(output)), new(workspace, nameof(workspace)), .. saved.Operands, .. parameters.Running],
            [new(input, nameof(input)), .. parameters.Weights]);
        executor.Execute(new BatchNormStatisticsOperation(rows, channels, input, parameters, saved, momentum, epsilon, workspace));
        Normalize(executor, rows, channels, input, saved.Mean, parameters.Beta, output, activation, workspace);
    }

    /// <summary>Normalizes with the running statistics.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="rows">values per channel, at least 1</param>
    /// <param name="channels">channels</param>
    /// <param name="input">x, [rows, channels]</param>
    /// <param name="parameters">gamma, beta and the running statistics, [channels] each</param>
    /// <param name="epsilon">added to the variance</param>
    /// <param name="output">receives [rows, channels]</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 row or channel</exception>
    public static void ForwardEvaluation(
        IExecutor executor, int rows, int channels, DeviceView input, in BatchNormParameters parameters, float epsilon, DeviceView output,
        Activation activation,
        DeviceView workspace)
    {
        Check(rows, channels, input, parameters, output, workspace);
        Operands.Check(
            executor,
            [new(output, nameof(output)), new(workspace, nameof(workspace))],
            [new(input, nameof(input)), .. parameters.Weights, .. parameters.Running]);
        executor.Execute(new BatchNormScaleOperation(channels, parameters, epsilon, workspace));
        Normalize(executor, rows, channels, input, parameters.RunningMean, parameters.Beta, output, activation, workspace);
    }

    /// <summary>
    /// Computes the gradients of <see cref="ForwardTraining"/>: adds those of gamma and beta to their views, and writes that of the input. The derivative of f
    /// is computed from the input, so the output of the forward pass need not be kept.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="rows">values per channel</param>
    /// <param name="channels">channels</param>
    /// <param name="input">x of the forward pass, [rows, channels]</param>
    /// <param name="outputGradient">the gradient with respect to the output after f, [rows, channels]</param>
    /// <param name="parameters">as in the forward pass</param>
    /// <param name="saved">as written by the forward pass</param>
    /// <param name="inputGradient">receives the gradient with respect to x, [rows, channels]; may be <paramref name="outputGradient"/></param>
    /// <param name="gradients">the gradients of gamma and beta, [channels] each; added to</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <param name="gate">the activation that produced x, to get the gradient before it; see <see cref="Activation"/>; default: none</param>
    /// <param name="accumulate">adds to <paramref name="inputGradient"/> instead of overwriting it</param>
    /// <exception cref="ArgumentException">a view has the wrong length, or the gate's derivative needs more than its output</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 row or channel</exception>
    public static void Backward(
        IExecutor executor, int rows, int channels, DeviceView input, DeviceView outputGradient, in BatchNormParameters parameters, in BatchNormSaved saved,
        DeviceView inputGradient, in BatchNormGradients gradients, Activation activation, DeviceView workspace, Activation gate = default,
        bool accumulate = false)
    {
        Check(rows, channels, input, parameters, inputGradient, workspace);
        outputGradient.Require(input.Length, nameof(outputGradient));
        saved.Require(channels);
        gradients.Require(channels);
        gate.RequireDerivativeFromOutput();
        Operands.Check(
            executor,
            [new(inputGradient, nameof(inputGradient)), new(workspace, nameof(workspace)), .. gradients.Operands],
            [new(input, nameof(input)), .. parameters.Weights, .. parameters.Running, .. saved.Operands],
            [new(outputGradient, nameof(outputGradient))]);
        var call = new BackwardCall(executor, rows, channels, new()
        {
            Input = input, OutputGradient = outputGradient, Parameters = parameters, Saved = saved, InputGradient = inputGradient, Gradients = gradients,
            Activation = activation, Gate = gate, Accumulate = accumulate, Workspace = workspace,
        });
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    /// <summary>Computes the gradient of <see cref="ForwardEvaluation"/> with respect to the input; the running statistics are constants.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="rows">values per channel</param>
    /// <param name="channels">channels</param>
    /// <param name="input">x of the forward pass, [rows, channels]</param>
    /// <param name="outputGradient">the gradient with respect to the output after f, [rows, channels]</param>
    /// <param name="parameters">as in the forward pass</param>
    /// <param name="epsilon">as in the forward pass</param>
    /// <param name="inputGradient">receives the gradient with respect to x, [rows, channels]; may be <paramref name="outputGradient"/></param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <param name="gate">the activation that produced x, to get the gradient before it; see <see cref="Activation"/>; default: none</param>
    /// <param name="accumulate">adds to <paramref name="inputGradient"/> instead of overwriting it</param>
    /// <exception cref="ArgumentException">a view has the wrong length, or the gate's derivative needs more than its output</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 row or channel</exception>
    public static void BackwardEvaluation(
        IExecutor executor, int rows, int channels, DeviceView input, DeviceView outputGradient, in BatchNormParameters parameters, float epsilon,
        DeviceView inputGradient, Activation activation, DeviceView workspace, Activation gate = default, bool accumulate = false)
    {
        Check(rows, channels, input, parameters, inputGradient, workspace);
        outputGradient.Require(input.Length, nameof(outputGradient));
        gate.RequireDerivativeFromOutput();
        Operands.Check(
            executor,
            [new(inputGradient, nameof(inputGradient)), new(workspace, nameof(workspace))],
            [new(input, nameof(input)), .. parameters.Weights, .. parameters.Running],
            [new(outputGradient, nameof(outputGradient))]);
        executor.Execute(new BatchNormScaleOperation(channels, parameters, epsilon, workspace));
        var call = new BackwardCall(executor, rows, channels, new()
        {
            Input = input, OutputGradient = outputGradient, Parameters = parameters, Saved = new(parameters.RunningMean, parameters.RunningVariance),
            InputGradient = inputGradient, Gradients = default, Activation = activation, Gate = gate, Accumulate = accumulate, ConstantStatistics = true,
            Workspace = workspace,
        });
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    /// <exception cref="ArgumentException">fewer than 2 rows</exception>
    internal static void RequireVariance(int rows)
    {
        if (rows < 2)
        {
            throw new ArgumentException(
                $"batch normalization in training needs at least 2 values for each channel to have a variance, but got {rows}; use a larger batch",
                nameof(rows));
        }
    }

    private static void Check(int rows, int channels, DeviceView input, in BatchNormParameters parameters, DeviceView output, DeviceView workspace)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        input.Require(checked(rows * channels), nameof(input));
        parameters.Require(channels);
        output.Require(input.Length, nameof(output));
        workspace.RequireAtLeast(WorkspaceLength(rows, channels), nameof(workspace));
    }

    private static void Normalize(
        IExecutor executor, int rows, int channels, DeviceView input, DeviceView mean, DeviceView beta, DeviceView output, Activation activation,
        DeviceView workspace)
    {
        var call = new ForwardCall(executor, rows, channels, input, mean, beta, output, activation.Slope, workspace);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    private readonly struct ForwardCall(
        IExecutor executor, int rows, int channels, DeviceView input, DeviceView mean, DeviceView beta, DeviceView output, float slope,
        DeviceView workspace) : IActivationCall
    {
        public void Invoke<TActivation>()
            where TActivation : struct, IActivation =>
            executor.Execute(new BatchNormForwardOperation<TActivation>(rows, channels, input, mean, beta, output, slope, workspace));
    }

    private readonly struct BackwardCall(IExecutor executor, int rows, int channels, BatchNormBackwardArguments arguments) : IActivationCall
    {
        public void Invoke<TActivation>()
            where TActivation : struct, IActivation
        {
            if (!arguments.ConstantStatistics) executor.Execute(new BatchNormGradientSumsOperation<TActivation>(rows, channels, arguments));
            var call = new InputGradientCall<TActivation>(executor, rows, channels, arguments);
            ActivationDispatch.Call(arguments.Gate.Kind, ref call);
        }
    }

    private readonly struct InputGradientCall<TActivation>(IExecutor executor, int rows, int channels, BatchNormBackwardArguments arguments) : IActivationCall
        where TActivation : struct, IActivation
    {
        public void Invoke<TGate>()
            where TGate : struct, IActivation => executor.Execute(new BatchNormInputGradientOperation<TActivation, TGate>(rows, channels, arguments));
    }
}
