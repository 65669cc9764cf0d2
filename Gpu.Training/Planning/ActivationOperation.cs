using Gpu.Kernels;
using Gpu.Training.SourceCode;

namespace Gpu.Training.Planning;

/// <summary>
/// An activation that is not fused into the operation before it. Either its derivative needs its input in training (as for GELU), or the operation
/// supports no fused activation.
/// </summary>
internal sealed class ActivationOperation(string name, Activation activation, PlanTensor input) : PlanOperation(name, input)
{
    public override bool BackwardReadsInputs => !activation.DerivativeFromOutput;

    public override bool BackwardReadsOutput => activation.DerivativeFromOutput;

    public override bool CanRunInPlace => activation.DerivativeFromOutput;

    public override bool CanRunBackwardInPlace => true;

    public override void Forward(ForwardContext context) => ActivationOps.Forward(context.Executor, activation, context.Input(0), context.Output);

    public override bool WriteForward(ForwardCode code)
    {
        code.Call("ActivationOps.Forward", ForwardCode.Literal(activation), code.Input(0), code.Output);
        return true;
    }

    public override void Backward(BackwardContext context)
    {
        var saved = activation.DerivativeFromOutput ? context.Output : context.Input(0);
        ActivationOps.Backward(context.Executor, activation, saved, context.OutputGradient, context.InputGradient(0));
    }
}
