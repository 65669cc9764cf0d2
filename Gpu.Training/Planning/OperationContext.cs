using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Training.Planning;

/// <summary>Where an operation's memory lies, while it records itself.</summary>
public class ForwardContext
{
    private readonly PlanMemory _memory;

    internal ForwardContext(PlanMemory memory, PlanOperation operation)
    {
        _memory = memory;
        Operation = operation;
    }

    /// <summary>Takes the launches.</summary>
    public IExecutor Executor => _memory.Executor;

    /// <summary>Samples.</summary>
    public int Batch => _memory.Batch;

    /// <summary>True for training, false for evaluation.</summary>
    public bool Training => _memory.Training;

    /// <summary>The values that change from step to step (<see cref="StepStateLayout"/>).</summary>
    public DeviceView StepState => _memory.StepState;

    /// <summary>Scratch memory, at least what <see cref="PlanOperation.WorkspaceLength"/> asked for.</summary>
    public DeviceView Workspace => _memory.Workspace;

    /// <summary>The operation's output.</summary>
    public DeviceView Output => _memory.Value(Operation.Output.Value);

    /// <summary>What the forward pass leaves for the backward pass: <see cref="PlanOperation.SavedLength"/> words.</summary>
    public DeviceView Saved => _memory.Saved(Operation);

    private protected PlanOperation Operation { get; }

    /// <summary>An input's value.</summary>
    public DeviceView Input(int index) => _memory.Value(Operation.Inputs[index].Value);

    /// <summary>A parameter or running statistic by its full name; empty for a null name.</summary>
    public DeviceView Parameter(string? name) => name is null ? default : _memory.Parameters.View(name);
}

/// <summary>As <see cref="ForwardContext"/>, with the gradients.</summary>
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
    /// The gradient of the output: with respect to the activated output where <see cref="PlanOperation.AppliesActivationDerivative"/>, otherwise with respect to
    /// what went into the activation.
    /// </summary>
    public DeviceView OutputGradient => _memory.Gradient(Operation.Output.Value);

    /// <summary>Where the gradient of an input goes; empty when none is wanted.</summary>
    public DeviceView InputGradient(int index) => _inputs[index].Gradient;

    /// <summary>The activation by whose derivative the gradient of an input is to be multiplied; <see cref="Activation.None"/> for none.</summary>
    public Activation Gate(int index) => _inputs[index].Gate;

    /// <summary>Whether the gradient of an input is to be added to what is there.</summary>
    public bool Accumulate(int index) => _inputs[index].Accumulate;

    /// <summary>The gradient of a parameter by its full name; empty for a null name.</summary>
    public DeviceView ParameterGradient(string? name) => name is null ? default : _memory.Parameters.Gradient(name);
}

/// <summary>What the plan has decided about the gradient of an operation's input.</summary>
internal readonly record struct InputGradientPlan(DeviceView Gradient, Activation Gate, bool Accumulate);
