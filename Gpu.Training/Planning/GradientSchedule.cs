using Gpu.Kernels;
using Gpu.Training.Losses;

namespace Gpu.Training.Planning;

/// <summary>
/// How gradients flow back through a graph: what is gated, what is added up, and where an activation needs a pass of its own. Does not depend on the
/// batch.
/// </summary>
internal sealed class GradientSchedule
{
    private readonly Dictionary<PlanValue, Activation> _gates = [];
    private readonly Dictionary<(PlanOperation, int), bool> _accumulate = [];
    private readonly HashSet<PlanOperation> _separateActivationBackward = [];

    public GradientSchedule(PlanGraph graph, LossFunction loss)
    {
        foreach (var operation in graph.Operations) DecideDerivative(operation, graph, loss);
        var written = new HashSet<PlanValue> { graph.Output.Value };
        foreach (var operation in graph.Operations.Reverse())
        {
            if (!PlanGraph.HasBackward(operation)) continue;
            for (var i = 0; i < operation.Inputs.Count; i++)
            {
                var value = operation.Inputs[i].Value;
                if (value.NeedsGradient) _accumulate[(operation, i)] = !written.Add(value);
            }
        }
    }

    /// <summary>The activation by whose derivative all that write a value's gradient multiply.</summary>
    public Activation Gate(PlanValue value) => _gates.GetValueOrDefault(value, Activation.None);

    /// <summary>Whether an operation adds to the gradient of an input that another one wrote before.</summary>
    public bool Accumulates(PlanOperation operation, int input) => _accumulate[(operation, input)];

    /// <summary>Whether the fused activation's derivative takes a pass of its own before the operation's backward pass.</summary>
    public bool HasSeparateActivationBackward(PlanOperation operation) => _separateActivationBackward.Contains(operation);

    /// <summary>Whether a gradient cannot be added up by the operation itself, and goes by a detour.</summary>
    public bool NeedsTemporary(PlanOperation operation, int input) =>
        operation.Inputs[input].Value.NeedsGradient && Accumulates(operation, input) && !operation.CanAccumulate;

    private void DecideDerivative(PlanOperation operation, PlanGraph graph, LossFunction loss)
    {
        var value = operation.Output.Value;
        if (operation.Activation.Kind == ActivationKind.Identity || operation.AppliesActivationDerivative || !value.NeedsGradient) return;
        // Gating is linear: when several write the gradient, each gates its own part.
        var gated = value.Consumers.All(consumer => consumer.CanGate) && (value != graph.Output.Value || loss.CanGate);
        if (gated) _gates[value] = operation.Activation;
        else _separateActivationBackward.Add(operation);
    }
}
