using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.SourceCode;

namespace Gpu.Training.Layers;

/// <summary>
/// Base class of the operations with weights, an optional bias and a fused activation: convolutions and dense layers. The gradients of a frozen layer's
/// parameters are not computed.
/// </summary>
internal abstract class WeightedOperation(LayerNode node, PlanTensor input, bool isFrozen) : PlanOperation(node.Name, input)
{
    private readonly string _weight = node.Parameter("weight").Name;
    private readonly string? _bias = node.FindParameter("bias")?.Name;

    /// <summary>The layer.</summary>
    public LayerNode Node => node;

    /// <summary>The batch normalization that is computed into the weights and the bias; null for none. Only in evaluation.</summary>
    public LayerNode? Norm { get; set; }

    /// <summary>The name of the weights with the folded normalization in an exported class.</summary>
    public string FoldedWeight => $"{Name}.folded_weight";

    /// <summary>The name of the bias with the folded normalization in an exported class.</summary>
    public string FoldedBias => $"{Name}.folded_bias";

    public sealed override bool HasParameters => !isFrozen;

    public sealed override bool BackwardReadsInputs => true;

    public sealed override bool CanGate => true;

    public sealed override bool CanAccumulate => true;

    public sealed override bool CanFuse(Activation activation, bool training) => !training || activation.DerivativeFromOutput;

    public sealed override void Forward(ForwardContext context)
    {
        var (weight, bias) = Norm is null ? (context.Parameter(_weight), context.Parameter(_bias)) : context.Folded(this);
        if (PackableShape(context.Batch) is { } shape && context.Packed(shape, weight) is { IsEmpty: false } packed)
            PackedConv2d.Forward(context.Executor, shape, context.Input(0), packed, bias, context.Output, Activation, context.Workspace);
        else Forward(context, weight, bias);
    }

    public sealed override bool WriteForward(ForwardCode code)
    {
        if (Norm is null) WriteForward(code, code.Parameter(_weight), code.Parameter(_bias));
        else WriteForward(code, code.Parameter(FoldedWeight), code.Parameter(FoldedBias));
        return true;
    }

    public sealed override void Backward(BackwardContext context)
    {
        if (!isFrozen) BackwardWeights(context, context.Parameter(_weight), context.ParameterGradient(_weight), context.ParameterGradient(_bias));
        if (!context.InputGradient(0).IsEmpty) BackwardData(context, context.Parameter(_weight));
    }

    /// <summary>The shape of the forward pass if it is a convolution with the weights of the layer, which may be packed; otherwise null.</summary>
    public virtual Conv2dShape? PackableShape(int batch) => null;

    /// <summary>Records the forward pass; the bias is empty if there is none.</summary>
    protected abstract void Forward(ForwardContext context, DeviceView weight, DeviceView bias);

    /// <summary>Writes the forward pass as C#; the bias is <c>default</c> if there is none.</summary>
    protected abstract void WriteForward(ForwardCode code, string weight, string bias);

    /// <summary>Records the pass that adds to the gradients of weights and bias; the bias gradient is empty if there is no bias.</summary>
    protected abstract void BackwardWeights(BackwardContext context, DeviceView weight, DeviceView weightGradient, DeviceView biasGradient);

    /// <summary>Records the pass that computes the gradient with respect to the input.</summary>
    protected abstract void BackwardData(BackwardContext context, DeviceView weight);
}
