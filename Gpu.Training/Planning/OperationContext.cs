using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Layers;

namespace Gpu.Training.Planning;

/// <summary>The executor and the device memory with which an operation records its forward pass.</summary>
public class ForwardContext
{
    private readonly PlanMemory _memory;

    internal ForwardContext(PlanMemory memory, PlanOperation operation)
    {
        _memory = memory;
        Operation = operation;
    }

    /// <summary>Receives the kernel launches.</summary>
    public IExecutor Executor => _memory.Executor;

    /// <summary>Samples in the batch.</summary>
    public int Batch => _memory.Batch;

    /// <summary>True for training, false for evaluation.</summary>
    public bool Training => _memory.Training;

    /// <summary>The step state: the words that change from step to step; see <see cref="StepStateLayout"/>.</summary>
    public DeviceView StepState => _memory.StepState;

    /// <summary>Scratch memory: at least <see cref="PlanOperation.WorkspaceLength"/> words. Its content is lost after the operation.</summary>
    public DeviceView Workspace => _memory.Workspace;

    /// <summary>The output of the operation, [batch, output length].</summary>
    public DeviceView Output => _memory.Value(Operation.Output.Value);

    /// <summary>
    /// Memory for values that the forward pass saves for the backward pass: <see cref="PlanOperation.SavedLength"/> words; empty if there is no backward pass.
    /// </summary>
    public DeviceView Saved => _memory.Saved(Operation);

    /// <summary>Receives the divergence of the latent values of each sample, [batch]; empty unless the model draws them.</summary>
    internal DeviceView Divergence => _memory.Divergence;

    /// <summary>The weights and the bias of an operation into which a batch normalization is folded.</summary>
    internal (DeviceView Weight, DeviceView Bias) Folded(WeightedOperation operation) => _memory.Folded!.Of(operation);

    /// <summary>The packed weights of the operation; empty if the plan or the device packs none.</summary>
    internal DeviceView Packed(Conv2dShape shape, DeviceView weight) => _memory.Packed?.Of(Operation.Name, shape, weight) ?? default;

    private protected PlanOperation Operation { get; }

    /// <summary>The value of an input, [batch, input length].</summary>
    public DeviceView Input(int index) => _memory.Value(Operation.Inputs[index].Value);

    /// <summary>The view of a parameter or running statistic by its full name; empty if the name is null.</summary>
    public DeviceView Parameter(string? name) => name is null ? default : _memory.Parameters.View(name);
}

/// <summary>The executor and the device memory with which an operation records its backward pass.</summary>
public sealed class BackwardContext : ForwardContext
{
    private readonly PlanMemory _memory;
    private readonly InputGradientPlan[] _inputs;

    internal BackwardContext(PlanMemory memory, PlanOperation operation, InputGradientPlan[] inputs)
        : base(memory, operation)
    {
        _memory = memory;
        _inputs = inputs;
    }

    /// <summary>
    /// The gradient of the output, [batch, output length]. If <see cref="PlanOperation.AppliesActivationDerivative"/> it is the gradient with respect to the
    /// output of the fused activation, otherwise with respect to its input.
    /// </summary>
    public DeviceView OutputGradient => _memory.Gradient(Operation.Output.Value);

    /// <summary>Receives the gradient with respect to an input, [batch, input length]; empty if that gradient is not needed.</summary>
    public DeviceView InputGradient(int index) => _inputs[index].Gradient;

    /// <summary>The gate of an input: the activation by whose derivative its gradient is multiplied; <see cref="Activation.None"/> for none.</summary>
    public Activation Gate(int index) => _inputs[index].Gate;

    /// <summary>Whether the operation adds to <see cref="InputGradient"/> instead of overwriting it.</summary>
    public bool Accumulate(int index) => _inputs[index].Accumulate;

    /// <summary>The factor of the sum of the divergences of a batch in its mean loss.</summary>
    internal float DivergenceScale => _memory.DivergenceScale / Batch;

    /// <summary>The gradient of a parameter by its full name, to which the operation adds; empty if the name is null.</summary>
    public DeviceView ParameterGradient(string? name) => name is null ? default : _memory.Parameters.Gradient(name);
}

/// <summary>How an operation computes the gradient of one of its inputs.</summary>
internal readonly record struct InputGradientPlan(DeviceView Gradient, Activation Gate, bool Accumulate);
