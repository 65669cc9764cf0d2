using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>In training each value is set to 0 with a probability, and the others are scaled so that the mean stays; nothing in evaluation.</summary>
[LayerKind("dropout", "dropout")]
public sealed class DropoutLayer : Layer
{
    /// <summary>A layer whose properties are set afterwards.</summary>
    public DropoutLayer()
    {
    }

    /// <summary>The probability of being set to 0.</summary>
    [SetsRequiredMembers]
    public DropoutLayer(float probability) => Probability = probability;

    /// <summary>The probability of being set to 0: 0 (off) up to, not including, 1.</summary>
    public required float Probability { get; init; }

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        if (!(Probability is >= 0 and < 1))
            throw new ShapeException($"probability is {Probability}, but must be 0 or more and below 1. It is the share that is dropped, not the "
                + "share that is kept.");
        return input;
    }

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input)
    {
        var probability = plan.DropoutProbability(Probability);
        return plan.Training && probability > 0 ? plan.Add(new Operation(node.Name, probability, plan.SeedFor(node.Name), input), node.Output) : input;
    }

    private sealed class Operation(string name, float probability, ulong seed, PlanTensor input) : PlanOperation(name, input)
    {
        public override bool CanGate => true;

        public override bool CanAccumulate => true;

        public override bool CanOverwriteInput => true;

        // What is kept is only scaled, and where a zero is put the gradient is zero, too.
        public override bool OverwritingKeepsSigns => true;

        public override bool CanOverwriteGradient => true;

        public override void Forward(ForwardContext context) =>
            Dropout.Forward(context.Executor, probability, seed, context.StepState, context.Input(0), context.Output);

        public override void Backward(BackwardContext context)
        {
            if (context.InputGradient(0).IsEmpty) return;
            Dropout.Backward(
                context.Executor, probability, seed, context.StepState, context.OutputGradient, context.InputGradient(0),
                context.Gate(0), context.Input(0), context.Accumulate(0));
        }
    }
}
