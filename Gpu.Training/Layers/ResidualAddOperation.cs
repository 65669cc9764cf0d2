using Gpu.Kernels;
using Gpu.Training.Planning;
using Gpu.Training.SourceCode;

namespace Gpu.Training.Layers;

/// <summary>y = f(a + shortcut(b)) with an activation f, for residual blocks and additions.</summary>
/// <param name="name">the full name of the layer</param>
/// <param name="sample">the sizes of the shortcut, for a batch of 1</param>
/// <param name="body">a</param>
/// <param name="shortcut">b</param>
internal sealed class ResidualAddOperation(string name, ShortcutShape sample, PlanTensor body, PlanTensor shortcut) : PlanOperation(name, body, shortcut)
{
    public override bool AppliesActivationDerivative => true;

    public override bool BackwardReadsOutput => Activation.Kind != ActivationKind.Identity;

    public override bool CanAccumulate => true;

    public override bool CanRunInPlace => true;

    public override bool CanRunBackwardInPlace => true;

    public override bool CanFuse(Activation activation, bool training) => !training || activation.DerivativeFromOutput;

    public override void Forward(ForwardContext context) => ResidualAdd.Forward(
        context.Executor, sample with { Batch = context.Batch }, context.Input(0), context.Input(1), context.Output, Activation);

    public override bool WriteForward(ForwardCode code)
    {
        code.Call("ResidualAdd.Forward", code.Shape(sample), code.Input(0), code.Input(1), code.Output, code.Activation);
        return true;
    }

    public override void Backward(BackwardContext context)
    {
        var (bodyGradient, shortcutGradient) = (context.InputGradient(0), context.InputGradient(1));
        if (bodyGradient.IsEmpty)
        {
            // If only the shortcut has parameters, it is a projection to the shape of the output, so the two inputs of the addition can change places.
            if (shortcutGradient.IsEmpty) return;
            ResidualAdd.Backward(
                context.Executor, Activation, context.Output, context.OutputGradient, shortcutGradient, default, context.Accumulate(1), false);
            return;
        }

        ResidualAdd.Backward(
            context.Executor, sample with { Batch = context.Batch }, Activation, context.Output, context.OutputGradient, bodyGradient, shortcutGradient,
            context.Accumulate(0), context.Accumulate(1));
    }
}
