using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>
/// Dropout: in training, sets each value to 0 with a given probability and scales the others by 1 / (1 - probability), which keeps the expected value. Does
/// nothing in evaluation. The shape does not change.
/// </summary>
[LayerKind("dropout", "dropout")]
public sealed class DropoutLayer : Layer
{
    /// <summary>Creates a layer whose required properties are set by an object initializer.</summary>
    public DropoutLayer()
    {
    }

    /// <summary>Creates a layer with the given probability to drop a value.</summary>
    [SetsRequiredMembers]
    public DropoutLayer(float probability) => Probability = probability;

    /// <summary>The probability to drop a value: at least 0 (no dropout) and below 1.</summary>
    public required float Probability { get; init; }

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        if (!(Probability is >= 0 and < 1))
            throw new ShapeException($"probability is {Probability}, but must be 0 or more and below 1. It is the probability to drop a "
                + "value, not to keep it.");
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

        public override bool CanRunInPlace => true;

        // Kept values are scaled by a positive factor. Dropped values become 0, and their gradient is 0 too.
        public override bool InPlaceKeepsSign => true;

        public override bool CanRunBackwardInPlace => true;

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
