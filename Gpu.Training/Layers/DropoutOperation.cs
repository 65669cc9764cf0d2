using Gpu.Kernels;
using Gpu.Training.Planning;

namespace Gpu.Training.Layers;

/// <summary>Dropout of elements, channels or samples in a plan.</summary>
/// <param name="name">the name of the operation</param>
/// <param name="probability">the probability to drop</param>
/// <param name="seed">the seed of the mask</param>
/// <param name="input">the input</param>
/// <param name="unit">what is dropped together; null for each element alone</param>
internal sealed class DropoutOperation(string name, float probability, ulong seed, PlanTensor input, DropoutUnit? unit) : PlanOperation(name, input)
{
    public override bool CanGate => true;

    public override bool CanAccumulate => true;

    public override bool CanRunInPlace => true;

    // Kept values are scaled by a positive factor. Dropped values become 0, and their gradient is 0 too.
    public override bool InPlaceKeepsSign => true;

    public override bool CanRunBackwardInPlace => true;

    public override void Forward(ForwardContext context)
    {
        if (unit is null) Dropout.Forward(context.Executor, probability, seed, context.StepState, context.Input(0), context.Output);
        else Dropout.ForwardShared(context.Executor, Shape(context.Batch), probability, seed, context.StepState, context.Input(0), context.Output);
    }

    public override void Backward(BackwardContext context)
    {
        if (context.InputGradient(0).IsEmpty) return;
        if (unit is null)
        {
            Dropout.Backward(
                context.Executor, probability, seed, context.StepState, context.OutputGradient, context.InputGradient(0),
                context.Gate(0), context.Input(0), context.Accumulate(0));
            return;
        }

        Dropout.BackwardShared(
            context.Executor, Shape(context.Batch), probability, seed, context.StepState, context.OutputGradient, context.InputGradient(0),
            context.Gate(0), context.Input(0), context.Accumulate(0));
    }

    private DropoutShape Shape(int batch)
    {
        var shape = Inputs[0].Shape;
        return new(batch, shape.IsImage ? shape.Height * shape.Width : 1, shape.IsImage ? shape.Channels : shape.Length, unit!.Value);
    }
}
