using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Training.Layers;

/// <summary>The operation of a layer with weights and perhaps a bias, into which an activation can be fused: convolutions and dense layers.</summary>
internal abstract class WeightedOperation(LayerNode node, PlanTensor input) : PlanOperation(node.Name, input)
{
    private readonly string _weight = node.Parameter("weight").Name;
    private readonly string? _bias = node.FindParameter("bias")?.Name;

    public sealed override bool HasParameters => true;

    public sealed override bool KeepsInputs => true;

    public sealed override bool CanGate => true;

    public sealed override bool CanAccumulate => true;

    public sealed override bool CanFuse(Activation activation, bool training) => !training || activation.DerivativeFromOutput;

    public sealed override void Forward(ForwardContext context) => Forward(context, context.Parameter(_weight), context.Parameter(_bias));

    public sealed override void Backward(BackwardContext context)
    {
        BackwardWeights(context, context.ParameterGradient(_weight), context.ParameterGradient(_bias));
        if (!context.InputGradient(0).IsEmpty) BackwardData(context, context.Parameter(_weight));
    }

    /// <summary>The forward pass; the bias is empty where there is none.</summary>
    protected abstract void Forward(ForwardContext context, DeviceView weight, DeviceView bias);

    /// <summary>Adds to the gradients of weights and bias; the latter is empty where there is none.</summary>
    protected abstract void BackwardWeights(BackwardContext context, DeviceView weightGradient, DeviceView biasGradient);

    /// <summary>The gradient of the input.</summary>
    protected abstract void BackwardData(BackwardContext context, DeviceView weight);
}
