using Gpu.Kernels.Activations;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Normalization;

namespace Gpu.Kernels;

/// <summary>
/// Batch normalization over the channels of [rows, channels], with a fused activation: output = f(gamma * (x - mean) / sqrt(variance + epsilon) + beta).
/// For images, rows = batch * height * width. Source: S. Ioffe, C. Szegedy, "Batch normalization", 2015.
/// Views must hold exactly rows * channels or channels words; otherwise an <see cref="ArgumentException"/> names the one that does not.
/// </summary>
public static class BatchNorm
{
    /// <summary>Words of workspace that the passes use. Its content need not be kept between calls.</summary>
    public static int WorkspaceLength(int rows, int channels) => BatchNormLayout.WorkspaceLength(rows, channels);

    /// <summary>
    /// Normalizes by the batch's own statistics. The running ones move by <paramref name="momentum"/> towards the batch's; the variance towards the unbiased
    /// estimate, as in PyTorch.
    /// </summary>
    /// <param name="executor">where to run</param>
    /// <param name="rows">values of a channel, 2 or more</param>
    /// <param name="channels">channels</param>
    /// <param name="input">[rows, channels]</param>
    /// <param name="parameters">scale, shift and running statistics</param>
    /// <param name="momentum">share of the batch in the running statistics, 0 to 1</param>
    /// <param name="epsilon">added to the variance</param>
    /// <param name="output">receives [rows, channels]</param>
    /// <param name="saved">receives what the backward pass needs</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">fewer than two rows (they have no variance), or a view of another length</exception>
    public static void ForwardTraining(
        IExecutor executor, int rows, int channels, DeviceView input, in BatchNormParameters parameters, float momentum, float epsilon, DeviceView output,
        in BatchNormSaved saved, Activation activation, DeviceView workspace)
    {
        RequireVariance(rows);
        Check(rows, channels, input, parameters, output, workspace);
        saved.Require(channels);
        executor.Execute(new BatchNormStatisticsOperation(rows, channels, input, parameters, saved, momentum, epsilon, workspace));
        Normalize(executor, rows, channels, input, saved.Mean, parameters.Beta, output, activation, workspace);
    }

    /// <summary>Normalizes by the running statistics.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="rows">values of a channel</param>
    /// <param name="channels">channels</param>
    /// <param name="input">[rows, channels]</param>
    /// <param name="parameters">scale, shift and running statistics</param>
    /// <param name="epsilon">added to the variance</param>
    /// <param name="output">receives [rows, channels]</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <exception cref="ArgumentException">a view of another length</exception>
    public static void ForwardEvaluation(
        IExecutor executor, int rows, int channels, DeviceView input, in BatchNormParameters parameters, float epsilon, DeviceView output, Activation activation,
        DeviceView workspace)
    {
        Check(rows, channels, input, parameters, output, workspace);
        executor.Execute(new BatchNormScaleOperation(channels, parameters, epsilon, workspace));
        Normalize(executor, rows, channels, input, parameters.RunningMean, parameters.Beta, output, activation, workspace);
    }

    /// <summary>
    /// The gradients of a forward pass in training: adds those of gamma and beta to what their views hold, and writes that of the input. The activation's
    /// derivative is computed from the input, so that its output need not be kept.
    /// </summary>
    /// <param name="executor">where to run</param>
    /// <param name="rows">values of a channel</param>
    /// <param name="channels">channels</param>
    /// <param name="input">the forward pass's input</param>
    /// <param name="outputGradient">[rows, channels], with respect to the activated output</param>
    /// <param name="parameters">as in the forward pass</param>
    /// <param name="saved">as the forward pass left it</param>
    /// <param name="inputGradient">receives [rows, channels]; may be <paramref name="outputGradient"/></param>
    /// <param name="gradients">added to</param>
    /// <param name="activation">f</param>
    /// <param name="workspace">at least <see cref="WorkspaceLength"/> words</param>
    /// <param name="gate">the activation whose output the input is; the gradient is multiplied by its derivative</param>
    /// <param name="accumulate">adds to what <paramref name="inputGradient"/> holds</param>
    /// <exception cref="ArgumentException">a view of another length, or a gate whose derivative needs more than its output</exception>
    public static void Backward(
        IExecutor executor, int rows, int channels, DeviceView input, DeviceView outputGradient, in BatchNormParameters parameters, in BatchNormSaved saved,
        DeviceView inputGradient, in BatchNormGradients gradients, Activation activation, DeviceView workspace, Activation gate = default, bool accumulate = false)
    {
        Check(rows, channels, input, parameters, inputGradient, workspace);
        outputGradient.Require(input.Length, nameof(outputGradient));
        saved.Require(channels);
        gradients.Require(channels);
        gate.RequireDerivativeFromOutput();
        var call = new BackwardCall(executor, rows, channels, new()
        {
            Input = input, OutputGradient = outputGradient, Parameters = parameters, Saved = saved, InputGradient = inputGradient, Gradients = gradients,
            Activation = activation, Gate = gate, Accumulate = accumulate, Workspace = workspace,
        });
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    /// <exception cref="ArgumentException">fewer than 2 values</exception>
    internal static void RequireVariance(int rows)
    {
        if (rows < 2)
        {
            throw new ArgumentException(
                $"batch normalization in training needs at least 2 values for each channel to have a variance, but got {rows}; use a larger batch", nameof(rows));
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
        IExecutor executor, int rows, int channels, DeviceView input, DeviceView mean, DeviceView beta, DeviceView output, Activation activation, DeviceView workspace)
    {
        var call = new ForwardCall(executor, rows, channels, input, mean, beta, output, activation.Slope, workspace);
        ActivationDispatch.Call(activation.Kind, ref call);
    }

    private readonly struct ForwardCall(
        IExecutor executor, int rows, int channels, DeviceView input, DeviceView mean, DeviceView beta, DeviceView output, float slope, DeviceView workspace) : IActivationCall
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
            executor.Execute(new BatchNormGradientSumsOperation<TActivation>(rows, channels, arguments));
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
